//! Recorded traffic of real producers, in any order and any number of times.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};
use test_kit::{Capture, Request};
use uuid::Uuid;
use wire::envelope::BlockEnvelope;

use crate::envelope::BLOCK;
use crate::server::TestServer;

fn recorded() -> Vec<Request> {
    let captures = ["ledger", "generator"].map(|name| Capture::load(name).unwrap());
    captures
        .into_iter()
        .flat_map(|capture| capture.requests)
        .collect()
}

/// A fixed permutation that leaves little in place.
fn shuffled(mut requests: Vec<Request>, seed: u64) -> Vec<Request> {
    let mut state = seed;
    for end in (1..requests.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        requests.swap(end, (state >> 33) as usize % (end + 1));
    }
    requests
}

async fn send(server: &TestServer, requests: Vec<Request>, connections: usize) {
    stream::iter(requests)
        .for_each_concurrent(connections, async |request| {
            server.accept(&request.path, request.body).await;
        })
        .await;
}

/// Every recorded block is there once, with its own bytes.
async fn assert_complete(server: &TestServer) {
    let recorded = recorded();
    let sent: Vec<BlockEnvelope> = recorded
        .iter()
        .filter(|request| request.path == BLOCK)
        .map(|request| BlockEnvelope::parse(&request.body).unwrap())
        .collect();
    let stored = server.visible_blocks().await;
    assert_eq!(stored.len(), sent.len());
    let ids: BTreeSet<Uuid> = stored
        .iter()
        .map(|block| block.info.block_id.uuid())
        .collect();
    assert_eq!(ids, sent.iter().map(|block| block.block_id).collect());
    for block in &stored {
        let id = block.info.block_id.uuid();
        let sent = sent.iter().find(|sent| sent.block_id == id).unwrap();
        let mut payload = Vec::new();
        sent.payload.encode_into(&mut payload);
        assert_eq!(server.payload(block).await, payload);
        assert_eq!(block.info, sent.into());
    }
    assert!(!stored.is_empty());
}

#[tokio::test]
async fn in_order_and_twice() {
    let server = TestServer::start().await;
    for _ in 0..2 {
        send(&server, recorded(), 1).await;
        assert_complete(&server).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn shuffled_and_from_eight_connections() {
    for seed in 1..4 {
        let server = TestServer::start().await;
        let mut requests = shuffled(recorded(), seed);
        requests.extend(shuffled(recorded(), seed + 100));
        send(&server, requests, 8).await;
        assert_complete(&server).await;
        server.stop().await;
    }
}
