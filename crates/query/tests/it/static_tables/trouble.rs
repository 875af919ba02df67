//! Files that are no tables, or can not be read to their end.

use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use lake::StaticFiles;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use query::{ErrorClass, StaticTablesConfig};
use test_kit::{Fault, FaultStore, Faults};

use super::{Beside, ONCE, check, failure, table};
use crate::house::{House, config};

#[tokio::test]
async fn what_is_no_table_costs_nothing_else() -> Result<()> {
    let beside = Beside::new().await?;
    let wide: Vec<String> = (0..1001).map(|column| format!("c{column}")).collect();
    let wide = wide.join(",");
    let files: [(&str, &[u8]); 15] = [
        ("empty.csv", b""),
        ("empty.json", b""),
        ("blank.json", b"\n\n"),
        ("array.json", b"[{\"a\": 1}]"),
        ("scalar.json", b"1\n"),
        ("broken.json", b"{\"a\": 1}\n{\"a\": "),
        ("deep.json", &[b'['; 5000]),
        ("ragged.csv", b"a,b\n1,2,3\n"),
        ("binary.csv", b"a,b\n\xff\xfe,2\n"),
        ("twice.csv", b"a,a\n1,2\n"),
        ("wide.csv", wide.as_bytes()),
        ("it's.csv", b"a\n1\n"),
        (".csv", b"a\n1\n"),
        // Those of the lake count, and of two files the first.
        ("streams.csv", b"a\n1\n"),
        ("z/twins.csv", b"z\n1\n"),
    ];
    for (name, content) in files {
        beside.write(name, content)?;
    }
    beside.write("a/twins.json", "{\"a\": 1}")?;
    beside.write("fine.csv", "a\n1\n")?;
    beside.write("header.csv", "a,b")?;
    let engine = beside.engine(ONCE)?;
    check(&engine, "SELECT CAST(a AS VARCHAR) FROM twins", &["1"]).await?;
    check(&engine, "SELECT CAST(a AS VARCHAR) FROM fine", &["1"]).await?;
    check(&engine, "SELECT a FROM header", &[]).await?;
    check(&engine, "SELECT stream_id FROM streams", &[]).await?;
    let names = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' \
                 AND table_name NOT LIKE '\\_\\_%' AND table_type = 'BASE TABLE'";
    let expected = [
        "blocks",
        "log_entries",
        "measures",
        "fine",
        "header",
        "twins",
    ];
    check(&engine, names, &expected).await?;
    Ok(())
}

/// Longer than what is looked at to tell the columns.
fn long_file(last: &str) -> String {
    let mut rows: String = (0..200_000)
        .map(|row| format!("{row},name {row}\n"))
        .collect();
    rows.insert_str(0, "id,name\n");
    rows + last
}

#[tokio::test]
async fn long_files_are_read_to_their_end() -> Result<()> {
    let beside = Beside::new().await?;
    beside.write("long.csv", long_file(""))?;
    let objects = (0..100_000).map(|row| format!("{{\"id\": {row}}}\n"));
    beside.write("long_objects.json", objects.collect::<String>())?;
    beside.write("bad.csv", long_file("x,y\n"))?;
    beside.write("cut.csv", long_file("1"))?;
    beside.write("endless.csv", "x".repeat(2 << 20))?;
    let engine = beside.engine(ONCE)?;
    let sum = "SELECT concat_ws('|', count(*), sum(id), count(DISTINCT name)) FROM long";
    check(&engine, sum, &["200000|19999900000|200000"]).await?;
    let sum = "SELECT concat_ws('|', count(*), sum(id)) FROM long_objects";
    check(&engine, sum, &["100000|4999950000"]).await?;
    // What comes before the mistake may be asked for.
    check(&engine, "SELECT name FROM bad LIMIT 1", &["name 0"]).await?;
    for (name, words) in [
        (
            "bad",
            &["bad is malformed", "'x'", "column 0 at line 200001"],
        ),
        ("cut", &["cut is malformed", "expected 2", "line 200002"]),
    ] {
        let error = failure(&engine, &format!("SELECT count(id) FROM {name}")).await;
        assert_eq!(error.class, ErrorClass::Internal);
        for word in words {
            assert!(error.message.contains(word), "{word} is not in: {error}");
        }
    }
    assert!(table(&engine, "SELECT * FROM endless").await.is_err());
    Ok(())
}

#[tokio::test]
async fn reading_keeps_to_the_share_of_the_query() -> Result<()> {
    let beside = Beside::new().await?;
    beside.write("long.csv", long_file(""))?;
    let uri = format!("file://{}", beside.folder.path().display());
    let static_tables = StaticTablesConfig {
        files: StaticFiles::open(&uri, [])?,
        refresh: ONCE,
    };
    let small = House::with_config(&config(1 << 20)).await?;
    let engine = small.engine_with(static_tables)?;
    let error = failure(&engine, "SELECT max(name) FROM long").await;
    assert_eq!(error.class, ErrorClass::Resources, "{error}");
    check(&engine, "SELECT 'still here'", &["still here"]).await
}

#[tokio::test]
async fn a_store_that_fails_says_nothing_to_clients() -> Result<()> {
    let memory = Arc::new(InMemory::new());
    let path = "secret/owners.csv".into();
    memory
        .put(&path, Bytes::from("team\nrender\n").into())
        .await?;
    let faults = Faults::new(1);
    let store = FaultStore::new(memory, faults.clone());
    let files = StaticFiles::of_store(Arc::new(store));
    let house = House::new().await?;
    let engine = house.engine_with(StaticTablesConfig {
        files,
        refresh: ONCE,
    })?;
    let sql = "SELECT team FROM owners";
    check(&engine, sql, &["render"]).await?;
    for fault in [Fault::Failure, Fault::Truncation] {
        faults.set(fault, 1.0);
        let error = failure(&engine, sql).await;
        assert_eq!(error.class, ErrorClass::Internal);
        assert_eq!(
            error.message,
            "error building data stream: the file of the static table owners can not be read"
        );
        faults.calm();
    }
    check(&engine, sql, &["render"]).await
}
