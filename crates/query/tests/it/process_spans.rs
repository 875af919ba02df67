//! What a process was busy with, thread by thread.

mod plans;

use anyhow::Result;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use model::TimeRange;
use query::{ErrorClass, QueryRequest};
use test_kit::Capture;

use crate::administrators::refusal;
use crate::house::{House, texts};

pub const LEDGER: &str = "8452901b-3c9f-4f28-bd50-5e9a198d40c4";
pub const GENERATOR: &str = "e4f8e7c0-9b52-45fd-9179-2107f787fb35";

/// From the year 2000 to 2100.
pub const ALWAYS: TimeRange = TimeRange {
    begin: 946_684_800_000_000_000,
    end: 4_102_444_800_000_000_000,
};

pub async fn both_programs() -> Result<House> {
    let house = House::new().await?;
    house.store(&Capture::load("ledger")?, |_| ()).await?;
    house.store(&Capture::load("generator")?, |_| ()).await?;
    Ok(house)
}

pub fn always(sql: impl Into<String>) -> QueryRequest {
    QueryRequest {
        range: Some(ALWAYS),
        ..QueryRequest::new(sql)
    }
}

fn spans(process: &str, types: &str) -> String {
    format!("process_spans('{process}', '{types}')")
}

/// The integer that a query answers with.
async fn check(house: &House, sql: &str, expected: i64) -> Result<()> {
    assert_eq!(house.count(always(sql)).await?.0, expected, "{sql}");
    Ok(())
}

