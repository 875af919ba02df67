//! Single blocks: what is in them, and what is stored of them.

use std::collections::HashMap;

use anyhow::Result;
use catalog::{NewBlock, NewSegment};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use futures::TryStreamExt;
use model::{InsertTime, StreamInfo};
use query::{ErrorClass, QueryEngine, QueryError, QueryRequest, classify_stream_error};
use test_kit::Capture;
use wire::envelope::{BlockEnvelope, ProcessEnvelope, StreamEnvelope};

use crate::administrators::check_columns;
use crate::house::{House, config, texts};
use crate::maintenance::{DAY, HOUR, MATERIALIZE, messages, two_hours};

const LEDGER: &str = "8452901b-3c9f-4f28-bd50-5e9a198d40c4";
pub const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// What the recorded programs sent, by block id.
pub fn sent() -> Result<HashMap<String, (BlockEnvelope, Vec<u8>)>> {
    let mut sent = HashMap::new();
    for name in ["ledger", "generator"] {
        for request in Capture::load(name)?.requests {
            if request.path.ends_with("insert_block") {
                let block = BlockEnvelope::parse(&request.body)?;
                let mut payload = Vec::new();
                block.payload.encode_into(&mut payload);
                sent.insert(block.block_id.to_string(), (block, payload));
            }
        }
    }
    Ok(sent)
}

pub async fn failure(engine: &QueryEngine, sql: &str) -> QueryError {
    let query = match engine.plan(QueryRequest::new(sql)).await {
        Ok(query) => query,
        Err(error) => return error,
    };
    let stream = match query.execute().await {
        Ok(stream) => stream,
        Err(error) => return error,
    };
    let batches: Result<Vec<_>, _> = stream.try_collect().await;
    classify_stream_error(&batches.expect_err(sql))
}

pub async fn check_failure(house: &House, sql: &str, class: ErrorClass, words: &str) {
    let error = failure(&house.engine, sql).await;
    assert_eq!(error.class, class, "{sql}: {error}");
    assert!(
        error.message.contains(words),
        "{sql}: {words} is not in: {error}"
    );
}

fn arguments(block: &BlockEnvelope) -> String {
    format!(
        "'{}', '{}', '{}'",
        block.process_id, block.stream_id, block.block_id
    )
}

/// Every block is shown completely, and as it was sent.
async fn check_all(house: &House) -> Result<()> {
    for (id, (block, payload)) in sent()? {
        let sql = format!(
            "SELECT count(*), min(object_index), max(object_index), \
             count(DISTINCT object_index), \
             sum(CAST(jsonb_as_string(jsonb_get(value, '__type')) = type_name AS BIGINT)) \
             FROM parse_block('{id}')"
        );
        let (batches, counters) = house.run(QueryRequest::new(sql)).await?;
        assert_eq!(counters.blocks(), 1);
        let shown: Vec<i64> = batches[0]
            .columns()
            .iter()
            .map(|column| column.as_primitive::<Int64Type>().value(0))
            .collect();
        let (first, count) = (block.object_offset, i64::from(block.nb_objects));
        assert_eq!(shown, [count, first, first + count - 1, count, count]);

        let sql = format!("SELECT get_payload({})", arguments(&block));
        let (batches, _) = house.run(QueryRequest::new(sql)).await?;
        assert_eq!(batches[0].column(0).as_binary::<i32>().value(0), payload);
    }
    let reserved = house.engine.lakehouse().resources().reserved_memory_bytes();
    assert_eq!(reserved, 0);
    Ok(())
}

#[tokio::test]
async fn every_recorded_block_can_be_looked_into() -> Result<()> {
    let house = two_hours().await?;
    check_all(&house).await
}

#[tokio::test]
async fn archived_blocks_can_be_looked_into() -> Result<()> {
    let house = two_hours().await?;
    house.set_time(DAY + 24 * HOUR);
    messages(&house, &MATERIALIZE.replace("log_entries", "blocks")).await?;
    house.catalog.advance().await?;
    // The blocks of one program are archived, those of the other are not.
    let until = InsertTime(DAY + 2 * HOUR);
    assert_eq!(house.engine.lakehouse().archive_blocks(until).await?, until);
    let now = house.catalog.snapshot().await?;
    assert!(house.catalog.purge_blocks(now, 10_000).await? > 0);
    check_all(&house).await
}

