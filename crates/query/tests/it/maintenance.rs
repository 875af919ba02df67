//! Making partitions at an administrator's request: rows stay the same, wherever they come
//! from.

use anyhow::Result;
use datafusion::arrow::util::pretty::pretty_format_batches;
use futures::TryStreamExt;
use model::TimeNs;
use query::{ErrorClass, QueryRequest};
use test_kit::Capture;

use crate::administrators::{administrator, refusal};
use crate::house::{House, texts};

/// Midnight of 5 January 2026.
pub const DAY: TimeNs = 1_767_571_200_000_000_000;
pub const HOUR: TimeNs = 3_600_000_000_000;

/// Two programs: one sent its blocks in the second hour of the day, the other in the third.
/// It is five o'clock.
pub async fn two_hours() -> Result<House> {
    let house = House::new().await?;
    let programs = [Capture::load("ledger")?, Capture::load("generator")?];
    for (hour, program) in (1..).zip(programs) {
        house.set_time(DAY + hour * HOUR + HOUR / 2);
        house.store(&program, |_| ()).await?;
    }
    house.set_time(DAY + 5 * HOUR);
    Ok(house)
}

/// What all views say: small ones in words, large ones as a digest of their rows.
pub async fn everything(house: &House) -> Result<String> {
    const ENTRIES: &str =
        "concat_ws(' ', CAST(time AS VARCHAR), process_id, block_id, target, msg)";
    const MEASURES: &str =
        "concat_ws(' ', CAST(time AS VARCHAR), process_id, block_id, name, CAST(value AS VARCHAR))";
    let digest = |row: &str, view: &str| {
        format!(
            "SELECT md5(string_agg(row, ' ' ORDER BY row)) FROM (SELECT {row} AS row FROM {view})"
        )
    };
    let mut said = String::new();
    for sql in [
        "SELECT * FROM log_stats ORDER BY 1, 2, 3, 4",
        "SELECT process_id, exe, insert_time, last_update_time FROM processes ORDER BY 1",
        "SELECT process_id, stream_id, insert_time, last_update_time FROM streams ORDER BY 2",
        "SELECT block_id, stream_id, insert_time, nb_objects, payload_size FROM blocks ORDER BY 1",
        &digest(ENTRIES, "log_entries"),
        &digest(MEASURES, "measures"),
    ] {
        let (batches, _) = house.run(QueryRequest::new(sql)).await?;
        said += &pretty_format_batches(&batches)?.to_string();
    }
    Ok(said)
}

pub async fn messages(house: &House, call: &str) -> Result<Vec<String>> {
    let sql = format!("SELECT msg FROM {call}");
    texts(&house.engine, administrator(sql)).await
}

/// The paths of the partitions of a view, in the order of their times.
pub async fn paths(house: &House, view: &str) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT coalesce(file_path, 'empty') FROM list_partitions() \
         WHERE view_set_name = '{view}' ORDER BY begin_insert_time"
    );
    texts(&house.engine, administrator(sql)).await
}

/// How many blocks the log entries are read from.
async fn tail_blocks(house: &House) -> Result<u64> {
    let sql = "SELECT count(msg) FROM log_entries";
    Ok(house.count(QueryRequest::new(sql)).await?.1.blocks())
}

/// Five hours that are over, and one that is not.
pub const MATERIALIZE: &str = "materialize_partitions('log_entries', \
     '2026-01-05T00:00:00Z', '2026-01-05T06:30:00+00:00', 3600)";

