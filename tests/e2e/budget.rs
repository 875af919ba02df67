//! One budget of memory, whatever is asked of the process: overload, more groups than fit, a
//! merge, and a start with everything still to be read.
//!
//! The budget is a quarter of a gibibyte, and the process may use twice that: its part of a
//! container of half a gibibyte, which it is put into where this test may make one. The peak of its
//! resident memory is judged in any case.

mod blocks;
mod overload;
mod upload;

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use test_kit::Capture;
use uuid::Uuid;

use self::blocks::BlockBody;
use self::overload::Overload;
use crate::deployment::{Backend, Deployment, Guard};
use crate::memory::{MemoryGroup, peak_resident_bytes};
use crate::replay::post_all;

const MIB: usize = 1024 * 1024;
const BUDGET_MIB: usize = 256;
const RESIDENT_BYTES_MAX: usize = 2 * BUDGET_MIB * MIB;

/// Of the 100 MiB that this budget gives to bodies in flight, the 64 writers offer ten times as
/// much at once.
const LARGE: Overload = Overload {
    writers: 64,
    blocks: 24,
};
const LARGE_BYTES: usize = 16 * MIB;

/// Beside them, blocks of log entries.
const LOGS: Overload = Overload {
    writers: 16,
    blocks: 150,
};

/// Their keys alone are eight times the engine's share.
const GROUPS: u64 = 100_000_000;

/// Queries that are answered while the large one runs.
const SMALL_QUERIES: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn half_a_gibibyte_is_enough_for_anything() -> Result<()> {
    let group = MemoryGroup::create(RESIDENT_BYTES_MAX);
    let guard = Guard::disabled().with("MICROMEGAS_MEMORY_BUDGET_MB", BUDGET_MIB.to_string());
    let mut deployment = Deployment::start_behind(guard, Backend::Embedded).await?;
    confine(group.as_ref(), &deployment)?;
    println!("in a group of its own: {}", group.is_some());

    let stored = overload(&deployment).await?;
    check_stored(&deployment, &stored).await?;
    aggregate(&deployment).await?;
    merge(&deployment, stored.log_entries).await?;
    check_peak(&deployment)?;

    deployment.server.kill9()?;
    deployment.restart().await?;
    confine(group.as_ref(), &deployment)?;
    check_stored(&deployment, &stored).await?;
    check_peak(&deployment)
}

fn confine(group: Option<&MemoryGroup>, deployment: &Deployment) -> Result<()> {
    let process = deployment.server.id();
    group.map_or(Ok(()), |group| group.add(process))?;
    Ok(())
}

fn check_peak(deployment: &Deployment) -> Result<()> {
    let peak = peak_resident_bytes(deployment.server.id())? / MIB;
    println!("{peak} MiB resident at most");
    ensure!(peak <= RESIDENT_BYTES_MAX / MIB, "{peak} MiB resident");
    Ok(())
}

/// What was acknowledged.
struct Stored {
    blocks: HashSet<Uuid>,
    log_entries: i64,
}

/// Many times more bodies at once than the process may hold: some are refused for now, and what
/// was acknowledged counts.
async fn overload(deployment: &Deployment) -> Result<Stored> {
    let capture = Capture::load("ledger")?;
    let (blocks, registrations): (Vec<_>, Vec<_>) = capture
        .requests
        .into_iter()
        .partition(|request| request.path.ends_with("insert_block"));
    let log = Arc::new(BlockBody::recorded(&blocks, &registrations, "log")?);
    let large = BlockBody::recorded(&blocks, &registrations, "cpu")?;
    let large = Arc::new(large.with_objects(LARGE_BYTES)?);
    post_all(deployment, registrations, 1).await?;

    let address = deployment.ingestion_address();
    let (logs, large) = tokio::try_join!(LOGS.run(address, log), LARGE.run(address, large))?;
    println!("{} and {} refused for now", logs.refused, large.refused);
    ensure!(large.refused > 0, "nothing was too much");
    ensure!(logs.accepted.len() >= LOGS.blocks && large.accepted.len() >= LARGE.blocks);

    let one = logs.accepted.iter().next().context("no block of logs")?;
    let entries_of_one = format!("SELECT nb_objects FROM blocks WHERE block_id = '{one}'");
    let entries_of_one = deployment.count(&entries_of_one).await?;
    Ok(Stored {
        log_entries: entries_of_one * i64::try_from(logs.accepted.len())?,
        blocks: logs.accepted.into_iter().chain(large.accepted).collect(),
    })
}

/// What was acknowledged is there, nothing twice, and nothing else.
async fn check_stored(deployment: &Deployment, stored: &Stored) -> Result<()> {
    let rows = deployment.query("SELECT block_id FROM blocks").await?;
    let found: HashSet<Uuid> = rows.iter().map(block_id).collect::<Result<_>>()?;
    ensure!(found.len() == rows.len(), "a block is there twice");
    ensure!(
        found == stored.blocks,
        "other blocks than were acknowledged"
    );
    for _ in 0..2 {
        // All columns are decoded, all entries held at once by nobody.
        let sql = "SELECT count(*) FROM log_entries WHERE length(msg) + length(target) > 0 \
                   AND time IS NOT NULL AND process_id <> ''";
        assert_eq!(deployment.count(sql).await?, stored.log_entries);
    }
    Ok(())
}

fn block_id(row: &Value) -> Result<Uuid> {
    let id = row["block_id"].as_str().context("a row without block_id")?;
    Ok(id.parse()?)
}

/// A query that wants more than its share spills or fails with a sentence, alone.
async fn aggregate(deployment: &Deployment) -> Result<()> {
    let sql = format!(
        "SELECT count(*) AS groups FROM \
         (SELECT value, count(*) FROM generate_series(1, {GROUPS}) GROUP BY value)"
    );
    let large = async {
        let (status, text) = deployment.query_as(None, &sql, &[]).await?;
        println!("{GROUPS} groups: {status} {text}");
        if status == 200 {
            let rows: Value = serde_json::from_str(&text)?;
            ensure!(rows[0]["groups"] == GROUPS, "{text}");
        } else {
            ensure!(
                text.contains("MICROMEGAS_MEMORY_BUDGET_MB"),
                "{status} {text}"
            );
        }
        Ok(())
    };
    let small = async {
        for _ in 0..SMALL_QUERIES {
            ensure!(deployment.count("SELECT 1").await? == 1);
        }
        Ok(())
    };
    tokio::try_join!(large, small)?;
    // Whatever became of it, the next one has the memory.
    let next = "SELECT count(*) FROM (SELECT DISTINCT value FROM generate_series(1, 100000))";
    assert_eq!(deployment.count(next).await?, 100_000);
    Ok(())
}

/// The partitions come by themselves, and hold what the blocks held.
async fn merge(deployment: &Deployment, log_entries: i64) -> Result<()> {
    let sql = "SELECT coalesce(sum(num_rows), 0) FROM list_partitions() \
               WHERE view_set_name = 'log_entries' AND view_instance_id = 'global'";
    test_kit::wait_until(
        std::time::Duration::from_secs(300),
        async || matches!(deployment.count(sql).await, Ok(rows) if rows == log_entries),
    )
    .await
    .context("the partitions do not hold the log entries")
}
