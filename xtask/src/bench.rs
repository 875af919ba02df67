//! Commands whose work is done by other programs of the workspace.

use std::env;
use std::path::Path;

use anyhow::{Result, bail};

use crate::programs::Program;
use crate::repository::{Profile, build_program, build_programs, root};

/// Posts recorded traffic: the program `replay` of the package `benches`.
pub fn replay(arguments: &[String]) -> Result<()> {
    let folder = build_programs(Profile::Dev)?;
    program(&folder, "replay").args(arguments).become_it()
}

/// Measures over release builds: the program `bench` of the package `benches`; with `--growth` its
/// program `growth`; with `--auth` its program `auth`, which needs no other.
pub fn bench(arguments: &[String]) -> Result<()> {
    eprintln!("-- release build");
    let (kind, rest): (Vec<&str>, Vec<&str>) = arguments
        .iter()
        .map(String::as_str)
        .partition(|argument| ["--auth", "--growth"].contains(argument));
    let (folder, name) = match kind[..] {
        [] => (build_programs(Profile::Release)?, "bench"),
        ["--growth"] => (build_programs(Profile::Release)?, "growth"),
        ["--auth"] => (build_program(Profile::Release, "benches", "auth")?, "auth"),
        _ => bail!("--auth and --growth are one command each"),
    };
    program(&folder, name)
        .in_folder(root()) // documents are named from there
        .args(rest)
        .become_it()
}

/// Checks a lake: the subcommand of the monolith.
pub fn check(arguments: &[String]) -> Result<()> {
    let folder = build_programs(Profile::Dev)?;
    program(&folder, "micromegas-monolith")
        .arg("check")
        .args(arguments)
        .become_it()
}

fn program(folder: &Path, name: &str) -> Program {
    Program::new(folder.join(format!("{name}{}", env::consts::EXE_SUFFIX)))
}
