//! What reading costs and what the cache saves.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the lake was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStats {
    /// Small ranges that were there, or that another caller was reading already.
    pub hits: u64,
    /// Small ranges that had to be read.
    pub misses: u64,
    /// Held now, keys and entries included.
    pub bytes: u64,
    /// Fetched from the store, gaps between neighbours and large ranges included.
    pub read_bytes: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    read_bytes: AtomicU64,
}

impl Counters {
    pub fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub fn miss(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    pub fn read(&self, bytes: u64) {
        self.read_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn stats(&self, bytes: u64) -> CacheStats {
        CacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            bytes,
            read_bytes: self.read_bytes.load(Ordering::Relaxed),
        }
    }
}

/// What one reader of a lake asked for; shared by all clones of its face.
#[derive(Debug, Default)]
pub struct ReadStats {
    bytes: AtomicU64,
    hits: AtomicU64,
}

impl ReadStats {
    /// Bytes that were asked for, whether the store or the cache had them.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Ranges that the cache had.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, bytes: u64, hits: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.hits.fetch_add(hits, Ordering::Relaxed);
    }
}
