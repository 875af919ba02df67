//! Where things are, and how cargo is called on them.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::programs::Program;

/// Root folder of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the manifest folder of xtask lies in the workspace")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Dev,
    Release,
}

/// `cargo` without what the cargo that started us put into the environment:
/// build scripts that watch those variables would run again on every call.
pub fn cargo() -> Program {
    let mut cargo = Program::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.in_folder(root());
    for (name, _) in env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        let set_by_cargo = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix));
        if set_by_cargo || name == "CARGO_PRIMARY_PACKAGE" || name == "OUT_DIR" {
            cargo.without_env(name);
        }
    }
    cargo
}

/// Builds the programs and answers with the folder that holds them. The whole
/// workspace is built, because building one package alone selects other
/// features of the dependencies and compiles the largest of them again.
pub fn build_programs(profile: Profile) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--workspace", "--bins"]);
    if profile == Profile::Release {
        build.arg("--release");
    }
    build.run_quietly()?;
    programs_folder(profile)
}

/// Builds one program, which must not link the query engine: what it compiles anew is small then.
pub fn build_program(profile: Profile, package: &str, name: &str) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--package", package, "--bin", name]);
    if profile == Profile::Release {
        build.arg("--release");
    }
    build.run_quietly()?;
    programs_folder(profile)
}

fn programs_folder(profile: Profile) -> Result<PathBuf> {
    let current = env::current_exe().context("cannot tell where this program lies")?;
    // <target>/debug/xtask
    let target = current
        .parent()
        .and_then(Path::parent)
        .context("this program does not lie in a target folder")?;
    Ok(target.join(match profile {
        Profile::Dev => "debug",
        Profile::Release => "release",
    }))
}
