//! The end of old data, as queries and the object store see it.

use anyhow::Result;
use datafusion::arrow::record_batch::RecordBatch;
use futures::TryStreamExt;
use maintenance::{MaintenanceConfig, Report, Task};
use query::QueryRequest;
use test_kit::Capture;

use crate::house::{DAY, HOUR, House, MINUTE, files};

fn one_day() -> MaintenanceConfig {
    MaintenanceConfig {
        retention_days: 1,
        ..MaintenanceConfig::default()
    }
}

async fn lake_of_two_days() -> Result<House> {
    let ledger = Capture::load("ledger")?;
    let house = House::with_config(10 * HOUR, one_day()).await?;
    house.store(&ledger).await?;
    house.run_at(10 * HOUR + 5 * MINUTE, Task::Minute).await;
    house.set_clock(DAY + 10 * HOUR);
    house.store(&ledger.renamed(1)).await?;
    house.run_at(DAY + 12 * HOUR, Task::Hour).await;
    house.run_at(DAY + 12 * HOUR, Task::Day).await;
    Ok(house)
}

const EXPIRY: i64 = 2 * DAY + 10 * MINUTE;

#[tokio::test(flavor = "multi_thread")]
async fn days_expire_as_a_whole_and_are_deleted_after_the_grace() -> Result<()> {
    let house = lake_of_two_days().await?;
    let segments = files(&house.objects(), ".seg")?.len();
    let before = house.totals().await?;
    // A day after the insert time is not enough: the day must be over.
    house.run_at(DAY + 23 * HOUR, Task::Hour).await;
    assert_eq!(house.totals().await?, before);

    house.run_at(EXPIRY, Task::Hour).await;
    let after = house.totals().await?;
    let halves: Vec<i64> = before.iter().map(|total| total / 2).collect();
    assert_eq!(after, halves);
    assert_eq!(files(&house.objects(), ".seg")?.len(), segments);

    let report = house.run_at(EXPIRY + HOUR, Task::Hour).await;
    assert_eq!((report.cleaned.blocks, report.cleaned.segments), (0, 0));
    let report = house.run_at(EXPIRY + 2 * HOUR, Task::Hour).await;
    let cleaned = report.cleaned;
    assert_eq!(cleaned.segments as usize, segments / 2, "{cleaned:?}");
    assert_eq!(cleaned.blocks as i64, after[0], "{cleaned:?}");
    assert!(cleaned.partitions > 0 && cleaned.owners > 0, "{cleaned:?}");
    assert_eq!(files(&house.objects(), ".seg")?.len(), segments / 2);
    assert_eq!(house.totals().await?, after);
    // Of the files, too, only those are left that something refers to.
    let mut referred = 0;
    for view in crate::house::VIEWS {
        let parts = house.partitions(view).await?;
        referred += parts
            .iter()
            .filter(|part| part.partition.file.is_some())
            .count();
    }
    assert_eq!(files(&house.objects(), ".parquet")?.len(), referred);

    let report = house.run_at(EXPIRY + 3 * HOUR, Task::Hour).await;
    assert_eq!(report, Report::default());
    house.run_at(EXPIRY + DAY, Task::Hour).await;
    house.run_at(EXPIRY + DAY + 2 * HOUR, Task::Hour).await;
    assert!(house.totals().await?.iter().all(|total| *total == 0));
    assert!(files(&house.objects(), ".seg")?.is_empty());
    assert!(files(&house.objects(), ".parquet")?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_began_before_the_expiry_gets_everything() -> Result<()> {
    let house = lake_of_two_days().await?;
    house.set_clock(EXPIRY);
    let sql = "SELECT msg FROM log_entries";
    let expected = house.integer("SELECT count(*) FROM log_entries").await?;
    let query = house.engine.plan(QueryRequest::new(sql)).await?;
    let stream = query.execute().await?;
    // It is read when both have had their chance.
    house.run_at(EXPIRY, Task::Hour).await;
    house.run_at(EXPIRY + HOUR, Task::Hour).await;
    let batches: Vec<_> = stream.try_collect().await?;
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    assert_eq!(rows as i64, expected);
    let left = house.integer("SELECT count(*) FROM log_entries").await?;
    assert_eq!(left, expected / 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn replaced_partitions_are_deleted_after_the_grace() -> Result<()> {
    let ledger = Capture::load("ledger")?;
    let house = House::at(10 * HOUR).await?;
    for copy in 0..2 {
        let now = 10 * HOUR + i64::from(copy) * MINUTE;
        house.set_clock(now);
        house.store(&ledger.renamed(copy)).await?;
        house.run_at(now + MINUTE, Task::Minute).await;
    }
    house.run_at(10 * HOUR + 10 * MINUTE, Task::Minute).await;
    let all = files(&house.objects(), ".parquet")?.len();
    let totals = house.totals().await?;
    let report = house.run_at(11 * HOUR + 10 * MINUTE, Task::Hour).await;
    assert_eq!(report.cleaned.partitions, 0);
    let report = house.run_at(12 * HOUR + 10 * MINUTE, Task::Hour).await;
    assert_eq!(report.cleaned.partitions, 12);
    assert_eq!(files(&house.objects(), ".parquet")?.len(), all - 12);
    assert_eq!(house.totals().await?, totals);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn old_blocks_leave_the_catalog_and_no_answer_changes() -> Result<()> {
    let ledger = Capture::load("ledger")?;
    let config = MaintenanceConfig {
        catalog_days: 1,
        ..MaintenanceConfig::default()
    };
    let house = House::with_config(10 * HOUR, config).await?;
    house.store(&ledger).await?;
    let totals = house.totals().await?;
    // Nothing leaves before partitions have it.
    let expected = Report::default();
    let early = 2 * DAY + 2 * HOUR;
    assert_eq!(house.run_at(early, Task::Orphans).await, expected);
    house.run_at(early, Task::Hour).await;
    house.run_at(early + HOUR, Task::Day).await;
    let report = house.run_at(early + 2 * HOUR, Task::Hour).await;
    assert_eq!(report.cleaned.blocks, 0, "queries may still read the rows");
    let report = house.run_at(early + 4 * HOUR, Task::Hour).await;
    assert_eq!(report.cleaned.blocks as i64, totals[0]);
    assert_eq!(report.cleaned.segments, 0);
    assert_eq!(house.totals().await?, totals);

    // A view whose partitions are gone is answered from the blocks of partitions, and its
    // partitions come back.
    let parts = house.partitions("log_entries").await?;
    let ids: Vec<_> = parts.iter().map(|part| part.id).collect();
    house.catalog.retire_partitions(&ids).await?;
    assert_eq!(house.totals().await?, totals);
    house.run_at(early + DAY, Task::Day).await;
    assert_eq!(house.partitions("log_entries").await?.len(), 1);
    assert_eq!(house.totals().await?, totals);
    Ok(())
}
