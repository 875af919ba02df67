//! What runs did.

use server_kit::{Counter, ErrorChain};
use views::Upkeep;

use crate::Task;

static BUILT: Counter = Counter::new("partitions_built", "count");
static MERGED: Counter = Counter::new("partitions_merged", "count");
static WRITTEN: Counter = Counter::new("partitions_bytes_written", "bytes");
static SUPERSEDED: Counter = Counter::new("partitions_superseded", "count");
static CLEANED: Counter = Counter::new("maintenance_cleaned", "count");
static FAILURES: Counter = Counter::new("materialize_view_failure", "count");

/// What one run of a task did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    pub upkeep: Upkeep,
    pub cleaned: Cleaned,
    /// Parts of the run that failed; the others were done all the same.
    pub failures: u64,
}

/// What is not there any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Rows of expired blocks.
    pub blocks: u64,
    /// Expired segments, with their objects.
    pub segments: u64,
    /// Streams and processes without blocks.
    pub owners: u64,
    /// Expired and replaced partitions, with their objects.
    pub partitions: u64,
    /// Halves of replicated blocks.
    pub staged: u64,
    /// Objects that nothing referred to.
    pub orphan_segments: u64,
    pub orphan_partitions: u64,
    /// Files that crashed writers left behind.
    pub temporary_files: u64,
}

impl Report {
    /// Nothing happened at all.
    pub fn is_idle(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn log(&self, task: Task, seconds: f64) {
        let task = task.name();
        if self.is_idle() {
            tracing::debug!(task, seconds, "nothing to maintain");
            return;
        }
        let Self {
            upkeep,
            cleaned,
            failures,
        } = self;
        BUILT.add(upkeep.built);
        MERGED.add(upkeep.merged);
        WRITTEN.add(upkeep.bytes);
        SUPERSEDED.add(upkeep.superseded);
        CLEANED.add(cleaned.total());
        FAILURES.add(*failures);
        tracing::info!(
            task,
            seconds,
            built = upkeep.built,
            merged = upkeep.merged,
            rows = upkeep.rows,
            bytes = upkeep.bytes,
            superseded = upkeep.superseded,
            cleaned = cleaned.total(),
            failures,
            "maintained"
        );
        if *cleaned != Cleaned::default() {
            tracing::info!(task, ?cleaned, "cleaned");
        }
    }

    /// Log and count what failed.
    pub(crate) fn failed(
        &mut self,
        doing: &'static str,
        error: &(dyn std::error::Error + 'static),
    ) {
        self.failures += 1;
        tracing::warn!(error = %ErrorChain(error), "{doing} failed; the next run tries again");
    }
}

impl Cleaned {
    const fn total(&self) -> u64 {
        self.blocks
            + self.segments
            + self.owners
            + self.partitions
            + self.staged
            + self.orphan_segments
            + self.orphan_partitions
            + self.temporary_files
    }
}
