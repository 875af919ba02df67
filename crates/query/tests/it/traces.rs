//! Traces of processes, as Perfetto reads them.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{DataType, Int32Type};
use datafusion::arrow::json::ArrayWriter;
use futures::TryStreamExt;
use model::TimeRange;
use query::{ErrorClass, QueryError, QueryRequest, classify_stream_error};
use serde_json::{Value, json};
use test_kit::{Python, wait_until};

use crate::administrators::refusal;
use crate::house::House;
use crate::process_spans::{ALWAYS, GENERATOR, LEDGER, always, both_programs};

/// The range of a trace in which everything is.
const RANGE: &str = "TIMESTAMP '2000-01-01T00:00:00+00:00', '2100-01-01T02:00:00+02:00'";

fn chunks(process: &str, types: &str) -> String {
    format!("perfetto_trace_chunks('{process}', '{types}', {RANGE})")
}

/// The trace, of whose chunks each is a small batch of its own.
async fn trace(house: &House, request: QueryRequest) -> Result<Vec<u8>> {
    let (batches, _) = house.run(request).await?;
    let mut trace = Vec::new();
    for (number, batch) in batches.iter().enumerate() {
        assert_eq!(batch.num_rows(), 1);
        let id = batch.column(0).as_primitive::<Int32Type>().value(0);
        assert_eq!(usize::try_from(id)?, number);
        let data = batch.column(1).as_binary::<i32>().value(0);
        assert!((1..=8192).contains(&data.len()), "{}", data.len());
        trace.extend_from_slice(data);
    }
    Ok(trace)
}

async fn rows(house: &House, sql: String) -> Result<Value> {
    let (batches, _) = house.run(always(sql)).await?;
    let mut writer = ArrayWriter::new(Vec::new());
    writer.write_batches(&batches.iter().collect::<Vec<_>>())?;
    writer.finish()?;
    let rows = writer.into_inner();
    match rows.is_empty() {
        true => Ok(json!([])),
        false => Ok(serde_json::from_slice(&rows)?),
    }
}

/// What a trace has to show, as SQL knows it.
async fn expected(house: &House, process: &str, types: &str) -> Result<Value> {
    let exe = format!("SELECT exe FROM processes WHERE process_id = '{process}'");
    let threads = format!(
        "SELECT stream_id, concat(property_get(properties, 'thread-name'), '-', \
         property_get(properties, 'thread-id')) AS thread_name, \
         CAST(property_get(properties, 'thread-id') AS BIGINT) AS tid FROM streams \
         WHERE process_id = '{process}' AND array_has(tags, 'cpu') ORDER BY stream_id"
    );
    let spans = format!(
        "SELECT stream_id, CAST(begin AS BIGINT) AS begin, CAST(\"end\" AS BIGINT) AS \"end\", \
         name, target, filename, line FROM process_spans('{process}', '{types}')"
    );
    Ok(json!({
        "exe": rows(house, exe).await?[0]["exe"],
        "threads": rows(house, threads).await?,
        "types": types,
        "spans": rows(house, spans).await?,
    }))
}

/// Python reads the trace and compares it with SQL; the answer is how many spans it has.
async fn check(house: &House, process: &str, types: &str) -> Result<u64> {
    let folder = tempfile::tempdir()?;
    let [trace_file, expected_file] = ["trace", "expected"].map(|name| folder.path().join(name));
    let sql = format!("SELECT * FROM {}", chunks(process, types));
    std::fs::write(&trace_file, trace(house, QueryRequest::new(sql)).await?)?;
    let expected = expected(house, process, types).await?;
    std::fs::write(&expected_file, expected.to_string())?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/check_trace.py");
    let found = Python::locate()?
        .run(&script, &[&trace_file, &expected_file])
        .await;
    let found: Value = serde_json::from_str(&found.context(format!("{process} {types}"))?)?;
    let [packets, spans] = ["packets", "spans"].map(|what| found[what].as_u64().unwrap_or(0));
    let threads = expected["threads"].as_array().map_or(0, Vec::len) as u64;
    let tracks = 1 + threads + u64::from(types != "thread");
    assert_eq!(packets, tracks + 2 * spans, "{process} {types}");
    Ok(spans)
}

