//! Sending recorded traffic as its producers would, and as a bad network would deliver it.

use anyhow::{Result, ensure};
use futures::stream::{self, StreamExt, TryStreamExt};
use test_kit::{Capture, Request};

use crate::deployment::Deployment;

/// Post requests over up to `connections` connections at the same time; every one must be
/// accepted.
pub async fn post_all(to: &Deployment, requests: Vec<Request>, connections: usize) -> Result<()> {
    stream::iter(requests.into_iter().map(Ok::<_, anyhow::Error>))
        .try_for_each_concurrent(connections, async |request| {
            let status = to.post(&request.path, request.body).await?;
            ensure!(status == 200, "{}: {status}", request.path);
            Ok(())
        })
        .await
}

pub async fn post_in_order(to: &Deployment, capture: &Capture) -> Result<()> {
    stream::iter(capture.requests.clone())
        .map(Ok)
        .try_for_each(async |request| post_all(to, vec![request], 1).await)
        .await
}

/// A fixed permutation of the requests, different for each seed.
pub fn shuffled(requests: &[Request], seed: u64) -> Vec<Request> {
    let mut shuffled = requests.to_vec();
    let mut state = Random::new(seed);
    for last in (1..shuffled.len()).rev() {
        shuffled.swap(last, state.below(last as u64 + 1) as usize);
    }
    shuffled
}

/// A small seeded generator (SplitMix64): the same seed gives the same run.
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub const fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
