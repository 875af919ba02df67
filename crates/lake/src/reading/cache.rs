//! Small ranges of objects, which never change, kept in memory.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::try_join_all;
use moka::future::Cache;
use object_store::path::Path;
use object_store::{Error, GetRange, Result};
use tokio::task::JoinSet;

use super::fetch::{Piece, Reads, Source};
use super::stats::{CacheStats, Counters};

/// Longer ranges are data rather than what is looked at again and again: they pass.
const RANGE_BYTES_MAX: u64 = 1 << 20;
/// What an entry takes beside its bytes and its path, roughly.
const ENTRY_BYTES: usize = 256;

/// Reads ranges, and keeps small ones up to a number of bytes. While a call inserts
/// what it read, that comes on top.
pub(super) struct RangeCache {
    source: Source,
    /// None keeps nothing.
    ranges: Option<Cache<RangeKey, Piece>>,
    counters: Arc<Counters>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct RangeKey {
    path: Arc<str>,
    start: u64,
    end: u64,
}

impl RangeCache {
    pub fn new(source: Source, bytes: u64) -> Self {
        let ranges = Cache::builder().max_capacity(bytes).weigher(weight);
        Self {
            source,
            ranges: (bytes > 0).then(|| ranges.build()),
            counters: Arc::default(),
        }
    }

    pub fn source(&self) -> &Source {
        &self.source
    }

    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    pub fn stats(&self) -> CacheStats {
        let held = self.ranges.as_ref().map_or(0, Cache::weighted_size);
        self.counters.stats(held)
    }

    /// Whether such a range is kept.
    pub fn takes(&self, range: &Range<u64>) -> bool {
        let length = range.end.checked_sub(range.start);
        self.ranges.is_some()
            && length.is_some_and(|length| (1..=RANGE_BYTES_MAX).contains(&length))
    }

    /// The piece of each range, in the order given, and how many of them were kept.
    /// Ranges have bytes, and they all lie inside the object, or it is an error.
    pub async fn read(
        self: &Arc<Self>,
        path: &Path,
        ranges: Vec<Range<u64>>,
    ) -> Result<(Vec<Piece>, u64)> {
        for range in &ranges {
            let valid = GetRange::Bounded(range.clone()).is_valid();
            valid.map_err(|error| Error::Generic {
                store: "lake",
                source: error.into(),
            })?;
        }
        let key: Arc<str> = path.as_ref().into();
        let mut pieces = Vec::with_capacity(ranges.len());
        for range in &ranges {
            pieces.push(self.cached(&key, range).await);
        }
        let missing = ranges.into_iter().zip(&pieces);
        let missing = missing.filter(|(_, piece)| piece.is_none());
        let missing: Vec<_> = missing.map(|(range, _)| range).collect();
        let hits = (pieces.len() - missing.len()) as u64;
        let mut loaded = self.load(key, path, missing).await?.into_iter();
        let filled = pieces.into_iter();
        let filled = filled.map(|piece| piece.or_else(|| loaded.next()));
        let filled = filled.map(|piece| piece.expect("what was missing is loaded"));
        Ok((filled.collect(), hits))
    }

    async fn cached(&self, path: &Arc<str>, range: &Range<u64>) -> Option<Piece> {
        let ranges = self.ranges.as_ref().filter(|_| self.takes(range))?;
        let piece = ranges.get(&RangeKey::new(path, range)).await?;
        self.counters.hit();
        Some(piece)
    }

    async fn load(
        self: &Arc<Self>,
        key: Arc<str>,
        path: &Path,
        missing: Vec<Range<u64>>,
    ) -> Result<Vec<Piece>> {
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let reads = Reads::plan(&self.source, path, &missing, &self.counters);
        if self.ranges.is_none() {
            let pieces = try_join_all(missing.iter().map(|range| reads.piece(range)));
            return pieces.await.map_err(unshared);
        }
        // Others may wait for these reads while nobody polls this call, which may be
        // one of many that a query has begun. The task ends with the call.
        let mut task = JoinSet::new();
        let cache = Arc::clone(self);
        task.spawn(async move { cache.load_shared(&key, &reads, &missing).await });
        let loaded = task.join_next().await.expect("there is one task");
        loaded?.map_err(unshared)
    }

    async fn load_shared(
        &self,
        key: &Arc<str>,
        reads: &Reads,
        missing: &[Range<u64>],
    ) -> Result<Vec<Piece>, Arc<Error>> {
        let loads = missing.iter().map(|range| self.load_one(key, reads, range));
        let pieces = try_join_all(loads).await;
        if let Some(ranges) = &self.ranges {
            // Evicts at once what is over the bound, rather than some time.
            ranges.run_pending_tasks().await;
        }
        pieces
    }

    /// Read a range, unless another call is about to: then its read is awaited.
    async fn load_one(
        &self,
        key: &Arc<str>,
        reads: &Reads,
        range: &Range<u64>,
    ) -> Result<Piece, Arc<Error>> {
        let Some(ranges) = self.ranges.as_ref().filter(|_| self.takes(range)) else {
            return reads.piece(range).await;
        };
        let read = async {
            self.counters.miss();
            reads.piece(range).await.map(Piece::alone)
        };
        let entry = ranges.entry(RangeKey::new(key, range));
        let entry = entry.or_try_insert_with(read).await;
        let entry = entry.map_err(Arc::unwrap_or_clone)?;
        if !entry.is_fresh() {
            self.counters.hit();
        }
        Ok(entry.into_value())
    }
}

impl RangeKey {
    fn new(path: &Arc<str>, range: &Range<u64>) -> Self {
        Self {
            path: Arc::clone(path),
            start: range.start,
            end: range.end,
        }
    }
}

impl Piece {
    /// The same without the read that it came with, which would stay in memory as well.
    fn alone(self) -> Self {
        Self {
            bytes: Bytes::copy_from_slice(&self.bytes),
            meta: self.meta,
        }
    }
}

fn weight(key: &RangeKey, piece: &Piece) -> u32 {
    let bytes = key.path.len() + piece.bytes.len() + ENTRY_BYTES;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// The error of a read that several calls waited for.
#[derive(Debug)]
struct SharedError(Arc<Error>);

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("reading a range")
    }
}

impl std::error::Error for SharedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

/// Keeps the classes that somebody tells apart.
fn unshared(error: Arc<Error>) -> Error {
    let shared = match Arc::try_unwrap(error) {
        Ok(error) => return error,
        Err(shared) => shared,
    };
    let source = Box::new(SharedError(Arc::clone(&shared)));
    match &*shared {
        Error::NotFound { path, .. } => Error::NotFound {
            path: path.clone(),
            source,
        },
        Error::PermissionDenied { path, .. } => Error::PermissionDenied {
            path: path.clone(),
            source,
        },
        Error::Unauthenticated { path, .. } => Error::Unauthenticated {
            path: path.clone(),
            source,
        },
        _ => Error::Generic {
            store: "lake",
            source,
        },
    }
}