#[tokio::test(flavor = "multi_thread")]
async fn perfetto_reads_what_sql_says() -> Result<()> {
    let house = both_programs().await?;
    // With a root that holds the others in each thread.
    assert_eq!(check(&house, LEDGER, "thread").await?, 40_500 + 3);
    let both = check(&house, LEDGER, "both").await?;
    assert_eq!(both, 40_503 + check(&house, LEDGER, "async").await?);
    let asynchronous = check(&house, GENERATOR, "async").await?;
    assert!(asynchronous > 0);
    let threads = check(&house, GENERATOR, "thread").await?;
    assert_eq!(
        check(&house, GENERATOR, "both").await?,
        threads + asynchronous
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_has_a_range_of_its_own() -> Result<()> {
    let house = both_programs().await?;
    let sql = format!("SELECT * FROM {}", chunks(LEDGER, "both"));
    let whole = trace(&house, QueryRequest::new(&sql)).await?;
    let elsewhere = QueryRequest {
        range: Some(TimeRange {
            begin: 0,
            end: ALWAYS.begin,
        }),
        ..QueryRequest::new(&sql)
    };
    assert!(trace(&house, elsewhere).await? == whole);

    let begin = format!("SELECT CAST(min(begin) AS BIGINT) FROM process_spans('{LEDGER}', 'both')");
    let (begin, _) = house.count(always(begin)).await?;
    let first = sql.replace(
        "'2100-01-01T02:00:00+02:00'",
        &format!("to_timestamp_nanos({begin})"),
    );
    let part = trace(&house, QueryRequest::new(first)).await?;
    assert!(!part.is_empty() && part.len() < whole.len() / 10);
    Ok(())
}

#[tokio::test]
async fn only_the_columns_asked_for_are_sent() -> Result<()> {
    let house = both_programs().await?;
    let table = chunks(GENERATOR, "both");
    let schema = house
        .engine
        .plan(QueryRequest::new(format!("SELECT * FROM {table}")))
        .await?;
    let fields: Vec<_> = schema.schema().fields().iter().cloned().collect();
    let found = fields
        .iter()
        .map(|field| (field.name().as_str(), field.data_type()));
    let expected = [
        ("chunk_id", &DataType::Int32),
        ("chunk_data", &DataType::Binary),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert!(fields.iter().all(|field| !field.is_nullable()));

    let (batches, _) = house
        .run(QueryRequest::new(format!("SELECT chunk_id FROM {table}")))
        .await?;
    assert!(batches.len() > 2 && batches.iter().all(|batch| batch.num_columns() == 1));
    let chunks = i64::try_from(batches.len())?;
    for (sql, expected) in [
        (format!("SELECT count(*) FROM {table}"), chunks),
        (
            format!("SELECT count(*) FROM {table} WHERE chunk_id > 0"),
            chunks - 1,
        ),
        (
            format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 2)"),
            2,
        ),
    ] {
        let (count, _) = house.count(QueryRequest::new(&sql)).await?;
        assert_eq!(count, expected, "{sql}");
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_work() -> Result<()> {
    let house = both_programs().await?;
    let sql = format!("SELECT * FROM {}", chunks(LEDGER, "both"));
    let mut stream = house
        .engine
        .plan(QueryRequest::new(sql))
        .await?
        .execute()
        .await?;
    for _ in 0..10 {
        stream.try_next().await?.context("there are more chunks")?;
    }
    let resources = house.engine.lakehouse().resources().clone();
    assert!(resources.reserved_memory_bytes() > 0);
    drop(stream);
    let is_over = async || resources.reserved_memory_bytes() == 0;
    wait_until(Duration::from_secs(30), is_over).await
}

#[tokio::test]
async fn calls_that_make_no_sense_are_refused() -> Result<()> {
    let house = House::new().await?;
    let count = "perfetto_trace_chunks takes four arguments";
    let types = "span_types must be 'thread', 'async', or 'both', given: fiber";
    let third = "Third argument to perfetto_trace_chunks must be a timestamp";
    let fourth = "Fourth argument to perfetto_trace_chunks must be a timestamp";
    for (arguments, expected) in [
        ("", count),
        ("'x', 'fiber', now()", count),
        (
            "7, 'fiber', now(), now()",
            "First argument to perfetto_trace_chunks must be a string",
        ),
        (
            "'x', 7, now(), now()",
            "Second argument to perfetto_trace_chunks must be a string",
        ),
        ("'x', 'fiber', now(), now()", types),
        ("'x', 'both', 'yesterday', now()", third),
        ("'x', 'both', '2026-01-01', now()", third),
        ("'x', 'both', 7, now()", third),
        ("'x', 'both', NULL, now()", third),
        (
            "'x', 'both', arrow_cast(now(), 'Timestamp(Nanosecond, Some(\"+01:00\"))'), 7",
            third,
        ),
        (
            "'x', 'both', now() - interval '1 hour', '2300-01-01T00:00:00Z'",
            fourth,
        ),
        (
            "'x', 'both', arrow_cast(now(), 'Timestamp(Second, None)'), 7",
            fourth,
        ),
    ] {
        let sql = format!("SELECT * FROM perfetto_trace_chunks({arguments})");
        let error = refusal(&house.engine, QueryRequest::new(sql)).await;
        assert_eq!(error.class, ErrorClass::Invalid, "{arguments}");
        assert!(error.message.contains(expected), "{arguments}: {error}");
    }
    Ok(())
}

/// How the stream of a query ends.
async fn failure(house: &House, sql: &str) -> Result<QueryError> {
    let stream = house
        .engine
        .plan(QueryRequest::new(sql))
        .await?
        .execute()
        .await?;
    let rows: Result<Vec<_>, _> = stream.try_collect().await;
    Ok(classify_stream_error(&rows.expect_err("it fails")))
}

#[tokio::test]
async fn a_process_without_data_has_no_trace() -> Result<()> {
    let house = both_programs().await?;
    let before = "'1999-01-01T00:00:00Z', '2000-01-01T00:00:00Z'";
    for (process, range) in [
        ("non-existent-process-id", RANGE),
        ("00000000-0000-0000-0000-000000000001", RANGE),
        (LEDGER, before),
    ] {
        for types in ["thread", "async", "both"] {
            let sql =
                format!("SELECT * FROM perfetto_trace_chunks('{process}', '{types}', {range})");
            let error = failure(&house, &sql).await?;
            assert_eq!(error.class, ErrorClass::Invalid);
            let expected = format!("Trace generation failed: Process {process} not found");
            assert!(error.message.contains(&expected), "{error}");
        }
    }
    Ok(())
}
