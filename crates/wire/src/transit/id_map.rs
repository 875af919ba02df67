//! A map from dependency ids to positions.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

pub(super) type IdMap = HashMap<u64, u32, IdHashBuilder>;

/// Hashes one `u64` with one multiplication. Ids come from strangers, so secrets that
/// they can not know decide which ids collide.
#[derive(Clone, Copy)]
pub(super) struct IdHashBuilder {
    mask: u64,
    factor: u64,
}

impl IdHashBuilder {
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        Self {
            mask: random.hash_one(0u64),
            factor: random.hash_one(1u64) | 1,
        }
    }
}

impl std::fmt::Debug for IdHashBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdHashBuilder")
    }
}

impl BuildHasher for IdHashBuilder {
    type Hasher = IdHasher;

    #[inline]
    fn build_hasher(&self) -> IdHasher {
        IdHasher {
            state: self.mask,
            factor: self.factor,
        }
    }
}

pub(super) struct IdHasher {
    state: u64,
    factor: u64,
}

impl Hasher for IdHasher {
    #[inline]
    fn write_u64(&mut self, id: u64) {
        let product = u128::from(id ^ self.state) * u128::from(self.factor);
        self.state = (product >> 64) as u64 ^ product as u64;
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }
}