#[tokio::test]
async fn whole_slots_of_the_past_are_filled_once() -> Result<()> {
    let house = two_hours().await?;
    let before = everything(&house).await?;
    assert!(tail_blocks(&house).await? > 0);
    let told = messages(&house, MATERIALIZE).await?;
    let expected = "materializing log_entries in 6 slots of 3600 s, \
                    [2026-01-05T00:00:00Z, 2026-01-05T06:00:00Z)";
    assert_eq!(told[0], expected);
    assert_eq!(told.len(), 7, "{told:?}");
    assert!(
        told[2].starts_with("[2026-01-05T01:00:00Z, 2026-01-05T02:00:00Z): built 1, merged 0, "),
        "{told:?}"
    );
    assert!(told[6].ends_with("skipped, it is not over yet"), "{told:?}");
    let made = paths(&house, "log_entries").await?;
    assert_eq!(made.len(), 5);
    assert_eq!(made.iter().filter(|path| *path == "empty").count(), 3);
    assert_eq!(tail_blocks(&house).await?, 0);
    assert_eq!(everything(&house).await?, before);

    let again = messages(&house, MATERIALIZE).await?;
    let nothing = ": built 0, merged 0, 0 rows, 0 bytes, superseded 0";
    assert!(
        again[1..6].iter().all(|told| told.ends_with(nothing)),
        "{again:?}"
    );
    assert_eq!(paths(&house, "log_entries").await?, made);
    Ok(())
}

#[tokio::test]
async fn blocks_of_programs_whose_clock_is_ahead_make_partitions() -> Result<()> {
    let house = two_hours().await?;
    let ahead = QueryRequest::new("SELECT count(*) FROM blocks WHERE begin_time > insert_time");
    let (before, _) = house.count(ahead.clone()).await?;
    assert!(before > 0, "the programs were recorded before {DAY}");
    let told = messages(&house, &MATERIALIZE.replace("log_entries", "blocks")).await?;
    assert_eq!(told.len(), 7, "{told:?}");
    let (after, counters) = house.count(ahead).await?;
    assert_eq!((before, counters.blocks()), (after, 0));
    Ok(())
}

