//! What is known of a partition.

use bytes::Bytes;
use model::{InsertRange, InsertTime, TimeNs, TimeRange};

use crate::{Error, Result};

/// Names one recorded partition, for ever: ids are not used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionId(pub i64);

/// The object that holds the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionFile {
    pub key: String,
    pub bytes: u64,
}

/// A partition whose file is durable, about to be recorded. One without rows has no
/// file; it says that there is nothing in its range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPartition {
    pub view_set: String,
    pub view_instance: String,
    /// The version of the view that wrote it, opaque here.
    pub schema_hash: Bytes,
    pub insert_range: InsertRange,
    /// The real minimum and maximum of the rows' event times; `None` without rows.
    pub event_range: Option<TimeRange>,
    pub rows: u64,
    /// `None` without rows.
    pub file: Option<PartitionFile>,
    /// Events, or rows, of the source that went in.
    pub source_count: u64,
    /// Names of the columns that the rows are sorted by, ascending; empty when unknown.
    pub sort_order: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPartition {
    pub id: PartitionId,
    pub partition: NewPartition,
    /// Snapshots from this time on see it, until it is retired.
    pub added: InsertTime,
    /// Wall clock of the writer.
    pub updated: TimeNs,
}

/// The outcome of a commit of partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionCommit {
    /// Everything changed at `time`; `ids` are in the order of the new partitions.
    Committed {
        time: InsertTime,
        ids: Vec<PartitionId>,
    },
    /// Somebody else was there first; nothing changed.
    Conflict,
}

/// A partition that no later snapshot sees, and its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredPartition {
    pub id: PartitionId,
    pub file: Option<PartitionFile>,
}

impl NewPartition {
    /// Whether its parts agree and fit the database.
    pub(super) fn check(&self) -> Result<()> {
        let inconsistent = |what| Err(Error::InconsistentPartition { what });
        if (self.rows == 0) != self.file.is_none() {
            return inconsistent("it has a file exactly if it has rows");
        }
        if (self.rows == 0) != self.event_range.is_none() {
            return inconsistent("it has a range of event times exactly if it has rows");
        }
        if self
            .event_range
            .is_some_and(|range| range.begin > range.end)
        {
            return inconsistent("its range of event times is reversed");
        }
        let bytes = self.file.as_ref().map_or(0, |file| file.bytes);
        if [self.rows, self.source_count, bytes]
            .map(i64::try_from)
            .iter()
            .any(Result::is_err)
        {
            return inconsistent("a count is too large");
        }
        Ok(())
    }
}
