//! `cargo xtask up`: the whole product in one process, from the sources.

use std::env;

use anyhow::{Context, Result, bail};

use crate::announce;
use crate::ports::Addresses;
use crate::programs::Program;
use crate::repository::{Profile, build_programs};

const HELP: &str = "\
Usage: cargo xtask up [--release] [-- FLAGS]

Builds micromegas-monolith and starts it without authentication, with its data in
./micromegas-data, and prints the addresses and a first query once it is ready.
FLAGS go to the program; `cargo xtask up -- --help` lists them.
";

pub fn run(arguments: &[String]) -> Result<()> {
    let (ours, flags) = match arguments.iter().position(|word| word == "--") {
        Some(at) => (&arguments[..at], &arguments[at + 1..]),
        None => (arguments, &[][..]),
    };
    let mut profile = Profile::Dev;
    for word in ours {
        match word.as_str() {
            "--release" => profile = Profile::Release,
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(());
            }
            other => bail!("unknown argument {other:?}\n\n{HELP}"),
        }
    }

    let folder = build_programs(profile)?;
    let program = folder.join(format!("micromegas-monolith{}", env::consts::EXE_SUFFIX));
    let mut monolith = Program::new(program);
    monolith.arg("--disable-auth").args(flags);
    if !flags.iter().any(|flag| flag == "--help" || flag == "-h") {
        let addresses = Addresses::from_flags(flags);
        addresses.check_free()?;
        start_announcer(flags)?;
    }
    monolith.become_it()
}

/// Someone has to wait and print while this process becomes the monolith.
fn start_announcer(flags: &[String]) -> Result<()> {
    let ourselves = env::current_exe().context("cannot tell where this program lies")?;
    Program::new(ourselves)
        .arg(announce::COMMAND)
        .arg(std::process::id().to_string())
        .args(flags)
        .run_quietly()
}
