//! What the tests need beside the toolchain, installed when it is missing:
//! the test runner, PostgreSQL, a Python environment with the published client, a
//! generic Flight SQL driver, an S3 server and Node.js, and an OpenID provider for
//! the latter.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::programs::{Program, is_on_path};
use crate::repository::{cargo, root};

mod node;

const NEXTEST_VERSION: &str = "0.9.143";

/// The Python environment of the tests.
#[derive(Debug)]
pub struct Python {
    pub environment: PathBuf,
    pub interpreter: PathBuf,
}

/// What the tests are told about.
#[derive(Debug)]
pub struct Installed {
    pub python: Python,
    /// Folder of `node_modules`.
    pub node: PathBuf,
}

pub fn install_all() -> Result<Installed> {
    install_nextest()?;
    install_postgresql()?;
    install_curl()?;
    let python = install_python()?;
    let node = node::install(&python.environment)?;
    Ok(Installed { python, node })
}

fn install_nextest() -> Result<()> {
    if cargo().args(["nextest", "--version"]).succeeds() {
        return Ok(());
    }
    eprintln!("-- installing the test runner, cargo-nextest {NEXTEST_VERSION}");
    cargo()
        .without_env("CARGO_TARGET_DIR")
        .args(["install", "cargo-nextest", "--locked", "--version"])
        .arg(NEXTEST_VERSION)
        .run()
}

fn install_postgresql() -> Result<()> {
    if is_on_path("initdb") || debian_initdb_exists() {
        return Ok(());
    }
    eprintln!("-- installing PostgreSQL: the catalog's tests run on a real one");
    install_debian_package("postgresql")
}

fn install_curl() -> Result<()> {
    if is_on_path("curl") {
        return Ok(());
    }
    eprintln!("-- installing curl: the end-to-end tests query the gateway as a user would");
    install_debian_package("curl")
}

/// Debian keeps the server programs out of `PATH`, one folder per version.
fn debian_initdb_exists() -> bool {
    let Ok(versions) = fs::read_dir("/usr/lib/postgresql") else {
        return false;
    };
    versions
        .flatten()
        .any(|version| version.path().join("bin/initdb").is_file())
}

fn install_python() -> Result<Python> {
    let environment = cached_folder("MICROMEGAS_TEST_VENV", "micromegas-venv")?;
    let interpreter = environment.join("bin/python");
    let _lock = lock_beside(&environment)?;
    let requirements_path = root().join("tests/requirements.txt");
    let wanted = fs::read_to_string(&requirements_path)
        .with_context(|| format!("cannot read {}", requirements_path.display()))?;
    let stamp = environment.join("installed-requirements.txt");
    let installed = fs::read_to_string(&stamp).unwrap_or_default();
    if installed != wanted || !interpreter.exists() {
        eprintln!("-- installing the Python packages of tests/requirements.txt");
        create_environment(&environment)?;
        Program::new(&interpreter)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "-r",
            ])
            .arg(&requirements_path)
            .run()?;
        fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    Ok(Python {
        environment,
        interpreter,
    })
}

/// The value of `variable`, else a place of the user's that outlives clones.
fn cached_folder(variable: &str, name: &str) -> Result<PathBuf> {
    if let Some(path) = env::var_os(variable) {
        return Ok(path.into());
    }
    let home =
        env::var_os("HOME").with_context(|| format!("neither {variable} nor HOME is set"))?;
    Ok(Path::new(&home).join(".cache").join(name))
}

/// Several clones may test at once; the lock goes with the file or the process.
fn lock_beside(folder: &Path) -> Result<File> {
    let parent = folder
        .parent()
        .with_context(|| format!("cannot install into {}", folder.display()))?;
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    let path = folder.with_extension("lock");
    let lock = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    lock.lock()
        .with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(lock)
}

fn create_environment(environment: &Path) -> Result<()> {
    let pip_works = |environment: &Path| {
        Program::new(environment.join("bin/python"))
            .args(["-m", "pip", "--version"])
            .succeeds()
    };
    if pip_works(environment) {
        return Ok(());
    }
    let create = || {
        Program::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(environment)
            .succeeds()
    };
    if create() && pip_works(environment) {
        return Ok(());
    }
    // Debian ships python3 without it.
    install_debian_package("python3-venv")?;
    if create() && pip_works(environment) {
        return Ok(());
    }
    bail!(
        "python3 -m venv {} does not give a working environment",
        environment.display()
    )
}

fn install_debian_package(package: &str) -> Result<()> {
    let by_hand = format!("apt-get update && apt-get install -y {package}");
    if !is_on_path("apt-get") {
        bail!("{package} is missing; install it (on Debian: `{by_hand}`)");
    }
    if !is_root() {
        bail!("{package} is missing; install it as root: `{by_hand}`");
    }
    Program::new("apt-get").args(["update", "--quiet"]).run()?;
    Program::new("apt-get")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args([
            "install",
            "--quiet",
            "-y",
            "--no-install-recommends",
            package,
        ])
        .run()
}

fn is_root() -> bool {
    let output = std::process::Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