#[tokio::test]
async fn every_global_view_gives_the_same_rows_from_partitions() -> Result<()> {
    let house = two_hours().await?;
    let before = everything(&house).await?;
    house.set_time(DAY + 24 * HOUR);
    for view in [
        "blocks",
        "log_entries",
        "measures",
        "processes",
        "streams",
        "log_stats",
    ] {
        for (width, slots) in [(3600, 24), (86_400, 1)] {
            let range = "TIMESTAMP '2026-01-05T00:00:00', TIMESTAMP '2026-01-06T00:00:00'";
            let call = format!("materialize_partitions('{view}', {range}, {width})");
            let told = messages(&house, &call).await?;
            assert_eq!(told.len(), slots + 1, "{view}: {told:?}");
            assert_eq!(everything(&house).await?, before, "{view} {width}");
            let made = paths(&house, view).await?.len();
            let expected = if width == 3600 { 24 } else { 1 };
            assert_eq!(made, expected, "{view}");
            let call = format!("regenerate_partitions('{view}', {range}, {width})");
            let told = messages(&house, &call).await?;
            assert!(
                told.iter()
                    .skip(1)
                    .all(|told| told.contains(": replaced 1 by 1, ")),
                "{told:?}"
            );
            assert_eq!(everything(&house).await?, before, "{view} {width}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn work_goes_on_as_rows_are_taken_and_ends_with_the_client() -> Result<()> {
    let house = two_hours().await?;
    let sql = format!("SELECT msg FROM {MATERIALIZE}");
    let planned = house.engine.plan(administrator(sql)).await?;
    let mut told = planned.execute().await?;
    for made in 0..3 {
        assert!(told.try_next().await?.is_some());
        assert_eq!(paths(&house, "log_entries").await?.len(), made);
    }
    drop(told);
    assert_eq!(paths(&house, "log_entries").await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn planning_and_explaining_do_no_work_and_reading_twice_does_it_once() -> Result<()> {
    let house = two_hours().await?;
    let sql = format!("SELECT msg FROM {MATERIALIZE}");
    let stream = house
        .engine
        .plan(administrator(sql.as_str()))
        .await?
        .execute()
        .await?;
    drop(stream);
    house.run(administrator(format!("EXPLAIN {sql}"))).await?;
    house.run(administrator(format!("{sql} LIMIT 0"))).await?;
    assert!(paths(&house, "log_entries").await?.is_empty());

    let twice = format!(
        "WITH told AS (SELECT msg FROM {MATERIALIZE}) \
         SELECT a.msg FROM told a JOIN told b ON a.msg = b.msg"
    );
    let told = texts(&house.engine, administrator(twice)).await?;
    assert_eq!(told.len(), 7);
    assert_eq!(
        told.iter()
            .filter(|told| told.contains(": built 1, "))
            .count(),
        5
    );
    Ok(())
}

#[tokio::test]
async fn arguments_that_make_no_sense_are_refused_while_planning() -> Result<()> {
    let house = House::new().await?;
    let times = "'2026-01-05T00:00:00Z', '2026-01-06T00:00:00Z'";
    for (call, reason) in [
        (
            format!("materialize_partitions('no_such_view', {times}, 3600)"),
            "view set no_such_view not found",
        ),
        (
            format!("materialize_partitions('blocks', {times})"),
            "takes four arguments",
        ),
        (
            format!("materialize_partitions('blocks', {times}, 7)"),
            "delta must divide a day",
        ),
        (
            format!("materialize_partitions('blocks', {times}, 60)"),
            "a call may span 1000 slots, not 1440",
        ),
        (
            format!("materialize_partitions('blocks', {times}, '3600')"),
            "must be a literal whole number of seconds",
        ),
        (
            format!("materialize_partitions('blocks', {times}, NULL)"),
            "must be a literal whole number of seconds",
        ),
        (
            "materialize_partitions('blocks', 'yesterday', '2026-01-06', 3600)".to_owned(),
            "must be a literal time",
        ),
        (
            "materialize_partitions('blocks', NULL, '2026-01-06', 3600)".to_owned(),
            "must be a literal time",
        ),
        (
            "materialize_partitions('blocks', 5, '2026-01-06', 3600)".to_owned(),
            "must be a literal time",
        ),
        (
            "materialize_partitions('blocks', '2026-01-07', '2026-01-06', 3600)".to_owned(),
            "begin lies after end",
        ),
        (
            "regenerate_partitions('blocks', '2026-01-05', '2026-01-05T01:30:00Z', 3600)"
                .to_owned(),
            "end - begin must be a multiple of delta",
        ),
        (
            "regenerate_partitions('blocks', '2026-01-05', '2026-01-05', 3600)".to_owned(),
            "and not zero",
        ),
        (
            "regenerate_partitions('blocks', '2026-01-05T00:30:00Z', '2026-01-05T01:30:00Z', 3600)"
                .to_owned(),
            "begin must be a multiple of delta",
        ),
        (
            "retire_partitions('blocks', 'global', '2026-01-06')".to_owned(),
            "takes four arguments",
        ),
        (
            "retire_partitions('blocks', 'global', '2026-01-06', '2026-01-05')".to_owned(),
            "begin lies after end",
        ),
    ] {
        let sql = format!("SELECT * FROM {call}");
        let error = refusal(&house.engine, administrator(sql)).await;
        assert_eq!(error.class, ErrorClass::Invalid, "{call}: {error}");
        assert!(error.message.contains(reason), "{call}: {error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_catalog_that_fails_ends_the_progress_with_a_row() -> Result<()> {
    let house = two_hours().await?;
    let sql = format!("SELECT msg FROM {MATERIALIZE}");
    let planned = house
        .engine
        .plan(administrator(sql))
        .await?
        .execute()
        .await?;
    house.lose_catalog().await;
    let rows: Vec<_> = planned.try_collect().await?;
    let said = pretty_format_batches(&rows)?.to_string();
    assert!(
        said.contains("ERROR: materialize_partitions stopped: the catalog did not answer"),
        "{said}"
    );
    Ok(())
}