#[tokio::test]
async fn the_columns_are_those_that_clients_know() -> Result<()> {
    let house = two_hours().await?;
    let sent = sent()?;
    let id = sent.keys().next().expect("a block");
    let columns = [
        ("object_index", DataType::Int64, false),
        ("type_name", DataType::Utf8, false),
        ("value", DataType::Binary, false),
    ];
    let sql = format!("SELECT * FROM parse_block('{id}')");
    check_columns(&house, &sql, &columns).await?;
    let sql = "SELECT get_payload(process_id, stream_id, block_id) AS p FROM blocks";
    check_columns(&house, sql, &[("p", DataType::Binary, true)]).await
}

#[tokio::test]
async fn events_are_shown_with_what_they_refer_to() -> Result<()> {
    let house = two_hours().await?;
    let sql = "SELECT block_id FROM blocks WHERE array_has(\"streams.tags\", 'log') \
               AND \"processes.exe\" LIKE '%ledger%' ORDER BY object_offset LIMIT 1";
    let ids = texts(&house.engine, QueryRequest::new(sql)).await?;
    let sql = format!(
        "SELECT jsonb_as_string(jsonb_get(value, 'msg')) || ' ' || \
         jsonb_as_string(jsonb_path_query_first(value, '$.desc.target')) AS text \
         FROM parse_block('{}') WHERE type_name = 'LogStringEventV2' \
         AND jsonb_as_string(jsonb_get(value, 'msg')) LIKE 'ledger error%' \
         ORDER BY object_index LIMIT 2",
        ids[0]
    );
    assert_eq!(
        texts(&house.engine, QueryRequest::new(sql)).await?,
        [
            "ledger error number 0 ledger::err",
            "ledger error number 4 ledger::err"
        ]
    );
    let limited = format!("SELECT type_name FROM parse_block('{}') LIMIT 3", ids[0]);
    let limited = texts(&house.engine, QueryRequest::new(limited)).await?;
    assert_eq!(limited.len(), 3);
    Ok(())
}

#[tokio::test]
async fn arguments_of_parse_block_are_checked() -> Result<()> {
    use ErrorClass::Invalid;
    let house = House::new().await?;
    for (call, words) in [
        ("parse_block()", "takes one argument"),
        ("parse_block('a', 'b')", "takes one argument"),
        ("parse_block(1)", "must be a literal string"),
        ("parse_block(NULL)", "must be a literal string"),
        (
            "parse_block('x')",
            "must be the UUID of a block, given: 'x'",
        ),
    ] {
        let sql = format!("SELECT * FROM {call}");
        let request = QueryRequest::new(&sql);
        assert!(house.engine.plan(request).await.is_err(), "{sql}");
        check_failure(&house, &sql, Invalid, words).await;
    }
    let sql = format!("SELECT * FROM parse_block('{NIL}')");
    check_failure(&house, &sql, Invalid, &format!("block {NIL} not found")).await;
    Ok(())
}

