//! Posts recorded producer traffic to an ingestion server.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use benches::{Replay, replay};
use clap::Parser;
use test_kit::Capture;

/// Post recorded producer traffic to an ingestion server.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask replay")]
struct Arguments {
    /// Folder of NNNNNN.json and NNNNNN.bin, for example tests/captures/ledger
    folder: PathBuf,
    /// Send the traffic of this many programs: identifiers are renamed, the
    /// same way in every run
    #[arg(long, default_value_t = 1)]
    copies: u32,
    /// Number of the first copy; 0 is the recording itself
    #[arg(long, default_value_t = 0)]
    first_copy: u32,
    /// Ingestion server
    #[arg(long, default_value = "http://127.0.0.1:9000")]
    url: String,
    /// Send in the random order of this seed
    #[arg(long, value_name = "SEED")]
    shuffle: Option<u64>,
    /// Requests in flight at once
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// Send every request this often
    #[arg(long, default_value_t = 1)]
    times: u32,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let first = arguments.first_copy;
    let summary = replay(&Replay {
        capture: Capture::load_folder(&arguments.folder)?,
        url: arguments.url,
        copies: first..first.saturating_add(arguments.copies),
        times: arguments.times,
        shuffle_seed: arguments.shuffle,
        connections: arguments.connections,
    })
    .await?;
    println!("{summary}");
    Ok(if summary.all_accepted() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
