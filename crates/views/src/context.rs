//! What every scan of one query shares: the time range, the snapshot, the counters.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use catalog::{Catalog, Snapshot};
use datafusion::prelude::SessionConfig;
use lake::ReadStats;
use model::{InsertTime, TimeRange};
use tokio::sync::OnceCell;

use crate::Result;

/// Lives in the session's configuration as an extension, one per query.
///
/// All scans of a query read the same snapshot, taken by the first one, so that a join
/// of two views never sees a commit on one side only.
#[derive(Debug, Default)]
pub struct ScanContext {
    range: Option<TimeRange>,
    /// The snapshot that was asked for; otherwise it is the latest.
    as_of: Option<InsertTime>,
    is_blocks_only: bool,
    snapshot: Arc<OnceCell<Snapshot>>,
    counters: Arc<ScanCounters>,
}

/// What a query's scans did; read when the query ends.
#[derive(Debug, Default)]
pub struct ScanCounters {
    blocks: AtomicU64,
    skipped_blocks: AtomicU64,
    block_bytes: AtomicU64,
    partitions: AtomicU64,
    pruned_partitions: AtomicU64,
    reads: Arc<ReadStats>,
}

impl ScanContext {
    /// `range`: the caller's event-time range, inclusive; it filters every scan.
    pub fn new(range: Option<TimeRange>) -> Self {
        Self {
            range,
            ..Self::default()
        }
    }

    /// The same at an earlier snapshot; a time that has not come yet is the latest one.
    pub fn as_of(range: Option<TimeRange>, time: InsertTime) -> Self {
        Self {
            range,
            as_of: Some(time),
            ..Self::default()
        }
    }

    /// Leave partitions out: every row comes from its block, as far as blocks are kept. The
    /// answers are the same and take longer, which is how partitions are checked.
    #[must_use]
    pub fn blocks_only(self) -> Self {
        Self {
            is_blocks_only: true,
            ..self
        }
    }

    /// The same query over another range: its snapshot and its counters are shared.
    pub fn with_range(&self, range: Option<TimeRange>) -> Arc<Self> {
        Arc::new(Self {
            range,
            as_of: self.as_of,
            is_blocks_only: self.is_blocks_only,
            snapshot: Arc::clone(&self.snapshot),
            counters: Arc::clone(&self.counters),
        })
    }

    pub fn install(self: &Arc<Self>, config: &mut SessionConfig) {
        config.set_extension(Arc::clone(self));
    }

    /// The context of the session so configured; an unranged one of its own where none was installed.
    pub fn of(config: &SessionConfig) -> Arc<Self> {
        config.get_extension::<Self>().unwrap_or_default()
    }

    pub const fn range(&self) -> Option<TimeRange> {
        self.range
    }

    pub(crate) const fn is_blocks_only(&self) -> bool {
        self.is_blocks_only
    }

    pub const fn counters(&self) -> &Arc<ScanCounters> {
        &self.counters
    }

    /// What all scans of the query see.
    pub async fn snapshot(&self, catalog: &Catalog) -> Result<Snapshot> {
        let take = || async {
            let latest = catalog.current_snapshot().await?;
            match self.as_of {
                Some(time) if time < latest.time => catalog.snapshot_at(time).await,
                _ => Ok(latest),
            }
        };
        Ok(*self.snapshot.get_or_try_init(take).await?)
    }
}

impl ScanCounters {
    /// Blocks of the tail: those whose payload was read.
    pub fn blocks(&self) -> u64 {
        self.blocks.load(Ordering::Relaxed)
    }

    /// Blocks left out because they could not be decoded.
    pub fn skipped_blocks(&self) -> u64 {
        self.skipped_blocks.load(Ordering::Relaxed)
    }

    /// Bytes of payloads and partitions, from the store or from its cache.
    pub fn bytes(&self) -> u64 {
        self.block_bytes.load(Ordering::Relaxed) + self.reads.bytes()
    }

    /// Partitions that were opened or may have been.
    pub fn partitions(&self) -> u64 {
        self.partitions.load(Ordering::Relaxed)
    }

    /// Partitions that the time range or a predicate on a time ruled out.
    pub fn pruned_partitions(&self) -> u64 {
        self.pruned_partitions.load(Ordering::Relaxed)
    }

    /// Reads of partitions that the cache of object ranges answered.
    pub fn cache_hits(&self) -> u64 {
        self.reads.hits()
    }

    pub(crate) const fn reads(&self) -> &Arc<ReadStats> {
        &self.reads
    }

    pub(crate) fn add_block(&self, bytes: u64) {
        self.blocks.fetch_add(1, Ordering::Relaxed);
        self.block_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_skipped_block(&self) {
        self.skipped_blocks.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_partitions(&self, scanned: usize, pruned: usize) {
        self.partitions.fetch_add(scanned as u64, Ordering::Relaxed);
        self.pruned_partitions
            .fetch_add(pruned as u64, Ordering::Relaxed);
    }
}
