//! One query may hold its share; what does not fit goes to disk, or fails alone.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::arrow::record_batch::RecordBatch;
use futures::TryStreamExt;
use query::{ErrorClass, QueryEngine, QueryError, QueryRequest, QueryUsage, classify_stream_error};
use test_kit::wait_until;

use views::ResourceConfig;

use crate::house::{House, config};

const MIB: usize = 1024 * 1024;

/// Three million groups do not fit. The keys are distinct and in no order that would help.
const GROUPS: &str = "SELECT count(*), sum(n), min(n), max(n) FROM \
                      (SELECT value * 7 % 9000001 AS key, count(*) AS n \
                      FROM generate_series(1, 3000000) GROUP BY key)";

/// Joins with this condition hold one side in memory, whatever it takes.
const HELD: &str = "SELECT count(*) FROM generate_series(1, 4000000) a \
                    JOIN generate_series(1, 4000000) b ON a.value = b.value";

fn tight(folder: Option<&Path>) -> ResourceConfig {
    ResourceConfig {
        memory_bytes: 64 * MIB,
        plan_memory_bytes: 24 * MIB,
        spill_bytes_max: 1024 * MIB as u64,
        spill_folder: folder.map(Path::to_owned),
        ..config(64 * MIB)
    }
}

async fn run(engine: &QueryEngine, sql: &str) -> Result<Vec<RecordBatch>, QueryError> {
    run_counted(engine, sql).await.0
}

async fn run_counted(
    engine: &QueryEngine,
    sql: &str,
) -> (
    Result<Vec<RecordBatch>, QueryError>,
    Option<Arc<QueryUsage>>,
) {
    let query = match engine.plan(QueryRequest::new(sql)).await {
        Ok(query) => query,
        Err(error) => return (Err(error), None),
    };
    let usage = query.usage();
    let stream = match query.execute().await {
        Ok(stream) => stream,
        Err(error) => return (Err(error), Some(usage)),
    };
    let batches = stream.try_collect().await;
    let batches = batches.map_err(|error| classify_stream_error(&error));
    (batches, Some(usage))
}

/// Nothing stays reserved. Tasks of a query that failed end a moment after it.
async fn give_back(engine: &QueryEngine) -> Result<()> {
    let is_empty = async || engine.lakehouse().resources().reserved_memory_bytes() == 0;
    wait_until(Duration::from_secs(30), is_empty).await
}

fn integers(batches: &[RecordBatch]) -> Vec<i64> {
    let row = batches.iter().find(|batch| batch.num_rows() == 1);
    let row = row.expect("one row");
    let columns = row.columns().iter();
    columns
        .map(|column| column.as_primitive::<Int64Type>().value(0))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_over_its_share_fails_alone() -> Result<()> {
    let house = House::with_config(&tight(None)).await?;
    let engine = &house.engine;
    // It holds its hash table while the other one runs into its bound.
    let small = "SELECT a.value FROM generate_series(1, 100000) a \
                 JOIN generate_series(1, 100000) b ON a.value = b.value";
    let query = engine.plan(QueryRequest::new(small)).await?;
    let mut running = query.execute().await?;
    let first = running.try_next().await?.expect("a first batch");
    assert!(
        engine.lakehouse().resources().reserved_memory_bytes() > 0,
        "it runs"
    );

    let error = run(engine, HELD).await.expect_err("one side is too large");
    assert_eq!(error.class, ErrorClass::Resources, "{error}");
    assert_eq!(
        error.message,
        "error building data stream: the query needs more memory than the 24 MiB that one query \
         may use: narrow the time range, ask for fewer columns or groups, or add a LIMIT; the \
         operator can raise MICROMEGAS_MEMORY_BUDGET_MB"
    );

    let rest: Vec<RecordBatch> = running.try_collect().await?;
    let rows = rest.iter().map(RecordBatch::num_rows).sum::<usize>() + first.num_rows();
    assert_eq!(rows, 100_000);
    give_back(engine).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aggregation_over_its_share_spills_and_is_exact() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let spills = folder.path().join("spill");
    let house = House::with_config(&tight(Some(&spills))).await?;
    let (batches, usage) = run_counted(&house.engine, GROUPS).await;
    assert_eq!(integers(&batches?), [3_000_000, 3_000_000, 1, 1]);
    let usage = usage.expect("it was planned");
    assert!(usage.spill().bytes > 0, "it fitted");
    let peak = usage.peak_memory_bytes();
    assert!(peak <= 24 * MIB as u64, "{peak}");
    give_back(&house.engine).await?;
    let used = std::fs::read_dir(&spills)?.count();
    assert_eq!(used, 2, "the lock and the engine's own folder");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_that_spill_run_side_by_side() -> Result<()> {
    let house = House::with_config(&ResourceConfig {
        plan_memory_bytes: 48 * MIB,
        ..tight(None)
    })
    .await?;
    let engine = &house.engine;
    let (first, second) = tokio::join!(run(engine, GROUPS), run(engine, GROUPS));
    for batches in [first?, second?] {
        assert_eq!(integers(&batches), [3_000_000, 3_000_000, 1, 1]);
    }
    give_back(engine).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_that_others_hold_is_told_apart() -> Result<()> {
    let house = House::with_config(&ResourceConfig {
        memory_bytes: 24 * MIB,
        plan_memory_bytes: 1024 * MIB,
        ..tight(None)
    })
    .await?;
    let error = run(&house.engine, HELD).await.expect_err("it is too large");
    assert_eq!(error.class, ErrorClass::Resources, "{error}");
    let sentence = "the queries that run now use up the 24 MiB of memory for all queries: try \
                    again later, or narrow the time range";
    assert!(error.message.contains(sentence), "{error}");
    assert_eq!(error.message.lines().count(), 1, "{error}");
    give_back(&house.engine).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_share_is_told_too() -> Result<()> {
    let house = House::with_config(&ResourceConfig {
        spill_bytes_max: MIB as u64,
        ..tight(None)
    })
    .await?;
    let error = run(&house.engine, GROUPS)
        .await
        .expect_err("it spills more");
    assert_eq!(error.class, ErrorClass::Resources, "{error}");
    let sentence = "error building data stream: the queries that run now use up the disk space";
    assert!(error.message.starts_with(sentence), "{error}");
    give_back(&house.engine).await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_cores_share_a_small_share() -> Result<()> {
    let house = House::with_config(&ResourceConfig {
        parallelism: 16,
        ..tight(None)
    })
    .await?;
    let sorted = "SELECT count(*), count(row), CAST(min(row) AS BIGINT) FROM \
                  (SELECT row_number() OVER (PARTITION BY key % 100 ORDER BY key) AS row FROM \
                  (SELECT value * 7 % 9000001 AS key FROM generate_series(1, 1000000)))";
    let (batches, usage) = run_counted(&house.engine, sorted).await;
    assert_eq!(integers(&batches?), [1_000_000, 1_000_000, 1]);
    assert!(
        usage.is_some_and(|usage| usage.spill().bytes > 0),
        "it fitted"
    );
    let batches = run(&house.engine, GROUPS).await?;
    assert_eq!(integers(&batches), [3_000_000, 3_000_000, 1, 1]);
    give_back(&house.engine).await
}