#[tokio::test]
async fn all_columns_are_there() -> Result<()> {
    let house = House::new().await?;
    let dictionary = |keys| DataType::Dictionary(Box::new(keys), Box::new(DataType::Utf8));
    let time = DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into()));
    let expected = [
        ("stream_id", dictionary(DataType::Int16)),
        ("thread_name", dictionary(DataType::Int16)),
        ("id", DataType::Int64),
        ("parent", DataType::Int64),
        ("depth", DataType::UInt32),
        ("hash", DataType::UInt32),
        ("begin", time.clone()),
        ("end", time),
        ("duration", DataType::Int64),
        ("name", dictionary(DataType::Int32)),
        ("target", dictionary(DataType::Int32)),
        ("filename", dictionary(DataType::Int32)),
        ("line", DataType::UInt32),
    ];
    for types in ["thread", "async", "both"] {
        let sql = format!("SELECT * FROM {}", spans(LEDGER, types));
        let schema = house.engine.plan(always(sql)).await?.schema();
        let fields = schema.fields().iter();
        let found: Vec<_> = fields
            .map(|field| (field.name().as_str(), field.data_type().clone()))
            .collect();
        assert_eq!(found, expected, "{types}");
        assert!(schema.fields().iter().all(|field| !field.is_nullable()));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_are_told_apart() -> Result<()> {
    let house = both_programs().await?;
    let threads = spans(LEDGER, "thread");
    let recorded = format!("SELECT count(*) FROM {threads} WHERE id <> -1");
    check(&house, &recorded, 40_500).await?;
    let by_thread = format!(
        "SELECT CAST(concat(split_part(thread_name, '-', 2), ' ', count(*)) AS VARCHAR) \
         FROM {threads} WHERE id <> -1 GROUP BY thread_name ORDER BY thread_name"
    );
    assert_eq!(
        texts(&house.engine, always(by_thread)).await?,
        ["0 13500", "1 13500", "2 13500"]
    );
    // The same rows as those of the threads' own views.
    let streams = format!(
        "SELECT stream_id FROM streams WHERE process_id = '{LEDGER}' AND array_has(tags, 'cpu')"
    );
    let streams = texts(&house.engine, always(streams)).await?;
    assert_eq!(streams.len(), 3);
    for stream in streams {
        let own = format!("SELECT * FROM view_instance('thread_spans', '{stream}')");
        let here = format!(
            "SELECT * EXCLUDE (stream_id, thread_name) FROM {threads} \
             WHERE stream_id = '{stream}'"
        );
        for (a, b) in [(&own, &here), (&here, &own)] {
            let missing = format!("SELECT count(*) FROM ({a} EXCEPT ALL {b})");
            check(&house, &missing, 0).await?;
        }
        let count = format!("SELECT count(*) FROM ({here}) WHERE id <> -1");
        check(&house, &count, 13_500).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn begin_and_end_of_asynchronous_spans_are_brought_together() -> Result<()> {
    let house = both_programs().await?;
    let spans = spans(GENERATOR, "async");
    let events = format!("view_instance('async_events', '{GENERATOR}')");
    let expected = format!(
        "SELECT b.span_id AS id, b.parent_span_id AS parent, b.depth, b.hash, b.time AS begin, \
         e.time AS \"end\", CAST(e.time AS BIGINT) - CAST(b.time AS BIGINT) AS duration, b.name, \
         b.target, b.filename, b.line FROM {events} b JOIN {events} e ON b.span_id = e.span_id \
         WHERE b.event_type = 'begin' AND e.event_type = 'end' AND b.time < e.time"
    );
    let found = format!("SELECT * EXCLUDE (stream_id, thread_name) FROM {spans}");
    for (a, b) in [(&expected, &found), (&found, &expected)] {
        check(
            &house,
            &format!("SELECT count(*) FROM ({a} EXCEPT ALL {b})"),
            0,
        )
        .await?;
    }
    let (count, _) = house
        .count(always(format!("SELECT count(*) FROM {spans}")))
        .await?;
    assert!(count > 0);
    let named = format!(
        "SELECT count(*) FROM {spans} WHERE stream_id = '' AND thread_name = 'async' \
         AND duration > 0"
    );
    check(&house, &named, count).await?;

    // Both events have to be in the range.
    let half = format!("SELECT CAST(min(begin) AS BIGINT) FROM {spans}");
    let (begin, _) = house.count(always(half)).await?;
    let later = QueryRequest {
        range: Some(TimeRange {
            begin: begin + 1,
            ..ALWAYS
        }),
        ..QueryRequest::new(format!("SELECT count(*) FROM {spans}"))
    };
    assert!(house.count(later).await?.0 < count);
    // They need no range.
    let unranged = QueryRequest::new(format!("SELECT count(*) FROM {spans}"));
    assert_eq!(house.count(unranged).await?.0, count);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_and_asynchronous_spans_come_together() -> Result<()> {
    let house = both_programs().await?;
    let [threads, asynchronous, both] =
        ["thread", "async", "both"].map(|types| spans(GENERATOR, types));
    for sql in [
        format!(
            "SELECT (SELECT count(*) FROM {threads}) + (SELECT count(*) FROM {asynchronous}) \
             - (SELECT count(*) FROM {both})"
        ),
        format!(
            "SELECT count(*) FROM (SELECT * FROM {both} EXCEPT ALL \
             (SELECT * FROM {threads} UNION ALL SELECT * FROM {asynchronous}))"
        ),
    ] {
        check(&house, &sql, 0).await?;
    }
    let kinds = format!("SELECT count(DISTINCT thread_name = 'async') FROM {both}");
    check(&house, &kinds, 2).await
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_narrow_what_is_read() -> Result<()> {
    let house = both_programs().await?;
    let [threads, both] = ["thread", "both"].map(|types| spans(LEDGER, types));
    for (sql, expected) in [
        (
            format!("SELECT count(*) FROM (SELECT 1 FROM {threads} LIMIT 7)"),
            7,
        ),
        (
            format!("SELECT count(*) FROM (SELECT name FROM {both} LIMIT 70 OFFSET 5)"),
            70,
        ),
        (
            format!("SELECT count(*) FROM (SELECT 1 FROM {threads} WHERE depth = 2 LIMIT 9)"),
            9,
        ),
        (
            format!("SELECT count(DISTINCT thread_name) FROM {threads}"),
            3,
        ),
        (
            format!("SELECT count(*) FROM {both} WHERE stream_id < 'x' AND depth - 1 = 0"),
            4_500,
        ),
        (
            format!(
                "SELECT count(*) FROM {both} \
                 WHERE duration >= (SELECT min(duration) FROM {threads}) AND id <> -1"
            ),
            40_500,
        ),
        // Roots that were made up have the parent 0, as the first span's number is.
        (
            format!(
                "SELECT count(*) FROM {threads} a JOIN {threads} b ON a.id = b.parent \
                 AND a.stream_id = b.stream_id WHERE a.id <> -1"
            ),
            36_003,
        ),
        (
            format!("SELECT count(*) FROM {threads} WHERE random() < 2 AND id <> -1"),
            40_500,
        ),
    ] {
        check(&house, &sql, expected).await?;
    }
    Ok(())
}

#[tokio::test]
async fn threads_that_a_predicate_rules_out_are_not_read() -> Result<()> {
    let house = House::new().await?;
    house.store(&Capture::load("ledger")?, |_| ()).await?;
    let threads = spans(LEDGER, "thread");
    let stream = format!(
        "SELECT min(stream_id) FROM streams WHERE process_id = '{LEDGER}' \
         AND array_has(tags, 'cpu')"
    );
    let stream = texts(&house.engine, always(stream)).await?.remove(0);
    let all = format!("SELECT count(*) FROM {threads} WHERE id <> -1");
    let one = format!("{all} AND lower(stream_id) = '{stream}' AND thread_name <> 'nobody'");
    let (count, first) = house.count(always(one)).await?;
    assert_eq!((count, first.blocks()), (13_500, 1));
    let (count, rest) = house.count(always(all)).await?;
    assert_eq!((count, rest.blocks()), (40_500, 2), "a tree was kept");
    Ok(())
}

#[tokio::test]
async fn calls_that_make_no_sense_are_refused() -> Result<()> {
    let house = House::new().await?;
    let types = "span_types must be 'thread', 'async', or 'both', given: fiber";
    let process = "First argument to process_spans must be a string (the process ID)";
    for (arguments, expected) in [
        ("", "process_spans takes two arguments"),
        ("'x'", "process_spans takes two arguments"),
        ("'x', 'thread', 'y'", "process_spans takes two arguments"),
        ("1, 'thread'", process),
        ("NULL, 'thread'", process),
        (
            "'x', 2",
            "Second argument to process_spans must be a string",
        ),
        ("'x', 'fiber'", types),
        ("'x', concat('fi', 'ber')", types),
        (
            "'x', 'thread'",
            "First argument to process_spans must be a valid UUID",
        ),
    ] {
        let sql = format!("SELECT * FROM process_spans({arguments})");
        let error = refusal(&house.engine, always(sql)).await;
        assert_eq!(error.class, ErrorClass::Invalid, "{arguments}");
        assert!(error.message.contains(expected), "{arguments}: {error}");
    }
    let unknown = "00000000-0000-0000-0000-000000000001";
    for types in ["thread", "async", "both"] {
        let sql = format!("SELECT count(*) FROM {}", spans(unknown, types));
        check(&house, &sql, 0).await?;
    }
    Ok(())
}

#[tokio::test]
async fn threads_need_a_range() -> Result<()> {
    let house = both_programs().await?;
    for types in ["thread", "both"] {
        let sql = format!("SELECT count(*) FROM {}", spans(LEDGER, types));
        let planned = house.engine.plan(QueryRequest::new(sql)).await?;
        let error = planned.execute().await.err().expect("it is refused");
        assert_eq!(error.class, ErrorClass::Invalid, "{types}");
        let expected = "query range mandatory for thread spans view";
        assert!(error.message.contains(expected), "{error}");
    }
    Ok(())
}
