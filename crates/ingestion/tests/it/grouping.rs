//! Blocks that arrive together are stored together.

use std::collections::HashSet;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use ingestion::Config;
use uuid::Uuid;

use crate::envelope::{BLOCK, PROCESS, Producer, STREAM, stored_payload};
use crate::server::TestServer;

async fn registered(server: &TestServer) -> Producer {
    let producer = Producer::new();
    server.accept(PROCESS, producer.process_body(&[])).await;
    server.accept(STREAM, producer.stream_body(&[])).await;
    producer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_small_blocks_share_few_objects_and_are_visible_when_acknowledged() {
    let server = TestServer::start().await;
    let producer = registered(&server).await;
    let ids: Vec<Uuid> = (0..1000).map(|_| Uuid::new_v4()).collect();
    stream::iter(&ids)
        .for_each_concurrent(64, async |id| {
            let objects = id.as_bytes();
            server
                .accept(BLOCK, producer.block_body(*id, objects))
                .await;
            let snapshot = server.catalog.snapshot().await.unwrap();
            let mut filter = catalog::BlockFilter::at(snapshot);
            filter.block_ids = Some(vec![(*id).into()]);
            let found = server.catalog.blocks(filter).next_page().await.unwrap();
            assert_eq!(found.len(), 1, "{id} was acknowledged and is not visible");
        })
        .await;
    let blocks = server.visible_blocks().await;
    let stored: HashSet<Uuid> = blocks
        .iter()
        .map(|block| block.info.block_id.uuid())
        .collect();
    assert_eq!(stored, ids.into_iter().collect());
    for block in blocks.iter().step_by(97) {
        let expected = stored_payload(block.info.block_id.as_bytes());
        assert_eq!(server.payload(block).await, expected);
    }
    let objects = server.segment_objects().await;
    assert!(objects < 250, "{objects} objects for 1000 blocks");
    server.assert_nothing_lost_or_left().await;
    server.stop().await;
}

#[tokio::test]
async fn copies_of_a_block_sent_at_once_count_once() {
    let server = TestServer::start().await;
    let producer = registered(&server).await;
    let id = Uuid::new_v4();
    stream::iter(0..32)
        .for_each_concurrent(32, async |_| {
            server
                .accept(BLOCK, producer.block_body(id, b"events"))
                .await;
        })
        .await;
    assert_eq!(server.visible_blocks().await.len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn segments_keep_to_their_bounds() {
    let server = TestServer::start_with(Config {
        segment_bytes_max: 1000,
        segment_blocks_max: 3,
        flights_max: 1,
        ..Config::default()
    })
    .await;
    let producer = registered(&server).await;
    stream::iter(0..40_usize)
        .for_each_concurrent(40, async |index| {
            let objects = vec![1; if index == 7 { 5000 } else { 300 }];
            let body = producer.block_body(Uuid::new_v4(), &objects);
            server.accept(BLOCK, body).await;
        })
        .await;
    let segments = server.catalog.referenced_segments(None, 100).await.unwrap();
    assert_eq!(
        segments.iter().map(|segment| segment.blocks).sum::<u64>(),
        40
    );
    for segment in segments {
        assert!(segment.blocks <= 3, "{segment:?}");
        assert!(segment.bytes <= 1000 || segment.blocks == 1, "{segment:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn stopping_stores_what_was_accepted() {
    let server = TestServer::start().await;
    let producer = registered(&server).await;
    let ids: Vec<Uuid> = (0..64).map(|_| Uuid::new_v4()).collect();
    let (client, url) = (server.client.clone(), server.url(BLOCK));
    let sending = tokio::spawn(async move {
        let statuses = ids.into_iter().map(|id| {
            let request = client.post(&url).body(producer.block_body(id, b"events"));
            async move { (id, request.send().await.map(|response| response.status())) }
        });
        futures::future::join_all(statuses).await
    });
    test_kit::wait_until(Duration::from_secs(30), async || {
        !server.visible_blocks().await.is_empty()
    })
    .await
    .unwrap();
    server.shutdown.trigger();
    let answers = sending.await.unwrap();
    let TestServer {
        catalog, outcome, ..
    } = &server;
    let acknowledged: HashSet<Uuid> = answers
        .into_iter()
        .filter(|(_, status)| status.as_ref().is_ok_and(|status| *status == 200))
        .map(|(id, _)| id)
        .collect();
    test_kit::wait_until(Duration::from_secs(30), async || outcome.is_finished())
        .await
        .unwrap();
    assert!(catalog.ping().await.is_ok());
    let stored = server.visible_blocks().await;
    let stored: HashSet<Uuid> = stored
        .iter()
        .map(|block| block.info.block_id.uuid())
        .collect();
    assert!(acknowledged.is_subset(&stored));
    assert!(!acknowledged.is_empty());
    server.assert_nothing_lost_or_left().await;
}
