//! Making partitions again at an administrator's request.

use anyhow::Result;
use catalog::PartitionFilter;
use futures::TryStreamExt;
use model::InsertTime;
use query::{ErrorClass, QueryError, QueryRequest, classify_stream_error};
use test_kit::Capture;

use crate::administrators::administrator;
use crate::house::{House, texts};
use crate::maintenance::{DAY, HOUR, MATERIALIZE, everything, messages, paths, two_hours};

fn regenerate(begin: &str, end: &str, delta: i64) -> String {
    format!(
        "regenerate_partitions('log_entries', '2026-01-05T{begin}Z', '2026-01-05T{end}Z', {delta})"
    )
}

#[tokio::test]
async fn partitions_are_made_again_in_larger_slots_but_never_cut() -> Result<()> {
    let house = two_hours().await?;
    let before = everything(&house).await?;
    messages(&house, MATERIALIZE).await?;
    let first = paths(&house, "log_entries").await?;
    let told = messages(&house, &regenerate("00:00:00", "04:00:00", 7200)).await?;
    let outcomes: Vec<_> = told[1..]
        .iter()
        .map(|told| told.contains("replaced 2 by 1, "))
        .collect();
    assert_eq!(outcomes, [true, true], "{told:?}");
    let second = paths(&house, "log_entries").await?;
    assert_eq!(second.len(), 3);
    assert!(
        second
            .iter()
            .all(|path| path == "empty" || !first.contains(path))
    );
    assert_eq!(everything(&house).await?, before);

    for (begin, end, delta) in [
        ("00:00:00", "04:00:00", 3600),
        ("01:00:00", "02:00:00", 3600),
    ] {
        let error = failure(&house, &regenerate(begin, end, delta)).await?;
        assert_eq!(error.class, ErrorClass::Invalid);
        let expected = "the partition of the insert times \
                        [2026-01-05T00:00:00Z, 2026-01-05T02:00:00Z) \
                        does not lie within one bucket";
        assert!(error.message.contains(expected), "{error}");
        assert_eq!(paths(&house, "log_entries").await?, second);
    }

    let told = messages(&house, &regenerate("04:00:00", "08:00:00", 7200)).await?;
    let skipped = |told: &String| told.ends_with("skipped, it is not over yet");
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[1..].iter().all(skipped), "{told:?}");
    house.set_time(DAY + 24 * HOUR);
    let told = messages(&house, &regenerate("20:00:00", "21:00:00", 3600)).await?;
    assert!(
        told[1].ends_with("skipped, it has no partitions"),
        "{told:?}"
    );
    Ok(())
}

/// How the call fails after it was planned.
async fn failure(house: &House, call: &str) -> Result<QueryError> {
    let sql = format!("SELECT msg FROM {call}");
    let stream = house
        .engine
        .plan(administrator(sql))
        .await?
        .execute()
        .await?;
    let answer: Result<Vec<_>, _> = stream.try_collect().await;
    Ok(classify_stream_error(&answer.expect_err(call)))
}

#[tokio::test]
async fn a_large_slot_becomes_several_partitions_at_one_time() -> Result<()> {
    let house = House::new().await?;
    house.set_time(DAY + HOUR / 2);
    let large = |payload: &mut Vec<u8>| payload.resize(6 << 20, 0);
    house.store(&Capture::load("ledger")?, large).await?;
    house.set_time(DAY + HOUR);
    let blocks = QueryRequest::new("SELECT sum(payload_size) + count(*) FROM blocks");
    let (before, _) = house.count(blocks.clone()).await?;
    let range = "'2026-01-05T00:00:00Z', '2026-01-05T01:00:00Z', 3600";
    messages(
        &house,
        &format!("materialize_partitions('blocks', {range})"),
    )
    .await?;
    // Their rows are few, so the pieces became one.
    assert_eq!(paths(&house, "blocks").await?.len(), 1);
    let told = messages(&house, &format!("regenerate_partitions('blocks', {range})")).await?;
    assert!(told[1].contains(": replaced 1 by "), "{told:?}");
    let now = house.catalog.snapshot().await?;
    let parts = house.catalog.partitions(PartitionFilter::at(now)).await?;
    assert!(parts.len() > 1, "{told:?}");
    assert!(parts.iter().all(|part| part.added == parts[0].added));
    let (after, counters) = house.count(blocks).await?;
    assert_eq!((before, counters.blocks()), (after, 0));
    Ok(())
}

#[tokio::test]
async fn archived_blocks_make_partitions_and_stay() -> Result<()> {
    let house = two_hours().await?;
    house.set_time(DAY + 24 * HOUR);
    messages(&house, &MATERIALIZE.replace("log_entries", "blocks")).await?;
    let totals = |view: &str| QueryRequest::new(format!("SELECT count(*) FROM {view}"));
    let (blocks, _) = house.count(totals("blocks")).await?;
    let (measures, _) = house.count(totals("measures")).await?;
    house.catalog.advance().await?;
    let until = InsertTime(DAY + 2 * HOUR);
    let lakehouse = house.engine.lakehouse();
    assert_eq!(lakehouse.archive_blocks(until).await?, until);
    let now = house.catalog.snapshot().await?;
    assert!(house.catalog.purge_blocks(now, 10_000).await? > 0);
    let made = paths(&house, "blocks").await?;
    // Answered from the blocks that partitions remember, and then from what those make.
    assert_eq!(house.count(totals("measures")).await?.0, measures);
    messages(&house, &MATERIALIZE.replace("log_entries", "measures")).await?;
    assert_eq!(house.count(totals("measures")).await?.0, measures);
    let call = regenerate("00:00:00", "01:00:00", 3600).replace("log_entries", "measures");
    messages(&house, &call).await?;
    assert_eq!(house.count(totals("measures")).await?.0, measures);
    assert_eq!(house.count(totals("blocks")).await?.0, blocks);

    let day = "'global', '2026-01-05', '2026-01-06'";
    let told = messages(&house, &format!("retire_partitions('blocks', {day})")).await?;
    assert_eq!(
        told[1..],
        [
            "retired 4, kept 2 whose blocks are archived",
            "retired 4 partitions of blocks/global"
        ]
    );
    assert_eq!(paths(&house, "blocks").await?, made[..2]);
    let sql = "SELECT retire_partition_by_metadata(view_set_name, view_instance_id, \
               begin_insert_time, end_insert_time) FROM list_partitions() \
               WHERE view_set_name = 'blocks'";
    let answers = texts(&house.engine, administrator(sql)).await?;
    assert!(
        answers
            .iter()
            .all(|answer| answer.contains("all that is left of archived blocks")),
        "{answers:?}"
    );
    assert_eq!(paths(&house, "blocks").await?, made[..2]);
    Ok(())
}
