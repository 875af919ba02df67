//! Partitions of process instances, which queries leave behind.

use anyhow::Result;
use futures::future::try_join_all;
use query::QueryRequest;
use test_kit::Capture;

use crate::administrators::administrator;
use crate::house::{House, texts};
use crate::maintenance::{DAY, HOUR};

const PROCESS: &str = "8452901b-3c9f-4f28-bd50-5e9a198d40c4";
const ENTRIES: i64 = 4000;

fn entries() -> QueryRequest {
    QueryRequest::new(format!(
        "SELECT count(msg) FROM view_instance('log_entries', '{PROCESS}') \
         WHERE target LIKE 'ledger::%'"
    ))
}

/// Begin and end of the partitions of the instance.
async fn partitions(house: &House) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT concat(begin_insert_time, ' ', end_insert_time) FROM list_partitions() \
         WHERE view_instance_id = '{PROCESS}' ORDER BY 1"
    );
    texts(&house.engine, administrator(sql)).await
}

/// The recording came in the second hour of a day.
async fn house() -> Result<House> {
    let house = House::new().await?;
    house.set_time(DAY + HOUR + 1);
    house.store(&Capture::load("ledger")?, |_| ()).await?;
    Ok(house)
}

#[tokio::test]
async fn what_is_over_is_written_behind_the_first_query() -> Result<()> {
    let house = house().await?;
    let (count, counters) = house.count(entries()).await?;
    assert_eq!(count, ENTRIES);
    assert!(counters.blocks() > 0);
    house.engine.lakehouse().just_in_time_idle().await;
    assert!(partitions(&house).await?.is_empty(), "the hour is not over");

    house.set_time(DAY + 2 * HOUR);
    assert_eq!(house.count(entries()).await?.0, ENTRIES);
    house.engine.lakehouse().just_in_time_idle().await;
    assert_eq!(
        partitions(&house).await?,
        ["2026-01-05T01:00:00Z 2026-01-05T02:00:00Z"]
    );
    let (count, counters) = house.count(entries()).await?;
    assert_eq!((count, counters.blocks()), (ENTRIES, 0));
    assert_eq!(counters.partitions(), 1);

    // Of days that are over there is one partition.
    house.set_time(DAY + 25 * HOUR);
    house.store(&Capture::load("generator")?, |_| ()).await?;
    let whole = QueryRequest::new(format!(
        "SELECT count(name) FROM view_instance('measures', '{PROCESS}')"
    ));
    let (measures, _) = house.count(whole.clone()).await?;
    house.engine.lakehouse().just_in_time_idle().await;
    let (again, counters) = house.count(whole).await?;
    assert_eq!((again, counters.blocks()), (measures, 0));
    assert!(
        partitions(&house)
            .await?
            .contains(&"2026-01-05T00:00:00Z 2026-01-06T00:00:00Z".to_owned())
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_at_the_same_time_share_one_writer() -> Result<()> {
    let house = house().await?;
    house.set_time(DAY + 3 * HOUR);
    let queries = (0..16).map(|_| house.count(entries()));
    for (count, _) in try_join_all(queries).await? {
        assert_eq!(count, ENTRIES);
    }
    house.engine.lakehouse().just_in_time_idle().await;
    assert_eq!(partitions(&house).await?.len(), 1);
    // Nobody wrote it a second time, to find that it is there.
    assert_eq!(house.partition_objects().await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_block_that_can_not_be_decoded_costs_its_rows_only() -> Result<()> {
    let house = House::new().await?;
    house.set_time(DAY + HOUR + 1);
    let is_first = std::cell::Cell::new(true);
    let ledger = Capture::load("ledger")?;
    house
        .store(&ledger.renamed(1), |payload| {
            if is_first.replace(false) {
                payload.truncate(payload.len() / 2);
            }
        })
        .await?;
    house.store(&ledger, |_| ()).await?;
    house.set_time(DAY + 2 * HOUR);
    let sql = "SELECT process_id FROM processes ORDER BY process_id";
    for process in texts(&house.engine, QueryRequest::new(sql)).await? {
        let measures = QueryRequest::new(format!(
            "SELECT count(*) + (SELECT count(*) FROM view_instance('log_entries', '{process}')) \
             FROM view_instance('measures', '{process}')"
        ));
        let (before, _) = house.count(measures.clone()).await?;
        house.engine.lakehouse().just_in_time_idle().await;
        let (after, counters) = house.count(measures).await?;
        assert_eq!((after, counters.blocks()), (before, 0), "{process}");
    }
    Ok(())
}
