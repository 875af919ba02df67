//! Spans and traces, as the published client asks for them and as Perfetto reads them.

use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::json;
use test_kit::{Capture, Python, SpanProgram};

use crate::deployment::{Backend, Deployment, Guard};
use crate::memory::peak_resident_bytes;
use crate::replay::post_in_order;

const LEDGER: &str = "8452901b-3c9f-4f28-bd50-5e9a198d40c4";
const MIB: usize = 1024 * 1024;
/// Trees of a block: a million spans in all.
const TREES: u64 = 9_260;
const BLOCKS: u64 = 4;
/// What the process may hold, for a trace that is a multiple of it.
const BUDGET_MIB: usize = 256;

#[tokio::test(flavor = "multi_thread")]
async fn the_published_client_writes_traces_that_perfetto_reads() -> Result<()> {
    let deployment = Deployment::start(Backend::Embedded).await?;
    for capture in ["ledger", "generator"] {
        post_in_order(&deployment, &Capture::load(capture)?).await?;
    }
    let folder = tempfile::tempdir()?;
    let settings = json!({
        "process": LEDGER,
        "file": folder.path().join("trace.perfetto"),
        "spans": 40_500,
    });
    ensure!(trace(&deployment, settings).await? == "the trace is right");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_of_a_million_spans_streams() -> Result<()> {
    let guard = Guard::disabled().with("MICROMEGAS_MEMORY_BUDGET_MB", BUDGET_MIB.to_string());
    let deployment = Deployment::start_behind(guard, Backend::Embedded).await?;
    let program = SpanProgram::new(3, BLOCKS, TREES);
    ensure!(program.spans() > 999_000);
    let capture = Capture {
        requests: program.requests().collect(),
    };
    post_in_order(&deployment, &capture).await?;
    let [begin, end] = program.range();
    let settings = json!({
        "process": program.process_id,
        "begin": begin,
        "end": end,
        "spans": program.spans(),
    });
    ensure!(trace(&deployment, settings).await? == "the trace is right");
    let peak = peak_resident_bytes(deployment.server.id())? / MIB;
    println!("{peak} MiB resident at most");
    ensure!(peak <= 2 * BUDGET_MIB, "{peak} MiB resident");
    Ok(())
}

/// What the script said in the end.
async fn trace(deployment: &Deployment, mut settings: serde_json::Value) -> Result<String> {
    settings["url"] = deployment.flight_url().into();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/trace.py");
    let python = Python::locate()?.with_env("TRACE", settings.to_string());
    let output = python.run(&script, &[""; 0]).await?;
    Ok(output.lines().last().unwrap_or_default().to_owned())
}
