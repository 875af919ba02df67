//! Files that change, come and go.

use std::fs;
use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use lake::StaticFiles;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use query::{ErrorClass, StaticTablesConfig};
use test_kit::{Fault, FaultStore, Faults, wait_until};

use super::{Beside, OFTEN, ONCE, TIMEOUT, check, failure, table};
use crate::house::House;

#[tokio::test]
async fn rows_are_those_of_now_and_columns_follow() -> Result<()> {
    let beside = Beside::new().await?;
    beside.write("owners.csv", "team,level\nrender,1\n")?;
    beside.write("limits.json", "{\"a\": 1}\n")?;
    let engine = beside.engine(ONCE)?;
    let sql = "SELECT concat_ws('|', team, level) FROM owners";
    check(&engine, sql, &["render|1"]).await?;
    // Columns are known by their names; one that is gone is null, and a new one unseen.
    beside.write("owners.csv", "level,new,team\n2,x,audio\n3,y,video\n")?;
    check(&engine, sql, &["audio|2", "video|3"]).await?;
    beside.write("owners.csv", "new,team\nx,audio\n")?;
    check(&engine, sql, &["audio"]).await?;
    beside.write("limits.json", "{\"b\": 1}\n{\"a\": 2}\n")?;
    let sql = "SELECT coalesce(CAST(a AS VARCHAR), 'NULL') FROM limits";
    check(&engine, sql, &["NULL", "2"]).await?;
    fs::remove_file(beside.path("limits.json"))?;
    let gone = failure(&engine, sql).await;
    assert!(
        gone.message.contains("table limits can not be read"),
        "{gone}"
    );

    let engine = beside.engine(OFTEN)?;
    check(
        &engine,
        "SELECT concat_ws('|', new, team) FROM owners",
        &["x|audio"],
    )
    .await?;
    beside.write("late.csv", "a\n1\n")?;
    beside.write("owners.csv", "other\n7\n")?;
    wait_until(TIMEOUT, async || {
        let late = table(&engine, "SELECT a FROM late").await;
        late.is_ok() && table(&engine, "SELECT other FROM owners").await.is_ok()
    })
    .await?;
    fs::remove_file(beside.path("late.csv"))?;
    wait_until(TIMEOUT, async || {
        let tables = table(&engine, "SHOW TABLES").await;
        tables.is_ok_and(|tables| !tables.contains("late"))
    })
    .await?;
    let gone = failure(&engine, "SELECT a FROM late").await;
    assert_eq!(gone.class, ErrorClass::Invalid);
    Ok(())
}

#[tokio::test]
async fn what_can_not_be_listed_stays_as_it_was() -> Result<()> {
    let memory = Arc::new(InMemory::new());
    let path = "owners.csv".into();
    memory
        .put(&path, Bytes::from("team\nrender\n").into())
        .await?;
    let faults = Faults::new(1);
    let store = FaultStore::new(Arc::clone(&memory) as _, faults.clone());
    let house = House::new().await?;
    // Nothing can be asked for at the start, which succeeds.
    faults.set(Fault::Failure, 1.0);
    let engine = house.engine_with(StaticTablesConfig {
        files: StaticFiles::of_store(Arc::new(store)),
        refresh: OFTEN,
    })?;
    let sql = "SELECT team FROM owners";
    let error = failure(&engine, sql).await;
    assert_eq!(error.class, ErrorClass::Invalid);
    faults.calm();
    wait_until(TIMEOUT, async || table(&engine, sql).await.is_ok()).await?;
    faults.set(Fault::Failure, 1.0);
    let failures = faults.count(Fault::Failure);
    wait_until(TIMEOUT, async || {
        faults.count(Fault::Failure) > failures + 2
    })
    .await?;
    assert!(table(&engine, "DESCRIBE owners").await?.contains("team"));
    Ok(())
}

#[tokio::test]
async fn a_folder_may_come_later() -> Result<()> {
    let beside = Beside::new().await?;
    let uri = format!("file://{}", beside.path("later").display());
    let engine = beside.house.engine_with(StaticTablesConfig {
        files: StaticFiles::open(&uri, [])?,
        refresh: OFTEN,
    })?;
    assert!(table(&engine, "SELECT * FROM owners").await.is_err());
    beside.write("later/owners.csv", "team\nrender\n")?;
    wait_until(TIMEOUT, async || {
        table(&engine, "SELECT * FROM owners").await.is_ok()
    })
    .await
}
