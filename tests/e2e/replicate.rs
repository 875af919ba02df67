//! A lake is copied into another one with the published client: the same rows, and the time of
//! the lake that they are in.

use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use test_kit::{Capture, Python};

use crate::crash::run_check;
use crate::deployment::{Backend, Deployment, Guard};
use crate::replay::post_in_order;

const CAPTURE: &str = "ledger";

/// What must be the same in both lakes.
const TOTALS: [&str; 5] = [
    "SELECT level, target, count(*) AS n, min(msg) AS first, max(time) AS last \
     FROM log_entries GROUP BY level, target ORDER BY level, target",
    "SELECT name, unit, count(*) AS n, sum(value) AS total, min(time) AS first \
     FROM measures GROUP BY name, unit ORDER BY name, unit",
    "SELECT process_id, exe, username, computer, distro, cpu_brand, tsc_frequency, start_time, \
     start_ticks, jsonb_format_json(properties) AS p FROM processes ORDER BY process_id",
    "SELECT stream_id, process_id, tags, format, jsonb_format_json(properties) AS p \
     FROM streams ORDER BY stream_id",
    "SELECT block_id, stream_id, process_id, begin_time, begin_ticks, end_time, end_ticks, \
     nb_objects, object_offset, payload_size FROM blocks ORDER BY block_id",
];

const INSERT_TIMES: &str = "SELECT block_id, CAST(insert_time AS BIGINT) AS inserted, \
                            CAST(source_insert_time AS BIGINT) AS source FROM blocks \
                            ORDER BY block_id";

#[tokio::test(flavor = "multi_thread")]
async fn blocks_before_payloads() -> Result<()> {
    let tables = ["blocks", "payloads", "streams", "processes"];
    check_copy(Backend::Embedded, &tables, false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_before_blocks_through_pandas() -> Result<()> {
    let tables = ["processes", "payloads", "streams", "blocks"];
    check_copy(Backend::Shared, &tables, true).await
}

async fn check_copy(backend: Backend, tables: &[&str], pandas: bool) -> Result<()> {
    let source = Deployment::start(Backend::Embedded).await?;
    post_in_order(&source, &Capture::load(CAPTURE)?).await?;
    let target = Deployment::start(backend).await?;
    let settings = json!({ "tables": tables, "pandas": pandas });
    ensure!(replicate(&source, &target, settings).await? == "replicated");
    for sql in TOTALS {
        let rows = source.query(sql).await?;
        ensure!(!rows.is_empty(), "{sql}");
        assert_eq!(target.query(sql).await?, rows, "{sql}");
    }
    check_times(&source, &target).await?;
    if backend == Backend::Embedded {
        let report = run_check(&target.data_dir().join("lake")).await?;
        assert_eq!(
            (&report["dangling"], &report["orphans"]),
            (&json!([]), &json!([]))
        );
    }
    Ok(())
}

/// Inserted later than everything in the source, which is remembered.
async fn check_times(source: &Deployment, target: &Deployment) -> Result<()> {
    let (here, there) = (
        target.query(INSERT_TIMES).await?,
        source.query(INSERT_TIMES).await?,
    );
    let inserted = |row: &Value| row["inserted"].as_i64();
    let last = there.iter().filter_map(inserted).max();
    assert_eq!(here.len(), there.len());
    for (copy, original) in here.iter().zip(&there) {
        assert_eq!(copy["block_id"], original["block_id"]);
        assert_eq!(copy["source"], original["inserted"]);
        assert_eq!(original["source"], Value::Null);
        assert!(inserted(copy) > last, "{copy}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_copy() -> Result<()> {
    let source = Deployment::start(Backend::Embedded).await?;
    post_in_order(&source, &Capture::load(CAPTURE)?).await?;
    let keys = json!([
        { "name": "reader", "key": "the-key-of-a-reader" },
        { "name": "copier", "key": "the-key-of-a-copier" },
    ]);
    let guard = Guard {
        flags: Vec::new(),
        variables: vec![("MICROMEGAS_API_KEYS", keys.to_string())],
        bearer: Some("the-key-of-a-reader".to_owned()),
    };
    let guard = guard.with("MICROMEGAS_ADMIN_API_KEYS", r#"["copier"]"#);
    let target = Deployment::start_behind(guard, Backend::Embedded).await?;
    let tables = ["processes", "streams", "blocks", "payloads"];
    for (bearer, refused) in [
        ("the-key-of-a-reader", true),
        ("the-key-of-a-copier", false),
    ] {
        let settings = json!({
            "tables": tables,
            "pandas": false,
            "bearer": bearer,
            "refused": refused,
        });
        let expected = if refused { "refused" } else { "replicated" };
        ensure!(replicate(&source, &target, settings).await? == expected);
        let blocks = target.count("SELECT count(*) FROM blocks").await?;
        assert_eq!(blocks == 0, refused);
    }
    Ok(())
}

/// What the script said in the end.
async fn replicate(
    source: &Deployment,
    target: &Deployment,
    mut settings: Value,
) -> Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    settings["source"] = source.flight_url().into();
    settings["target"] = target.flight_url().into();
    settings["capture"] = folder
        .join("captures")
        .join(CAPTURE)
        .to_string_lossy()
        .into();
    let python = Python::locate()?.with_env("REPLICATE", settings.to_string());
    let output = python
        .run(&folder.join("python/replicate.py"), &[""; 0])
        .await?;
    Ok(output.lines().last().unwrap_or_default().to_owned())
}