#[tokio::test]
async fn a_query_sees_no_block_that_came_after_its_snapshot() -> Result<()> {
    let house = two_hours().await?;
    let (block, _) = sent()?.into_values().next().expect("a block");
    for sql in [
        format!("SELECT * FROM parse_block('{}')", block.block_id),
        format!("SELECT get_payload({})", arguments(&block)),
    ] {
        let request = QueryRequest {
            as_of: Some(InsertTime(DAY)),
            ..QueryRequest::new(&sql)
        };
        assert!(house.run(request).await.is_err(), "{sql}");
        house.run(QueryRequest::new(&sql)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn blocks_that_can_not_be_shown_are_errors() -> Result<()> {
    use ErrorClass::{Internal, Invalid};
    let house = House::new().await?;
    // The payloads of one program are damaged.
    let halve = |payload: &mut Vec<u8>| payload.truncate(payload.len() / 2);
    house.store(&Capture::load("ledger")?, halve).await?;
    for (id, (block, payload)) in sent()? {
        if block.process_id.to_string() == LEDGER {
            let sql = format!("SELECT * FROM parse_block('{id}')");
            let words = format!("block {id} can not be decoded: the stored payload is malformed: ");
            check_failure(&house, &sql, Invalid, &words).await;
            let sql = format!("SELECT get_payload({})", arguments(&block));
            let (batches, _) = house.run(QueryRequest::new(sql)).await?;
            let stored = batches[0].column(0).as_binary::<i32>();
            assert_eq!(stored.value(0), &payload[..payload.len() / 2]);
        }
    }

    // The segment is gone.
    let capture = Capture::load("generator")?;
    register(&house, &capture, |_| ()).await?;
    let blocks = sent()?.into_values().map(|(block, _)| block);
    let mut blocks = blocks.filter(|block| block.process_id.to_string() != LEDGER);
    let block = blocks.next().expect("a block");
    lose(&house, &block).await?;
    let gone = format!("the payload of block {} is gone", block.block_id);
    let sql = format!("SELECT * FROM parse_block('{}')", block.block_id);
    check_failure(&house, &sql, Internal, &gone).await;
    let sql = format!("SELECT get_payload({})", arguments(&block));
    check_failure(&house, &sql, Internal, &gone).await;
    Ok(())
}

#[tokio::test]
async fn foreign_formats_are_refused() -> Result<()> {
    let house = House::new().await?;
    let capture = Capture::load("generator")?;
    register(&house, &capture, |stream| {
        stream.format = "otlp/v1/logs".to_owned();
    })
    .await?;
    house.store(&capture, |_| ()).await?;
    let sql = "SELECT block_id FROM blocks LIMIT 1";
    let ids = texts(&house.engine, QueryRequest::new(sql)).await?;
    let sql = format!("SELECT * FROM parse_block('{}')", ids[0]);
    let words = format!("block {} is of the format otlp/v1/logs", ids[0]);
    check_failure(&house, &sql, ErrorClass::Invalid, &words).await;
    // What is stored is stored.
    let sql = "SELECT count(get_payload(process_id, stream_id, block_id)) FROM blocks";
    assert!(house.count(QueryRequest::new(sql)).await?.0 > 0);
    Ok(())
}

/// Register the owners of a recording; `alter` may change its streams.
async fn register(house: &House, capture: &Capture, alter: impl Fn(&mut StreamInfo)) -> Result<()> {
    for request in &capture.requests {
        if request.path.ends_with("insert_process") {
            let process = ProcessEnvelope::parse(&request.body)?.into();
            house.catalog.register_process(&process).await?;
        } else if request.path.ends_with("insert_stream") {
            let mut stream = StreamEnvelope::parse(&request.body)?.into();
            alter(&mut stream);
            house.catalog.register_stream(&stream).await?;
        }
    }
    Ok(())
}

/// Commit a block whose segment does not exist.
async fn lose(house: &House, block: &BlockEnvelope) -> Result<()> {
    let segment = NewSegment {
        key: "segments/2022-02-22/19/017f22e2-79b0-7cc3-98c4-dc0c0c07398f.seg".to_owned(),
        bytes: 100,
    };
    let block = NewBlock {
        info: block.into(),
        range: 0..100,
    };
    house.catalog.commit_blocks(&segment, &[block]).await?;
    Ok(())
}

#[tokio::test]
async fn a_query_without_memory_fails_alone() -> Result<()> {
    let house = House::with_config(&config(64 * 1024)).await?;
    house.store(&Capture::load("ledger")?, |_| ()).await?;
    let blocks = sent()?.into_iter();
    let ledger = |block: &BlockEnvelope| block.process_id.to_string() == LEDGER;
    let of_ledger = blocks.filter(|(_, (block, _))| ledger(block));
    let largest = of_ledger.max_by_key(|(_, (_, payload))| payload.len());
    let (id, _) = largest.expect("a block");
    for sql in [
        format!("SELECT * FROM parse_block('{id}')"),
        format!(
            "SELECT get_payload(process_id, stream_id, block_id) FROM blocks \
             WHERE block_id = '{id}'"
        ),
    ] {
        let error = failure(&house.engine, &sql).await;
        assert_eq!(error.class, ErrorClass::Resources, "{error}");
        assert!(error.message.contains("needs more memory"), "{error}");
    }
    let reserved = house.engine.lakehouse().resources().reserved_memory_bytes();
    assert_eq!(reserved, 0);
    Ok(())
}
