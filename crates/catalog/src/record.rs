//! What goes into the catalog and what comes out.

use std::ops::Range;
use std::sync::Arc;

use model::{BlockInfo, DenialId, InsertTime, ProcessInfo, StreamInfo, TimeNs};

/// What a registration found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// It was the first one, at this time.
    New(InsertTime),
    /// An earlier one stays as it is.
    AlreadyKnown,
}

/// A segment whose bytes are durable, about to be referenced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSegment {
    pub key: String,
    /// Length of the whole object.
    pub bytes: u64,
}

/// A block inside a new segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBlock {
    pub info: BlockInfo,
    /// Byte range inside the segment.
    pub range: Range<u64>,
}

/// The outcome of one group commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommittedGroup {
    /// The time of the commit, or the latest snapshot when nothing was new.
    pub insert_time: InsertTime,
    /// Rows that are new; the others were known already.
    pub new_blocks: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProcess {
    /// Shared with the decoders of its blocks.
    pub info: Arc<ProcessInfo>,
    pub insert_time: InsertTime,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredStream {
    pub info: StreamInfo,
    pub insert_time: InsertTime,
}

/// Times between which the events of a block lie, in nanoseconds since the Unix epoch.
/// Ticks can convert to times that no integer holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EventBounds {
    pub begin: f64,
    pub end: f64,
}

/// A visible block without its owners, as partitions keep it.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivedBlock {
    pub info: BlockInfo,
    pub insert_time: InsertTime,
    /// See [`StoredBlock`].
    pub source_insert_time: Option<TimeNs>,
    pub event_bounds: EventBounds,
    pub segment: Arc<str>,
    pub range: Range<u64>,
}

/// A visible block with its owners.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredBlock {
    pub info: BlockInfo,
    pub insert_time: InsertTime,
    /// Key of the segment that holds the payload.
    pub segment: Arc<str>,
    /// Byte range inside the segment.
    pub range: Range<u64>,
    /// For a copy from another lake, when that lake received the block.
    pub source_insert_time: Option<TimeNs>,
    pub stream: Arc<StoredStream>,
    pub event_bounds: EventBounds,
    pub process: Arc<StoredProcess>,
}

impl StoredBlock {
    /// Length of the stored payload in bytes.
    pub fn payload_size(&self) -> i64 {
        i64::try_from(self.range.end - self.range.start)
            .expect("the catalog stores lengths as 64-bit signed numbers")
    }
}

/// A recorded segment and what blocks and staged payloads say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferencedSegment {
    pub key: String,
    /// Length of the whole object.
    pub bytes: u64,
    /// The largest end offset that a block refers to.
    pub end: u64,
    /// How many blocks refer to it, visible or not, archived ones included, and payloads that
    /// wait for theirs.
    pub blocks: u64,
}

/// A rule of the query deny list, about to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDenial {
    /// Who asked for it.
    pub created_by: String,
    pub reason: String,
    /// A Boolean SQL expression.
    pub match_expr: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDenial {
    pub rule_id: DenialId,
    pub created_at: TimeNs,
    pub created_by: String,
    pub reason: String,
    pub match_expr: String,
    /// When it last refused a query, as far as the processes have told.
    pub last_hit_at: Option<TimeNs>,
}
