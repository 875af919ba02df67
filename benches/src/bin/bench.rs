//! Measures the product row by row and prints the table of performance.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use benches::{Backend, Plan, markdown, run_rows, write_section};
use clap::Parser;

/// Start the product on free ports with an empty lake, load it, and print what it does beside
/// what it must do and what this machine can do.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask bench")]
struct Arguments {
    /// Only rows whose name starts so: start, ingest-1, ingest-64, ingest-large, logs,
    /// flight-select, flight-scan, gateway-select, gateway-scan, spans, process-spans, trace
    rows: Vec<String>,
    /// One short run over little data: a check that it works, no measurement
    #[arg(long)]
    quick: bool,
    /// Catalog in a PostgreSQL with synced commits, not in SQLite
    #[arg(long)]
    postgres: bool,
    /// Runs; figures are medians over them
    #[arg(long, default_value_t = 3)]
    repeat: usize,
    /// Put the table into a document
    #[arg(long, value_name = "FILE", conflicts_with = "quick")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "docs/performance.md")]
    write: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let (repetitions, seconds, copies, trees) = match arguments.quick {
        true => (1, 1, 5, 100),
        false => (arguments.repeat.max(1), 5, 101, 34_300),
    };
    let plan = Plan {
        backend: match arguments.postgres {
            true => Backend::Postgres,
            false => Backend::Sqlite,
        },
        only: arguments.rows,
        repetitions,
        duration: Duration::from_secs(seconds),
        copies,
        trees,
    };
    let context = run_rows(&plan).await?;
    let table = markdown(&context.rows);
    println!("\n{table}\nThis machine: {}", context.yardsticks);
    if let Some(document) = &arguments.write {
        let (section, catalog) = match plan.backend {
            Backend::Sqlite => ("embedded", "SQLite and files"),
            Backend::Postgres => ("postgres", "PostgreSQL and files"),
        };
        let text = format!(
            "Catalog and objects: {catalog}. Medians of {repetitions} runs.\n\n{table}\n\
             The machine in the same run: {}.",
            context.yardsticks
        );
        write_section(document, section, &text)?;
    }
    let met = context.rows.iter().all(|row| row.ours.met);
    Ok(if met || arguments.quick {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
