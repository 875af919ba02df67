//! Payloads for the rows of a query.

use anyhow::Result;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::Int64Type;
use query::{ErrorClass, QueryRequest};

use crate::blocks::{NIL, check_failure, failure, sent};
use crate::maintenance::two_hours;

#[tokio::test]
async fn payloads_are_read_for_many_rows() -> Result<()> {
    let house = two_hours().await?;
    let sent = sent()?;
    // As columns of `blocks`, in the order of nothing.
    let sql = "SELECT block_id, payload_size, get_payload(process_id, stream_id, block_id) \
               FROM blocks";
    let (batches, _) = house.run(QueryRequest::new(sql)).await?;
    let mut rows = 0;
    for batch in &batches {
        let ids = batch.column(0).as_string::<i32>();
        let sizes = batch.column(1).as_primitive::<Int64Type>();
        let payloads = batch.column(2).as_binary::<i32>();
        for row in 0..batch.num_rows() {
            assert_eq!(payloads.value(row), sent[ids.value(row)].1);
            assert_eq!(payloads.value_length(row) as i64, sizes.value(row));
            rows += 1;
        }
    }
    assert_eq!(rows, sent.len());

    drop(batches);

    // Each block a hundred times, with NULL between them.
    let sql = "SELECT n.value, get_payload(b.process_id, b.stream_id, \
               CASE WHEN n.value % 2 = 0 THEN b.block_id END) AS payload \
               FROM blocks b CROSS JOIN generate_series(1, 100) n \
               WHERE b.payload_size < 100000";
    let (batches, _) = house.run(QueryRequest::new(sql)).await?;
    let mut nulls = 0;
    rows = 0;
    for batch in &batches {
        assert!(batch.num_rows() <= 32, "{}", batch.num_rows());
        let numbers = batch.column(0).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let is_odd = numbers.value(row) % 2 != 0;
            assert_eq!(batch.column(1).is_null(row), is_odd);
        }
        nulls += batch.column(1).null_count();
        rows += batch.num_rows();
    }
    assert!(rows > 0);
    assert_eq!(nulls * 2, rows);
    assert!(house.engine.lakehouse().resources().reserved_memory_bytes() > 0);
    drop(batches);
    let reserved = house.engine.lakehouse().resources().reserved_memory_bytes();
    assert_eq!(reserved, 0);
    Ok(())
}

#[tokio::test]
async fn payloads_are_found_by_texts_of_any_layout() -> Result<()> {
    let house = two_hours().await?;
    let columns = "process_id, stream_id, block_id";
    let views = "arrow_cast(process_id, 'Utf8View') AS process_id, \
                 arrow_cast(stream_id, 'LargeUtf8') AS stream_id, block_id";
    let upper = "upper(process_id) AS process_id, stream_id, upper(block_id) AS block_id";
    for (sql, expected) in [
        (format!("SELECT DISTINCT {columns} FROM log_entries"), None),
        (format!("SELECT {views} FROM blocks"), Some(sent()?.len())),
        (format!("SELECT {upper} FROM blocks"), Some(sent()?.len())),
    ] {
        let sql = format!("SELECT count(*) FROM ({sql}) WHERE get_payload({columns}) IS NOT NULL");
        let (count, _) = house.count(QueryRequest::new(&sql)).await?;
        assert!(count > 0, "{sql}");
        assert!(
            expected.is_none_or(|expected| expected as i64 == count),
            "{sql}"
        );
    }
    let nothing = "SELECT count(get_payload(process_id, stream_id, block_id)) FROM blocks \
                   WHERE payload_size < 0";
    assert_eq!(house.count(QueryRequest::new(nothing)).await?.0, 0);
    for null in [
        format!("NULL, '{NIL}', '{NIL}'"),
        format!("'x', NULL, '{NIL}'"),
        "NULL, NULL, NULL".to_owned(),
    ] {
        let sql = format!("SELECT get_payload({null})");
        let (batches, _) = house.run(QueryRequest::new(sql)).await?;
        assert!(batches[0].column(0).is_null(0));
    }
    Ok(())
}

#[tokio::test]
async fn payloads_that_do_not_exist_are_errors() -> Result<()> {
    use ErrorClass::Invalid;
    let house = two_hours().await?;
    let (block, _) = sent()?.into_values().next().expect("a block");
    let (process, stream, id) = (block.process_id, block.stream_id, block.block_id);
    for arguments in [
        format!("'{process}', '{stream}', '{NIL}'"),
        format!("'{NIL}', '{stream}', '{id}'"),
        format!("'{process}', '{NIL}', '{id}'"),
    ] {
        let named = arguments.rsplit('\'').nth(1).expect("a block");
        let words = format!("there is no block {named} of process");
        let sql = format!("SELECT get_payload({arguments})");
        check_failure(&house, &sql, Invalid, &words).await;
    }
    let sql = format!("SELECT get_payload('{process}', '{stream}', 'x')");
    check_failure(&house, &sql, Invalid, "'x' is not the UUID of a block").await;
    for sql in [
        "SELECT get_payload()",
        "SELECT get_payload('a', 'b')",
        "SELECT get_payload(1, 'b', 'c')",
    ] {
        let error = failure(&house.engine, sql).await;
        assert_eq!(error.class, Invalid, "{sql}: {error}");
    }
    Ok(())
}
