//! The recorded programs report exactly what they recorded: through every client, from
//! every kind of deployment, and however often and in whatever order they were received.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use test_kit::{Capture, Python};

use crate::deployment::{Backend, Deployment};
use crate::replay::{post_all, post_in_order, shuffled};

#[tokio::test(flavor = "multi_thread")]
async fn embedded_lake_reports_the_exact_totals() -> Result<()> {
    check_totals(Backend::Embedded).await
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_lake_reports_the_exact_totals() -> Result<()> {
    check_totals(Backend::Shared).await
}

async fn check_totals(backend: Backend) -> Result<()> {
    let deployment = Deployment::start(backend).await?;
    let captures = [Capture::load("ledger")?, Capture::load("generator")?];
    for capture in &captures {
        post_in_order(&deployment, capture).await?;
    }
    check_every_client(&deployment).await?;
    // Again, twice over, out of order, from eight connections at once.
    let requests: Vec<_> = captures
        .iter()
        .flat_map(|capture| capture.requests.clone())
        .collect();
    let again = [shuffled(&requests, 1), shuffled(&requests, 2)].concat();
    post_all(&deployment, again, 8).await?;
    check_every_client(&deployment).await
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_of_arrival_gives_the_same_totals() -> Result<()> {
    let deployment = Deployment::start(Backend::Embedded).await?;
    let captures = [Capture::load("ledger")?, Capture::load("generator")?];
    let mut requests: Vec<_> = captures
        .iter()
        .flat_map(|capture| capture.requests.clone())
        .collect();
    // Blocks first, then streams, then processes: the least convenient order.
    requests.sort_by_key(|request| match request.path.as_str() {
        "/ingestion/insert_block" => 0,
        "/ingestion/insert_stream" => 1,
        _ => 2,
    });
    post_all(&deployment, requests, 1).await?;
    check_with_curl(&deployment).await
}

async fn check_every_client(deployment: &Deployment) -> Result<()> {
    check_with_curl(deployment).await?;
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let totals = scripts.join("totals.json");
    let python = Python::locate()?;
    for script in ["check_micromegas.py", "check_adbc.py"] {
        let url = deployment.flight_url();
        let arguments = [url.as_ref(), totals.as_os_str()];
        let output = python.run(&scripts.join(script), &arguments).await?;
        ensure!(
            output.contains("all totals are exact"),
            "{script} said: {output}"
        );
    }
    Ok(())
}

/// Every query of `totals.json`, each answered to a `curl` of its own.
async fn check_with_curl(deployment: &Deployment) -> Result<()> {
    let url = deployment.gateway_url();
    tokio::task::spawn_blocking(move || {
        for check in load_totals()? {
            let sql = check["sql"].as_str().context("a check without sql")?;
            let rows = curl(&url, sql)?;
            let columns = check["columns"]
                .as_array()
                .context("a check without columns")?;
            let values: Vec<Value> = rows.iter().map(|row| values_of(row, columns)).collect();
            assert_eq!(Value::Array(values), check["rows"], "{sql}");
        }
        Ok(())
    })
    .await?
}

fn load_totals() -> Result<Vec<Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/totals.json");
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

fn curl(url: &str, sql: &str) -> Result<Vec<Value>> {
    let body = json!({ "sql": sql }).to_string();
    let output = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--fail-with-body",
            "--data-binary",
            &body,
            url,
        ])
        .output()
        .context("running curl")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{sql}: {text}");
    Ok(serde_json::from_str(&text)?)
}

fn values_of(row: &Value, columns: &[Value]) -> Value {
    let value = |column: &Value| {
        column
            .as_str()
            .map_or(Value::Null, |name| row[name].clone())
    };
    columns.iter().map(value).collect()
}
