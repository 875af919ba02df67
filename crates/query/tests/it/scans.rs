//! Which blocks are read, and what becomes of those that can not be.

use anyhow::Result;
use datafusion::arrow::record_batch::RecordBatch;
use futures::TryStreamExt;
use model::TimeRange;
use query::{QueryRequest, Spill};
use test_kit::Capture;

use crate::house::House;

const LEDGER: &str = "8452901b-3c9f-4f28-bd50-5e9a198d40c4";
/// Log entries of the `ledger` recording: its own 4000 and ten of its libraries.
const ENTRIES: i64 = 4010;

async fn two_programs() -> Result<House> {
    let house = House::new().await?;
    let ledger = Capture::load("ledger")?;
    house.store(&ledger, |_| ()).await?;
    house.store(&ledger.renamed(1), |_| ()).await?;
    Ok(house)
}

/// The count and the number of blocks that were read for it.
async fn check(house: &House, sql: &str, rows: i64, blocks: u64) -> Result<()> {
    let (count, counters) = house.count(QueryRequest::new(sql)).await?;
    assert_eq!((count, counters.blocks()), (rows, blocks), "{sql}");
    Ok(())
}

#[tokio::test]
async fn predicates_choose_the_blocks() -> Result<()> {
    let house = two_programs().await?;
    let count = "SELECT count(*) FROM log_entries";
    check(&house, count, 2 * ENTRIES, 2).await?;
    check(
        &house,
        &format!("{count} WHERE process_id = '{LEDGER}'"),
        ENTRIES,
        1,
    )
    .await?;
    check(
        &house,
        &format!("{count} WHERE process_id IN ('{LEDGER}')"),
        ENTRIES,
        1,
    )
    .await?;
    check(&house, &format!("{count} WHERE process_id = 'no id'"), 0, 0).await?;
    check(
        &house,
        &format!("{count} WHERE process_id <> '{LEDGER}'"),
        ENTRIES,
        2,
    )
    .await?;
    check(
        &house,
        &format!("{count} WHERE time < TIMESTAMP '2020-01-01T00:00:00Z'"),
        0,
        0,
    )
    .await?;
    check(
        &house,
        &format!("{count} WHERE insert_time < TIMESTAMP '2020-01-01T00:00:00Z'"),
        0,
        0,
    )
    .await?;
    let instance = format!("SELECT count(*) FROM view_instance('log_entries', '{LEDGER}')");
    check(&house, &instance, ENTRIES, 1).await?;
    let upper = instance.replace(LEDGER, &LEDGER.to_uppercase());
    check(&house, &upper, ENTRIES, 1).await
}

#[tokio::test]
async fn a_range_reaches_every_scan() -> Result<()> {
    let house = two_programs().await?;
    let long_ago = Some(TimeRange {
        begin: 0,
        end: 1_000_000_000,
    });
    let now = Some(TimeRange {
        begin: 0,
        end: i64::MAX,
    });
    for table in ["log_entries", "measures", "blocks"] {
        let sql = format!("SELECT count(*) FROM (SELECT * FROM {table})");
        let request = QueryRequest {
            range: long_ago,
            ..QueryRequest::new(&sql)
        };
        assert_eq!(house.count(request).await?.0, 0, "{table}");
        let request = QueryRequest {
            range: now,
            ..QueryRequest::new(&sql)
        };
        let all = house.count(QueryRequest::new(&sql)).await?.0;
        assert_eq!(house.count(request).await?.0, all, "{table}");
    }
    Ok(())
}

#[tokio::test]
async fn a_block_that_can_not_be_decoded_is_skipped_and_counted() -> Result<()> {
    let house = House::new().await?;
    let ledger = Capture::load("ledger")?;
    house.store(&ledger, |_| ()).await?;
    let corrupt = |payload: &mut Vec<u8>| {
        let middle = payload.len() / 2;
        payload[middle] ^= 0x55;
    };
    house.store(&ledger.renamed(1), corrupt).await?;
    house
        .store(&ledger.renamed(2), |payload| payload.truncate(100))
        .await?;
    let request = QueryRequest::new("SELECT count(*) FROM log_entries");
    let (count, counters) = house.count(request).await?;
    assert_eq!(
        (count, counters.blocks(), counters.skipped_blocks()),
        (ENTRIES, 3, 2)
    );
    Ok(())
}

#[tokio::test]
async fn a_limit_bounds_the_rows() -> Result<()> {
    let house = two_programs().await?;
    let sql = "SELECT time, msg FROM log_entries";
    let request = QueryRequest {
        limit: Some(7),
        ..QueryRequest::new(sql)
    };
    let (batches, _) = house.run(request).await?;
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 7);
    Ok(())
}

#[tokio::test]
async fn what_a_query_takes_is_reported() -> Result<()> {
    let house = two_programs().await?;
    let sql = "SELECT msg, count(*) FROM log_entries GROUP BY msg ORDER BY msg";
    let query = house.engine.plan(QueryRequest::new(sql)).await?;
    let usage = query.usage();
    assert_eq!(usage.peak_memory_bytes(), 0, "before the start");
    let batches: Vec<RecordBatch> = query.execute().await?.try_collect().await?;
    assert!(!batches.is_empty());
    assert!(usage.peak_memory_bytes() > 0, "grouping needs memory");
    assert_eq!(
        usage.spill(),
        Spill::default(),
        "the budget is large enough"
    );

    let tight = House::with_memory(32 * 1024 * 1024).await?;
    let sql = "SELECT value FROM generate_series(1, 4000000) ORDER BY value DESC";
    let query = tight.engine.plan(QueryRequest::new(sql)).await?;
    let usage = query.usage();
    let batches: Vec<RecordBatch> = query.execute().await?.try_collect().await?;
    assert_eq!(
        batches.iter().map(RecordBatch::num_rows).sum::<usize>(),
        4_000_000
    );
    let spill = usage.spill();
    assert!(spill.bytes > 0 && spill.count > 0, "{spill:?}");
    Ok(())
}
