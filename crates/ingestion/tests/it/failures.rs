//! Storage that fails, and what clients see of it.

use uuid::Uuid;

use crate::envelope::{BLOCK, PROCESS, Producer, STREAM};
use crate::server::TestServer;

async fn assert_internal_error(server: &TestServer, path: &str, body: bytes::Bytes) {
    let response = server.post(path, body).await;
    assert_eq!(response.status(), 500, "{path}");
    let kind = response.headers()["content-type"].to_str().unwrap();
    assert_eq!(kind, "text/plain; charset=utf-8");
    assert_eq!(response.text().await.unwrap(), "Internal server error");
}

#[tokio::test]
async fn a_block_refused_by_the_object_store_is_accepted_once_it_is_back() {
    let server = TestServer::start().await;
    let producer = Producer::new();
    server.accept(PROCESS, producer.process_body(&[])).await;
    server.accept(STREAM, producer.stream_body(&[])).await;
    let body = producer.block_body(Uuid::new_v4(), b"events");
    // A file where the folder was: nothing can be written below it.
    let aside = server.objects.with_extension("aside");
    std::fs::rename(&server.objects, &aside).unwrap();
    std::fs::write(&server.objects, "").unwrap();
    assert_internal_error(&server, BLOCK, body.clone()).await;
    assert!(server.visible_blocks().await.is_empty());
    std::fs::remove_file(&server.objects).unwrap();
    std::fs::rename(&aside, &server.objects).unwrap();
    server.accept(BLOCK, body).await;
    assert_eq!(server.visible_blocks().await.len(), 1);
    server.assert_nothing_lost_or_left().await;
    server.stop().await;
}

#[tokio::test]
async fn without_its_catalog_everything_is_500() {
    let server = TestServer::start().await;
    let producer = Producer::new();
    server.catalog.close().await;
    assert_internal_error(&server, PROCESS, producer.process_body(&[])).await;
    assert_internal_error(&server, STREAM, producer.stream_body(&[])).await;
    let block = producer.block_body(Uuid::new_v4(), b"events");
    assert_internal_error(&server, BLOCK, block).await;
    server.stop().await;
}
