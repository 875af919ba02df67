//! The time that a query may take.

use std::time::Duration;

use anyhow::Result;
use futures::StreamExt;
use query::{ErrorClass, QueryRequest, classify_stream_error};

use crate::administrators::administrator;
use crate::maintenance::{paths, two_hours};

#[tokio::test]
async fn a_query_that_takes_too_long_ends_with_a_sentence() -> Result<()> {
    let house = two_hours().await?;
    let engine = house.engine_for(Duration::ZERO)?;
    for sql in ["SELECT 1", "SELECT * FROM log_entries"] {
        // Where the catalog is asked, already the planning may take too long.
        let error = match engine.plan(QueryRequest::new(sql)).await?.execute().await {
            Err(error) => error,
            Ok(mut stream) => {
                let error = stream.next().await.expect("an item").expect_err("too late");
                assert!(stream.next().await.is_none(), "{sql}");
                classify_stream_error(&error)
            }
        };
        assert_eq!(error.class, ErrorClass::Resources, "{sql}: {error}");
        assert!(
            error
                .message
                .contains("the query took longer than 0 seconds"),
            "{error}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn administrative_work_is_limited_too() -> Result<()> {
    let house = two_hours().await?;
    let engine = house.engine_for(Duration::ZERO)?;
    let sql = "SELECT * FROM materialize_partitions('blocks', '2026-01-05', '2026-01-06', 3600)";
    let mut stream = engine.plan(administrator(sql)).await?.execute().await?;
    let error = stream.next().await.expect("an item").expect_err("too late");
    assert_eq!(classify_stream_error(&error).class, ErrorClass::Resources);
    assert!(paths(&house, "blocks").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_query_in_time_gives_all_its_rows() -> Result<()> {
    let house = two_hours().await?;
    // Longer than the limit of all queries, so that one holds.
    let engine = house.engine_for(Duration::MAX)?;
    let sql = "SELECT * FROM log_entries";
    let mut stream = engine.plan(QueryRequest::new(sql)).await?.execute().await?;
    let mut rows = 0;
    while let Some(batch) = stream.next().await.transpose()? {
        rows += batch.num_rows();
    }
    assert!(rows > 4000);
    Ok(())
}
