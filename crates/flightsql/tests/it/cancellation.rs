//! Queries that end before their rows do.

use crate::harness::{MIB, TestServer};
use flightsql::Config;
use std::time::Duration;
use tonic::Code;

/// Runs for years.
const ENDLESS: &str = "SELECT value FROM generate_series(1, 1000000000000000)";

#[tokio::test]
async fn dropping_the_answer_cancels_the_query() {
    let config = Config {
        max_concurrent_queries: 1,
        ..Config::default()
    };
    let server = TestServer::start_with(config, 256 * MIB).await;
    let mut stream = server.stream(ENDLESS, &[]).await.unwrap();
    // The schema, then rows: it runs.
    for _ in 0..3 {
        assert!(stream.message().await.unwrap().is_some());
    }
    let busy = server.refusal("SELECT 1", &[]).await;
    assert_eq!(busy.code(), Code::ResourceExhausted);
    assert!(busy.message().contains("(query_id="), "{busy}");
    drop(stream);
    test_kit::wait_until(Duration::from_secs(30), async || {
        server.query("SELECT 1", &[]).await.is_ok()
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn the_bound_counts_running_queries_only() {
    let config = Config {
        max_concurrent_queries: 1,
        ..Config::default()
    };
    let server = TestServer::start_with(config, 256 * MIB).await;
    for _ in 0..5 {
        assert_eq!(server.query("SELECT 1", &[]).await.unwrap().rows(), 1);
        server.refusal("SELEC 1", &[]).await;
    }
}
