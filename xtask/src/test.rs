//! `cargo xtask test`: everything that must hold before a change is merged.
//! Continuous integration runs exactly this.

use std::time::Instant;

use anyhow::Result;

use crate::repository::cargo;
use crate::requirements::Installed;
use crate::{doctests, requirements};

const HELP: &str = "\
Usage: cargo xtask test [--skip-lint] [FILTER]...

Installs what is missing (cargo-nextest, PostgreSQL, curl, Python packages with an S3 server
and Node.js, npm packages with an OpenID provider), then runs
  1. cargo fmt --all --check                    (not with --skip-lint)
  2. cargo build --workspace --all-targets
  3. cargo nextest run --workspace [FILTER]...
  4. cargo test --doc --workspace               (if any crate has doctests)
  5. cargo clippy, warnings refused             (not with --skip-lint)

FILTER is anything `cargo nextest run` takes, for example -E 'package(catalog)'
or a part of a test's name.

The Python packages go to MICROMEGAS_TEST_VENV, by default ~/.cache/micromegas-venv,
the npm packages to MICROMEGAS_TEST_NODE, by default ~/.cache/micromegas-node.
";

pub fn run(arguments: &[String]) -> Result<()> {
    if arguments
        .iter()
        .any(|word| word == "--help" || word == "-h")
    {
        print!("{HELP}");
        return Ok(());
    }
    let (flags, filter): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|word| *word == "--skip-lint");
    let lint = flags.is_empty();
    let start = Instant::now();

    step("what the tests need");
    let Installed { python, node } = requirements::install_all()?;
    if lint {
        step("formatting");
        cargo().args(["fmt", "--all", "--check"]).run()?;
    }
    step("build");
    cargo()
        .args(["build", "--workspace", "--all-targets"])
        .run()?;
    step("tests");
    let summary = cargo()
        .env("MICROMEGAS_TEST_VENV", &python.environment)
        .env("MICROMEGAS_TEST_PYTHON", &python.interpreter)
        .env("MICROMEGAS_TEST_NODE", &node)
        .args(["nextest", "run", "--workspace"])
        .args(&filter)
        .run_noting("Summary [")?;
    if filter.is_empty() && doctests::any_exists()? {
        step("examples in the documentation");
        cargo().args(["test", "--doc", "--workspace"]).run()?;
    }
    if lint {
        step("lints");
        cargo()
            .args(["clippy", "--workspace", "--all-targets"])
            .args(["--", "-D", "warnings"])
            .run()?;
    }

    step(&format!("all of it in {} s", start.elapsed().as_secs()));
    if let Some(summary) = summary {
        eprintln!("{summary}");
    }
    Ok(())
}

fn step(what: &str) {
    eprintln!("-- {what}");
}
