//! The SQL metadata of the lake: which processes, streams and blocks exist and where
//! the bytes of each block are. One SQL text runs over SQLite (the embedded default)
//! and PostgreSQL.
//!
//! # The commit clock
//!
//! Every write takes the next [`model::InsertTime`] first, inside its transaction, by
//! updating the one row of `commit_clock`. The lock of that row orders the commits, so
//! a reader that sees time T in [`Catalog::snapshot`] sees everything up to T, and
//! nothing with a time up to T can appear later. Times are strictly increasing also
//! when the wall clock goes back.
//!
//! # When a block becomes visible
//!
//! Processes, streams and blocks arrive in any order. A block whose process or stream
//! is not registered yet is stored without an insert time and no reader sees it; the
//! registration that completes it gives it the insert time of that registration.
//! Readers that have read up to T therefore never miss a block.
//!
//! # Partitions
//!
//! A partition is an immutable file with the rows of one view instance for a half-open
//! range of insert times that lies in the past, so nothing can be missing from it. All
//! changes of one [`Catalog::commit_partitions`] appear at one time of the commit clock,
//! and what is replaced is only marked as retired at that time: a scan at snapshot T
//! sees exactly the partitions that were active at T. The active partitions of one view
//! instance and schema hash never overlap.
//!
//! # How data ends
//!
//! [`Catalog::expire`] moves the horizon before which later snapshots see nothing, and
//! retires the partitions that lie before it. [`Catalog::archive_blocks`] moves the
//! horizon before which readers find blocks in the partitions of the `blocks` view.
//! Nothing is deleted by that. When no query runs any more at a snapshot before some
//! time, `by`, these clean up what horizons and retirements up to `by` left behind, in
//! this order, until nothing is left: [`Catalog::purge_blocks`],
//! [`Catalog::purge_segments`], [`Catalog::purge_owners`], and
//! [`Catalog::retired_partitions`] with [`Catalog::forget_partitions`].
//! [`Catalog::purge_staged`] gives up on halves of replicated blocks that wait too long.
//!
//! # Replication
//!
//! Replication uploads block rows and payloads apart from each other. One without the
//! other is staged; the upload that brings the second makes the block, which is then
//! visible or waits for its owners like any other.
//!
//! # Idempotence
//!
//! The first registration of a process, a stream or a block wins; repeating any write
//! changes nothing.

mod blocks;
mod bulk_blocks;
mod bulk_owners;
mod bulk_sql;
mod catalog;
mod clock;
mod commit;
mod config;
mod database;
mod denials;
mod error;
mod event_time;
mod folder;
mod leases;
mod lists;
mod migrations;
mod owners;
mod partitions;
mod record;
mod recorded;
mod register;
mod retention;
mod row;
mod segments;
mod snapshot;
mod sql;
mod summaries;
mod text;
mod totals;

pub use blocks::{BlockFilter, BlockPages};
pub use bulk_blocks::{BulkBlock, BulkPayload};
pub use catalog::Catalog;
pub use clock::Clock;
pub use config::CatalogConfig;
pub use error::{Error, Result};
pub use partitions::{
    NewPartition, PartitionCommit, PartitionFile, PartitionFilter, PartitionId, PartitionPages,
    RetiredPartition, StoredPartition,
};
pub use record::{
    ArchivedBlock, CommittedGroup, EventBounds, NewBlock, NewDenial, NewSegment, ReferencedSegment,
    Registration, StoredBlock, StoredDenial, StoredProcess, StoredStream,
};
pub use snapshot::Snapshot;
pub use summaries::{ProcessPages, ProcessSummary, StreamPages, StreamSummary, SummaryFilter};
pub use totals::BlockTotals;
