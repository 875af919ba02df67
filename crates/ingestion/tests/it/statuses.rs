//! Status, headers and body of every answer, as producers rely on them.

use std::collections::BTreeMap;

use axum::http::Method;
use bytes::Bytes;
use uuid::Uuid;

use crate::envelope::{BLOCK, PROCESS, Producer, STREAM, stored_payload};
use crate::server::TestServer;

fn truncated(body: &Bytes) -> Bytes {
    body.slice(..body.len() / 2)
}

/// Replaces the only occurrence of `from`, which has the length of `to`.
fn patched(body: &Bytes, from: &[u8], to: &[u8]) -> Bytes {
    assert_eq!(from.len(), to.len());
    let mut patched = body.to_vec();
    let starts: Vec<usize> = (0..=body.len() - from.len())
        .filter(|start| body[*start..].starts_with(from))
        .collect();
    assert_eq!(starts.len(), 1, "{}", from.escape_ascii());
    patched[starts[0]..starts[0] + to.len()].copy_from_slice(to);
    patched.into()
}

#[tokio::test]
async fn what_is_stored_is_200_also_when_it_is_sent_again() {
    let server = TestServer::start().await;
    let (producer, block) = (Producer::new(), Uuid::new_v4());
    for _ in 0..2 {
        server
            .accept(BLOCK, producer.block_body(block, b"events"))
            .await;
        server.accept(STREAM, producer.stream_body(&[])).await;
        server.accept(PROCESS, producer.process_body(&[])).await;
    }
    // The same block with other bytes is a duplicate, not an update.
    server
        .accept(BLOCK, producer.block_body(block, b"others"))
        .await;
    let blocks = server.visible_blocks().await;
    assert_eq!(blocks.len(), 1);
    assert_eq!(blocks[0].info.block_id.uuid(), block);
    assert_eq!(server.payload(&blocks[0]).await, stored_payload(b"events"));
    // Segments of duplicates only do not stay.
    test_kit::wait_until(std::time::Duration::from_secs(30), async || {
        server.segment_objects().await == 1
    })
    .await
    .unwrap();
    server.assert_nothing_lost_or_left().await;
    server.stop().await;
}

#[tokio::test]
async fn what_can_never_be_stored_is_400() {
    let server = TestServer::start().await;
    let producer = Producer::new();
    let process = producer.process_body(&[]);
    let stream = producer.stream_body(&[]);
    let block = producer.block_body(Uuid::new_v4(), b"events");
    let id = producer.process.to_string();
    let garbled_id = "x".repeat(id.len());
    let bodies = [
        (PROCESS, Bytes::new()),
        (STREAM, Bytes::new()),
        (BLOCK, Bytes::new()),
        (PROCESS, truncated(&process)),
        (STREAM, truncated(&stream)),
        (BLOCK, truncated(&block)),
        (PROCESS, Bytes::from_static(b"\xff\xff\xff")),
        (BLOCK, Bytes::from_static(b"{\"block_id\": 1}")),
        // An array and a text of 2^62 bytes that are not there.
        (BLOCK, Bytes::from_static(b"\x9b\x40\0\0\0\0\0\0\0")),
        (BLOCK, Bytes::from_static(b"\xa1\x7b\x40\0\0\0\0\0\0\0")),
        (BLOCK, vec![0x81; 1 << 20].into()),
        (
            PROCESS,
            patched(&process, id.as_bytes(), garbled_id.as_bytes()),
        ),
        (
            STREAM,
            patched(&stream, id.as_bytes(), garbled_id.as_bytes()),
        ),
        (BLOCK, patched(&block, id.as_bytes(), garbled_id.as_bytes())),
        (PROCESS, patched(&process, b"2026-01-02", b"2026-13-02")),
        (
            BLOCK,
            patched(&block, b"05.123456789+00", b"xx.123456789+00"),
        ),
        (BLOCK, patched(&block, b"nb_objects", b"nb_object_")),
        (
            BLOCK,
            patched(&block, b"\x6anb_objects\x01", b"\x6anb_objects\x20"),
        ),
        (
            PROCESS,
            patched(&process, b"\x66distro\x64test", b"\x66distro\x44test"),
        ),
    ];
    for (index, (path, body)) in bodies.into_iter().enumerate() {
        let response = server.post(path, body).await;
        assert_eq!(response.status(), 400, "case {index} on {path}");
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert_eq!(kind, "text/plain; charset=utf-8");
        assert_eq!(response.text().await.unwrap(), "Bad request");
    }
    server.accept(BLOCK, block).await;
    server.stop().await;
}

#[tokio::test]
async fn paths_are_exact_and_methods_are_named() {
    let server = TestServer::start().await;
    for path in [PROCESS, STREAM, BLOCK] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let request = server.client.request(method, server.url(path));
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 405);
            assert_eq!(response.headers()["allow"], "POST");
            assert_eq!(response.text().await.unwrap(), "");
        }
        for path in [format!("{path}/"), format!("/{path}"), path.to_uppercase()] {
            assert_eq!(server.post(&path, "").await.status(), 404, "{path}");
        }
    }
    assert_eq!(server.post("/", "").await.status(), 404);
    server.stop().await;
}

#[tokio::test]
async fn content_type_is_not_looked_at_and_nothing_is_decompressed() {
    let server = TestServer::start().await;
    let producer = Producer::new();
    for kind in ["application/json", "application/octet-stream", "garbled"] {
        let body = producer.block_body(Uuid::new_v4(), b"events");
        let request = server.client.post(server.url(BLOCK));
        let request = request.header("content-type", kind).body(body.clone());
        assert_eq!(request.send().await.unwrap().status(), 200);
        let request = server.client.post(server.url(BLOCK));
        let request = request.header("content-encoding", "gzip").body(body);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    let gzip = Bytes::from_static(b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0");
    assert_eq!(server.post(BLOCK, gzip).await.status(), 400);
    server.stop().await;
}

#[tokio::test]
async fn health_is_unconditional_and_readiness_is_not() {
    let server = TestServer::start().await;
    for path in ["/health", "/ready"] {
        let response = server.client.get(server.url(path)).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.text().await.unwrap(), "");
    }
    server.catalog.close().await;
    test_kit::wait_until(std::time::Duration::from_secs(30), async || {
        let ready = server.client.get(server.url("/ready")).send();
        ready.await.unwrap().status() == 503
    })
    .await
    .unwrap();
    let health = server.client.get(server.url("/health")).send();
    assert_eq!(health.await.unwrap().status(), 200);
    server.stop().await;
}

#[tokio::test]
async fn properties_of_the_server_can_not_be_set_by_clients() {
    let server = TestServer::start().await;
    let producer = Producer::new();
    let sent = [
        ("micromegas.audience", "everybody"),
        ("micromegas.", "x"),
        ("micromegas", "kept"),
        ("build", "42"),
    ];
    let kept = BTreeMap::from([
        ("micromegas".to_owned(), "kept".to_owned()),
        ("build".to_owned(), "42".to_owned()),
    ]);
    server.accept(PROCESS, producer.process_body(&sent)).await;
    server.accept(STREAM, producer.stream_body(&sent)).await;
    server
        .accept(BLOCK, producer.block_body(Uuid::new_v4(), b""))
        .await;
    let block = server.visible_blocks().await.remove(0);
    assert_eq!(block.process.info.properties, kept);
    assert_eq!(block.stream.info.properties, kept);
    server.stop().await;
}
