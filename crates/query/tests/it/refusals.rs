//! What is refused, in which class, and how the message reads.

use anyhow::Result;
use query::{ErrorClass, QueryRequest};

use crate::house::House;

/// The statement fails in this class, with every one of `words` in the message.
async fn check(house: &House, sql: &str, class: ErrorClass, words: &[&str]) {
    let error = match house.engine.plan(QueryRequest::new(sql)).await {
        Ok(query) => query.execute().await.map(drop).expect_err(sql),
        Err(error) => error,
    };
    assert_eq!(error.class, class, "{sql}: {error}");
    for word in words {
        assert!(
            error.message.contains(word),
            "{sql}: {word} is not in: {error}"
        );
    }
}

#[tokio::test]
async fn mistakes_are_explained() -> Result<()> {
    use ErrorClass::{Invalid, Unsupported};
    let house = House::new().await?;
    check(
        &house,
        "SELEC 1",
        Invalid,
        &["error building dataframe", "Line: 1"],
    )
    .await;
    check(&house, "SELECT * FROM nowhere", Invalid, &["nowhere"]).await;
    check(
        &house,
        "SELECT nothing FROM log_entries",
        Invalid,
        &["nothing", "line 1"],
    )
    .await;
    check(
        &house,
        "SELECT 1; SELECT 2",
        Unsupported,
        &["single SQL statement"],
    )
    .await;
    let instance = |set: &str, id: &str| format!("SELECT * FROM view_instance('{set}', '{id}')");
    check(
        &house,
        &instance("processes", "global"),
        Invalid,
        &["view set processes not found"],
    )
    .await;
    check(
        &house,
        &instance("log_entries", "x"),
        Invalid,
        &["'x'", "UUID"],
    )
    .await;
    check(
        &house,
        "SELECT * FROM view_instance('measures')",
        Invalid,
        &["two arguments"],
    )
    .await;
    check(
        &house,
        "SELECT * FROM view_instance(1, 2)",
        Invalid,
        &["literal string"],
    )
    .await;
    Ok(())
}

#[tokio::test]
async fn nothing_but_reading_is_allowed() -> Result<()> {
    let house = House::new().await?;
    for sql in [
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "DROP TABLE log_entries",
        "INSERT INTO log_entries SELECT * FROM log_entries",
        "DELETE FROM log_entries",
        "COPY (SELECT 1) TO '/tmp/never.csv'",
        "SET datafusion.execution.batch_size = 1",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/never.csv'",
    ] {
        check(&house, sql, ErrorClass::Invalid, &[]).await;
    }
    Ok(())
}
