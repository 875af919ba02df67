//! `check`: does the catalog agree with the object store?

use std::process;

use ingestion::CheckReport;
use serde_json::json;
use settings::{Environment, LakeArgs};

#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    #[command(flatten)]
    lake: LakeArgs,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// Print what was found. Ends the process with 1 when a reference dangles.
pub async fn run(
    args: &CheckArgs,
    outer: &LakeArgs,
    environment: &Environment,
) -> anyhow::Result<()> {
    // The folder may stand before or after the subcommand.
    let lake = if args.lake.data_dir.is_some() {
        &args.lake
    } else {
        outer
    };
    let (catalog, lake) = lake.config(environment)?.open(0).await?;
    let report = ingestion::check(&catalog, &lake).await?;
    catalog.close().await;
    if args.json {
        println!("{}", as_json(&report));
    } else {
        print_text(&report);
    }
    if !report.is_sound() {
        process::exit(1);
    }
    Ok(())
}

fn as_json(report: &CheckReport) -> serde_json::Value {
    let orphans: Vec<_> = report
        .orphans
        .iter()
        .map(|orphan| json!({ "key": orphan.key.as_str(), "bytes": orphan.bytes }))
        .collect();
    json!({
        "segments": report.segments,
        "blocks": report.blocks,
        "orphans": orphans,
        "dangling": report.dangling,
    })
}

fn print_text(report: &CheckReport) {
    println!("{} blocks in {} segments", report.blocks, report.segments);
    for orphan in &report.orphans {
        println!(
            "orphan   {} ({} bytes, nothing refers to it)",
            orphan.key.as_str(),
            orphan.bytes
        );
    }
    for key in &report.dangling {
        println!("dangling {key} (referenced, but missing or too short)");
    }
    if report.orphans.is_empty() && report.is_sound() {
        println!("catalog and objects agree");
    }
}
