//! Memory is bounded, and a full budget is an answer.

use std::time::Duration;

use ingestion::Config;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::envelope::{BLOCK, Producer};
use crate::server::TestServer;

const MIB: usize = 1024 * 1024;

fn small_budget() -> Config {
    Config {
        body_bytes_max: MIB,
        in_flight_bytes_max: MIB,
        ..Config::default()
    }
}

/// An upload that has reserved `length` bytes and does not end.
async fn unfinished_upload(server: &TestServer, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!("POST {BLOCK} HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_full_budget_is_503_with_retry_after_and_recovers() {
    let server = TestServer::start_with(small_budget()).await;
    let body = Producer::new().block_body(Uuid::new_v4(), &[1; 1000]);
    let holder = unfinished_upload(&server, MIB).await;
    let mut refused = None;
    test_kit::wait_until(Duration::from_secs(30), async || {
        let response = server.post(BLOCK, body.clone()).await;
        let is_refused = response.status() == 503;
        refused = is_refused.then_some(response);
        is_refused
    })
    .await
    .unwrap();
    let refused = refused.unwrap();
    assert_eq!(refused.headers()["retry-after"], "1");
    let kind = refused.headers()["content-type"].to_str().unwrap();
    assert_eq!(kind, "text/plain; charset=utf-8");
    assert_eq!(refused.text().await.unwrap(), "Too busy, try again later");
    let chunked =
        reqwest::Body::wrap_stream(futures::stream::iter([Ok::<_, String>(body.clone())]));
    assert_eq!(server.post(BLOCK, chunked).await.status(), 503);
    // The client goes away; what it had reserved is free again.
    drop(holder);
    test_kit::wait_until(Duration::from_secs(30), async || {
        server.post(BLOCK, body.clone()).await.status() == 200
    })
    .await
    .unwrap();
    server.stop().await;
}

#[tokio::test]
async fn the_largest_body_fits_an_idle_server() {
    let server = TestServer::start_with(small_budget()).await;
    let producer = Producer::new();
    let overhead = producer.block_body(Uuid::new_v4(), &vec![1; MIB / 2]).len() - MIB / 2;
    let body = |length| producer.block_body(Uuid::new_v4(), &vec![1; length - overhead]);
    for _ in 0..3 {
        server.accept(BLOCK, body(MIB)).await;
    }
    let refused = server.post(BLOCK, body(MIB + 1)).await;
    assert_eq!(refused.status(), 413);
    assert_eq!(refused.text().await.unwrap(), "length limit exceeded");
    server.stop().await;
}

#[tokio::test]
async fn a_full_queue_is_503_and_loses_nothing_acknowledged() {
    let server = TestServer::start_with(Config {
        queue_blocks_max: 1,
        flights_max: 1,
        segment_blocks_max: 1,
        ..Config::default()
    })
    .await;
    let producer = Producer::new();
    let posts = (0..64).map(|_| server.post(BLOCK, producer.block_body(Uuid::new_v4(), b"x")));
    let answers = futures::future::join_all(posts).await;
    let count = |code: u16| {
        answers
            .iter()
            .filter(|answer| answer.status() == code)
            .count()
    };
    assert_eq!(count(200) + count(503), 64);
    assert!(count(200) >= 1);
    let segments = server.catalog.referenced_segments(None, 100).await.unwrap();
    assert_eq!(segments.len(), count(200));
    server.stop().await;
}
