//! The lists of view sets and of partitions, which everybody has.

use std::sync::Arc;

use anyhow::Result;
use catalog::{NewPartition, PartitionFile};
use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};
use model::{InsertRange, InsertTime, TimeRange};
use query::{ErrorClass, QueryRequest};

use crate::administrators::{check_columns, reader, refusal};
use crate::house::{House, texts};

/// One hour of log entries, recorded as made by a former version of the view.
pub fn partition(hour: i64) -> NewPartition {
    const HOUR: i64 = 3_600_000_000_000;
    let begin = hour * HOUR;
    NewPartition {
        view_set: "log_entries".to_owned(),
        view_instance: "global".to_owned(),
        schema_hash: vec![4].into(),
        insert_range: InsertRange::new(InsertTime(begin), InsertTime(begin + HOUR)),
        event_range: Some(TimeRange {
            begin: begin - 2,
            end: begin - 1,
        }),
        rows: 7,
        file: Some(PartitionFile {
            key: format!("views/log_entries/global/{hour}.parquet"),
            bytes: 100,
        }),
        source_count: 258,
        sort_order: vec!["time".to_owned()],
    }
}

/// The version of `log_entries` that this build writes.
fn current(house: &House, mut partition: NewPartition) -> NewPartition {
    let sets = house.engine.lakehouse().view_sets();
    let set = sets.into_iter().find(|set| set.name == "log_entries");
    partition.schema_hash = set.expect("a view set").schema_hash;
    partition
}

async fn rows(house: &House, sql: &str) -> Result<Vec<String>> {
    texts(&house.engine, reader("ann", sql)).await
}

#[tokio::test]
async fn they_have_stated_columns_and_an_empty_lake_has_no_partitions() -> Result<()> {
    use DataType::{Binary, Boolean, Int32, Int64, Utf8};
    let house = House::new().await?;
    let time = || DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into()));
    let tags = DataType::List(Arc::new(Field::new("tag", Utf8, false)));
    let view_sets = [
        ("view_set_name", Utf8, false),
        ("current_schema_hash", Binary, false),
        ("schema", Utf8, false),
        ("has_view_maker", Boolean, false),
        ("global_instance_available", Boolean, false),
    ];
    check_columns(&house, "SELECT * FROM list_view_sets()", &view_sets).await?;
    let partitions = [
        ("view_set_name", Utf8, false),
        ("view_instance_id", Utf8, false),
        ("begin_insert_time", time(), false),
        ("end_insert_time", time(), false),
        ("min_event_time", time(), true),
        ("max_event_time", time(), true),
        ("updated", time(), false),
        ("file_path", Utf8, true),
        ("file_size", Int64, false),
        ("file_schema_hash", Binary, false),
        ("source_data_hash", Binary, false),
        ("num_rows", Int64, false),
        ("partition_format_version", Int32, false),
        ("sort_order", tags, true),
        ("max_sort_key_time", time(), true),
    ];
    let sql = "SELECT * FROM list_partitions()";
    check_columns(&house, sql, &partitions).await?;
    let count = QueryRequest::new("SELECT count(*) FROM list_partitions()");
    assert_eq!(house.count(count).await?.0, 0);
    for sql in [
        "SELECT * FROM list_view_sets('x')",
        "SELECT * FROM list_partitions(1)",
    ] {
        let error = refusal(&house.engine, reader("ann", sql)).await;
        assert_eq!(error.class, ErrorClass::Invalid);
        assert!(error.message.contains("takes no arguments"), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn view_sets_are_listed_as_they_are() -> Result<()> {
    let house = House::new().await?;
    let sql = "SELECT concat_ws(' ', view_set_name, has_view_maker, global_instance_available, \
               length(encode(current_schema_hash, 'hex')), schema LIKE '%process_id%') \
               FROM list_view_sets() ORDER BY view_set_name";
    assert_eq!(
        rows(&house, sql).await?,
        [
            "async_events true false 16 false",
            "blocks false true 16 true",
            "images true false 16 true",
            "log_entries true true 16 true",
            "log_stats false true 16 true",
            "measures true true 16 true",
            "net_spans true false 16 true",
            "processes false true 16 true",
            "streams false true 16 true",
            "thread_spans true false 16 false",
        ]
    );
    let limited = "SELECT view_set_name FROM list_view_sets() LIMIT 2";
    assert_eq!(rows(&house, limited).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn partitions_are_listed_as_the_catalog_has_them() -> Result<()> {
    let house = House::new().await?;
    let empty = NewPartition {
        rows: 0,
        event_range: None,
        file: None,
        source_count: 0,
        sort_order: Vec::new(),
        ..partition(3)
    };
    let new = [partition(1), current(&house, partition(2)), empty];
    house.set_time(1_700_000_000_000_000_000);
    house.catalog.commit_partitions(&new, &[]).await?;
    let check = async |columns: &str, expected: [&str; 3]| {
        let sql = format!(
            "SELECT CAST({columns} AS VARCHAR) FROM list_partitions() ORDER BY begin_insert_time"
        );
        assert_eq!(rows(&house, &sql).await?, expected, "{columns}");
        anyhow::Ok(())
    };
    let path = |hour| format!("views/log_entries/global/{hour}.parquet");
    check("file_path", [&path(1), &path(2), "NULL"]).await?;
    check("file_size", ["100", "100", "0"]).await?;
    check("num_rows", ["7", "7", "0"]).await?;
    check("partition_format_version", ["2"; 3]).await?;
    check(
        "encode(source_data_hash, 'hex')",
        ["0201000000000000", "0201000000000000", "0000000000000000"],
    )
    .await?;
    check(
        "file_schema_hash = decode('04', 'hex')",
        ["true", "false", "true"],
    )
    .await?;
    check("array_to_string(sort_order, '+')", ["time", "time", "NULL"]).await?;
    check(
        "end_insert_time - begin_insert_time = INTERVAL '1 hour'",
        ["true"; 3],
    )
    .await?;
    check(
        "max_event_time - min_event_time = INTERVAL '1 nanosecond'",
        ["true", "true", "NULL"],
    )
    .await?;
    // What another version of the view was sorted by is not known.
    check(
        "max_sort_key_time = max_event_time",
        ["NULL", "true", "NULL"],
    )
    .await?;
    check("date_part('epoch', updated)", ["1700000000.0"; 3]).await?;
    Ok(())
}

#[tokio::test]
async fn many_partitions_come_in_pages() -> Result<()> {
    let house = House::new().await?;
    let new: Vec<_> = (0..2500).map(partition).collect();
    house.catalog.commit_partitions(&new, &[]).await?;
    for (sql, expected) in [
        ("SELECT count(*) FROM list_partitions()", 2500),
        (
            "SELECT count(DISTINCT begin_insert_time) FROM list_partitions()",
            2500,
        ),
        (
            "SELECT count(*) FROM (SELECT 1 FROM list_partitions() LIMIT 3)",
            3,
        ),
        (
            "SELECT count(*) FROM (SELECT 1 FROM list_partitions() LIMIT 1500)",
            1500,
        ),
    ] {
        let (count, _) = house.count(QueryRequest::new(sql)).await?;
        assert_eq!(count, expected, "{sql}");
    }
    Ok(())
}
