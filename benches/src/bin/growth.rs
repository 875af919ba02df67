//! Measures what the same query costs while the lake grows.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use benches::{GrowthPlan, GrowthSetting, measure_growth, write_section};
use clap::Parser;

/// Start the product on free ports with an empty lake, fill it with 1, 10 and 100 minutes of log
/// entries, and print what the same queries over one minute cost at each size: once with
/// partitions that the lake makes by itself, once from blocks only.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask bench --growth")]
struct Arguments {
    /// Little data and few queries: a check that it works, no measurement
    #[arg(long)]
    quick: bool,
    /// Measure only from blocks, without the maintenance role
    #[arg(long)]
    blocks_only: bool,
    /// Put the tables into a document
    #[arg(long, value_name = "FILE", conflicts_with_all = ["quick", "blocks_only"])]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "docs/performance.md")]
    write: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let settings = match arguments.blocks_only {
        true => vec![GrowthSetting::BlocksOnly],
        false => vec![GrowthSetting::Partitions, GrowthSetting::BlocksOnly],
    };
    let plan = match arguments.quick {
        true => GrowthPlan::quick(settings),
        false => GrowthPlan::full(settings),
    };
    let growth = measure_growth(&plan).await?;
    let text = growth.markdown();
    println!("\n{text}");
    if let Some(document) = &arguments.write {
        write_section(document, "growth", &text)?;
    }
    Ok(if growth.is_flat() || arguments.quick {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
