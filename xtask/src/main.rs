//! Chores of this repository: `cargo xtask COMMAND`.
//!
//! Only the standard library and `anyhow`, so that the first run compiles in
//! seconds. Anything that needs a network client or a runtime lives in the
//! `benches` package and is started from here.

use std::process::ExitCode;

use anyhow::{Result, bail};

mod announce;
mod bench;
mod doctests;
mod ports;
mod programs;
mod repository;
mod requirements;
mod test;
mod up;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  up [--release] [-- FLAGS]   build and start everything in one process; FLAGS go to
                              micromegas-monolith (see `cargo xtask up -- --help`)
  test [--skip-lint] [FILTER] install what the tests need, then format check, build, tests,
                              lints; FILTER goes to `cargo nextest run`
  install                     only install what the tests need
  replay FOLDER [FLAGS]       post recorded producer traffic to an ingestion server
                              (see `cargo xtask replay --help`)
  bench [FLAGS] [ROW]...      release build, then every row of the performance table
                              (see `cargo xtask bench --help`)
  bench --growth [FLAGS]      the same queries while the lake grows a hundredfold
                              (see `cargo xtask bench --growth --help`)
  bench --auth [FLAGS]        the same for what authentication costs
                              (see `cargo xtask bench --auth --help`)
  check [FLAGS]               look for orphan and missing objects of a stopped or running
                              lake (see `cargo xtask check --help`)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let Some((command, rest)) = arguments.split_first() else {
        print!("{HELP}");
        return Ok(());
    };
    match command.as_str() {
        "up" => up::run(rest),
        "test" => test::run(rest),
        "install" => requirements::install_all().map(drop),
        "replay" => bench::replay(rest),
        "bench" => bench::bench(rest),
        "check" => bench::check(rest),
        announce::COMMAND => announce::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("unknown command {other:?}\n\n{HELP}"),
    }
}
