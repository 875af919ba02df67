//! What every scan of one query shares: the time range, the snapshot, the counters.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use catalog::Catalog;
use datafusion::catalog::Session;
use datafusion::prelude::SessionConfig;
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
    snapshot: OnceCell<InsertTime>,
    counters: Arc<ScanCounters>,
}

/// What a query's scans did; read when the query ends.
#[derive(Debug, Default)]
pub struct ScanCounters {
    blocks: AtomicU64,
    skipped_blocks: AtomicU64,
    bytes: AtomicU64,
}

impl ScanContext {
    /// `range`: the caller's event-time range, inclusive; it filters every scan.
    pub fn new(range: Option<TimeRange>) -> Self {
        Self {
            range,
            ..Self::default()
        }
    }

    pub fn install(self: &Arc<Self>, config: &mut SessionConfig) {
        config.set_extension(Arc::clone(self));
    }

    /// The context of `session`; an unranged one of its own where none was installed.
    pub(crate) fn of(session: &dyn Session) -> Arc<Self> {
        session.config().get_extension::<Self>().unwrap_or_default()
    }

    pub const fn range(&self) -> Option<TimeRange> {
        self.range
    }

    pub const fn counters(&self) -> &Arc<ScanCounters> {
        &self.counters
    }

    pub(crate) async fn snapshot(&self, catalog: &Catalog) -> Result<InsertTime> {
        Ok(*self.snapshot.get_or_try_init(|| catalog.snapshot()).await?)
    }
}

impl ScanCounters {
    /// Blocks whose payload was read.
    pub fn blocks(&self) -> u64 {
        self.blocks.load(Ordering::Relaxed)
    }

    /// Blocks left out because they could not be decoded.
    pub fn skipped_blocks(&self) -> u64 {
        self.skipped_blocks.load(Ordering::Relaxed)
    }

    /// Payload bytes read.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn add_block(&self, bytes: u64) {
        self.blocks.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_skipped_block(&self) {
        self.skipped_blocks.fetch_add(1, Ordering::Relaxed);
    }
}
