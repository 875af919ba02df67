//! `kill -9` under load: what was acknowledged is there once, whatever the moment.
//!
//! `MICROMEGAS_CRASH_ROUNDS` sets the number of kills (10 unless told).

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use test_kit::{ServerCommand, wait_until};
use uuid::Uuid;

use crate::blocks::BlockTemplate;
use crate::deployment::{Backend, Deployment};
use crate::replay::{Random, post_all};

const WRITERS: usize = 8;
const DEFAULT_ROUNDS: u64 = 10;
/// A kill comes after up to this many acknowledgements of its round.
const ACKNOWLEDGED_MAX: u64 = 300;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_doubled() -> Result<()> {
    let rounds = match std::env::var("MICROMEGAS_CRASH_ROUNDS") {
        Ok(text) => text
            .parse()
            .context("MICROMEGAS_CRASH_ROUNDS must be a number")?,
        Err(_) => DEFAULT_ROUNDS,
    };
    let template = Arc::new(BlockTemplate::load()?);
    let mut deployment = Deployment::start(Backend::Embedded).await?;
    post_all(&deployment, template.registrations.clone(), 1).await?;
    let acknowledged: Arc<Mutex<HashSet<Uuid>>> = Arc::default();
    let mut random = Random::new(rounds);
    for _ in 0..rounds {
        let target = acknowledged.lock().expect("no panic").len()
            + usize::try_from(1 + random.below(ACKNOWLEDGED_MAX))?;
        let writers = start_writers(&deployment, &template, &acknowledged);
        let counted = Arc::clone(&acknowledged);
        wait_until(Duration::from_secs(60), async || {
            counted.lock().expect("no panic").len() >= target
        })
        .await?;
        deployment.server.kill9()?;
        for writer in writers {
            writer.await?;
        }
        deployment.restart().await?;
    }
    let acknowledged = std::mem::take(&mut *acknowledged.lock().expect("no panic"));
    check_stored(&deployment, &acknowledged, template.log_entries).await?;
    check_command_agrees(&mut deployment).await
}

/// Each writer posts distinct blocks until its connection breaks.
fn start_writers(
    deployment: &Deployment,
    template: &Arc<BlockTemplate>,
    acknowledged: &Arc<Mutex<HashSet<Uuid>>>,
) -> Vec<tokio::task::JoinHandle<()>> {
    let url = deployment.ingestion_url("/ingestion/insert_block");
    let writers = (0..WRITERS).map(|_| {
        let (http, url) = (reqwest::Client::new(), url.clone());
        let (template, acknowledged) = (Arc::clone(template), Arc::clone(acknowledged));
        tokio::spawn(async move {
            loop {
                let id = Uuid::new_v4();
                let answer = http.post(&url).body(template.with_id(id)).send().await;
                match answer {
                    Ok(answer) if answer.status() == 200 => {
                        acknowledged.lock().expect("no panic").insert(id);
                    }
                    _ => break,
                }
            }
        })
    });
    writers.collect()
}

async fn check_stored(
    deployment: &Deployment,
    acknowledged: &HashSet<Uuid>,
    entries_per_block: i64,
) -> Result<()> {
    let rows = deployment.query("SELECT block_id FROM blocks").await?;
    let stored: Vec<Uuid> = rows.iter().map(block_id).collect::<Result<_>>()?;
    let distinct: HashSet<Uuid> = stored.iter().copied().collect();
    assert_eq!(distinct.len(), stored.len(), "a block is there twice");
    let lost = acknowledged.difference(&distinct).count();
    assert_eq!(lost, 0, "of {} acknowledged blocks", acknowledged.len());
    let doubled = "SELECT count(*) FROM (SELECT block_id, count(*) AS n FROM log_entries GROUP BY block_id) \
         WHERE n <> ";
    assert_eq!(
        deployment
            .count(&format!("{doubled}{entries_per_block}"))
            .await?,
        0
    );
    let readable = "SELECT count(DISTINCT block_id) FROM log_entries";
    assert_eq!(
        deployment.count(readable).await?,
        i64::try_from(stored.len())?
    );
    Ok(())
}

fn block_id(row: &Value) -> Result<Uuid> {
    Ok(row["block_id"]
        .as_str()
        .context("a row without block_id")?
        .parse()?)
}

/// The check command sees no dangling reference, and finds a segment that nothing refers to.
async fn check_command_agrees(deployment: &mut Deployment) -> Result<()> {
    deployment.server.sigterm()?;
    ensure!(
        deployment
            .server
            .wait_exit(Duration::from_secs(30))
            .await?
            .success()
    );
    let data_dir = deployment.data_dir().join("lake");
    let before = run_check(&data_dir).await?;
    assert_eq!(before["dangling"], serde_json::json!([]));
    let orphans = orphan_keys(&before)?;

    let segment = referenced_segment(&data_dir, &orphans)?;
    let name = format!("{}.seg", Uuid::now_v7());
    std::fs::copy(&segment, segment.with_file_name(&name))?;
    let found = orphan_keys(&run_check(&data_dir).await?)?;
    assert_eq!(found.len(), orphans.len() + 1);
    assert!(
        found.iter().any(|key| key.ends_with(&name)),
        "{name} is not among {found:?}"
    );

    std::fs::remove_file(&segment)?;
    let damaged = run_check(&data_dir).await?;
    assert_eq!(damaged["dangling"].as_array().map(Vec::len), Some(1));
    Ok(())
}

/// The report of `micromegas-monolith check --json`, one line of JSON. The exit code is 1
/// when a reference dangles.
pub async fn run_check(data_dir: &Path) -> Result<Value> {
    let mut check = ServerCommand::new("micromegas-monolith")
        .args(["check", "--json", "--data-dir"])
        .arg(data_dir)
        .spawn()?;
    let status = check.wait_exit(Duration::from_secs(30)).await?;
    let output = check.output();
    let line = output.lines().find(|line| line.starts_with('{'));
    let report: Value = serde_json::from_str(line.with_context(|| output.clone())?)?;
    let dangling = report["dangling"]
        .as_array()
        .is_some_and(|list| !list.is_empty());
    ensure!(
        status.code() == Some(i32::from(dangling)),
        "{status}: {output}"
    );
    Ok(report)
}

fn orphan_keys(report: &Value) -> Result<HashSet<String>> {
    let orphans = report["orphans"].as_array().context("no orphans field")?;
    let keys = orphans
        .iter()
        .map(|orphan| orphan["key"].as_str().map(str::to_owned));
    keys.collect::<Option<_>>()
        .context("an orphan without a key")
}

fn referenced_segment(folder: &Path, orphans: &HashSet<String>) -> Result<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let is_orphan = || orphans.iter().any(|key| path.ends_with(key));
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == "seg") && !is_orphan() {
                return Ok(path);
            }
        }
    }
    bail!("no segment below {}", folder.display())
}
