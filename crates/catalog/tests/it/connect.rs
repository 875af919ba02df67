//! Opening, reopening, and what happens when that fails.

use catalog::{Catalog, CatalogConfig, Error};
use test_kit::Postgres;

use crate::fixture::{Fixture, block, for_each_catalog};

fn config(url: impl Into<String>) -> CatalogConfig {
    CatalogConfig {
        url: url.into(),
        max_connections: 4,
        cache_bytes: 8 << 20,
    }
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.register(1).await;
        fixture.commit(&[block(1, 1), block(2, 1)]).await;
        let (before, snapshot) = (fixture.visible().await, fixture.snapshot().await);
        fixture.catalog.close().await;
        let error = fixture.catalog.ping().await.unwrap_err();
        assert!(!error.is_retryable(), "closed for good");

        let reopened = fixture.another_catalog().await;
        reopened.ping().await.unwrap();
        assert_eq!(reopened.snapshot().await.unwrap(), snapshot);
        let filter = catalog::BlockFilter::at(snapshot);
        assert_eq!(reopened.blocks(filter).next_page().await.unwrap(), before);
        reopened.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn instances_that_start_at_once_all_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Postgres::start().await.unwrap();
    let urls = [
        format!("sqlite://{}/a/b/c.db", folder.path().display()),
        server.create_database().await.unwrap(),
    ];
    for url in urls {
        let starts = (0..6).map(|_| {
            let config = config(&url);
            tokio::spawn(async move { Catalog::connect(&config).await })
        });
        for start in starts.collect::<Vec<_>>() {
            let catalog = start.await.unwrap().unwrap();
            catalog.ping().await.unwrap();
            catalog.close().await;
        }
    }
}

#[tokio::test]
async fn a_wrong_place_is_told_from_a_busy_one() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(
        &text,
        "this is no database, only a text that is long enough".repeat(10),
    )
    .unwrap();
    let error = Catalog::connect(&config(format!("sqlite://{}", text.display())))
        .await
        .unwrap_err();
    assert!(!error.is_retryable(), "{error:?}");

    let below_a_file = format!("sqlite://{}/c.db", text.display());
    let error = Catalog::connect(&config(below_a_file)).await.unwrap_err();
    assert!(matches!(error, Error::CreateFolder(_)));

    let error = Catalog::connect(&config("redis://host")).await.unwrap_err();
    assert!(matches!(error, Error::UnsupportedUrl));

    let port = test_kit::free_port().unwrap();
    let url = format!("postgres://ann:hunter2@127.0.0.1:{port}/lake");
    let error = Catalog::connect(&config(url)).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    let mut text = format!("{error:?} {error}");
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text += &format!(" {inner}");
        cause = inner.source();
    }
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_server_that_goes_away_is_worth_another_try() {
    let server = Postgres::start().await.unwrap();
    let url = server.create_database().await.unwrap();
    let catalog = Catalog::connect(&config(url)).await.unwrap();
    catalog.ping().await.unwrap();
    drop(server);
    let error = catalog.ping().await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
}

#[tokio::test]
async fn a_locked_file_is_worth_another_try() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/c.db", folder.path().display());
    let catalog = Catalog::connect(&config(&url)).await.unwrap();
    // Another process that stops in the middle of a write.
    use sqlx::{Connection, SqliteConnection};
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    let minute = std::time::Duration::from_secs(60);
    let error = catalog.acquire_lease("a", "b", minute).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    catalog.ping().await.unwrap();
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    assert!(catalog.acquire_lease("a", "b", minute).await.unwrap());
}
