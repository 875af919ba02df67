//! Waits beside a starting monolith and prints what to do with it.

use std::env;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::ports::Addresses;
use crate::programs::Program;

/// Not for people: `up` starts it.
pub const COMMAND: &str = "__announce";
const WAIT_MAX: Duration = Duration::from_secs(60);
/// Second form of the first argument: already a child of nobody.
const DETACHED: &str = "detached:";

/// Arguments: the process to wait for, then its flags.
pub fn run(arguments: &[String]) -> Result<()> {
    let (process, flags) = arguments.split_first().context("process id missing")?;
    let Some(process) = process.strip_prefix(DETACHED) else {
        return detach(process, flags);
    };
    let addresses = Addresses::from_flags(flags);
    let process = Path::new("/proc").join(process);
    let watchable = process.exists();
    let start = Instant::now();
    while !addresses.are_ready() {
        let gone = watchable && !process.exists();
        if gone || start.elapsed() > WAIT_MAX {
            return Ok(()); // the monolith has said why
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    print_greeting(&addresses);
    Ok(())
}

/// Starts itself again and leaves, so that the process which becomes the
/// monolith has no child that it does not know of.
fn detach(process: &str, flags: &[String]) -> Result<()> {
    let ourselves = env::current_exe().context("cannot tell where this program lies")?;
    Program::new(ourselves)
        .arg(COMMAND)
        .arg(format!("{DETACHED}{process}"))
        .args(flags)
        .start()
}

fn print_greeting(addresses: &Addresses) {
    let Addresses {
        ingestion,
        flight,
        web,
    } = addresses;
    println!(
        "
micromegas is ready

  ingestion   http://{ingestion}   (MICROMEGAS_TELEMETRY_URL of an instrumented program)
  Flight SQL  grpc://{flight}
  gateway     http://{web}/gateway/query

Some data, recorded from an instrumented program:

  cargo xtask replay tests/captures/ledger --url http://{ingestion}

A first query:

  curl -s http://{web}/gateway/query -d '{{\"sql\": \"SELECT time, level, msg FROM log_entries LIMIT 5\"}}'

Ctrl-C stops it.
"
    );
}
