//! Partitions: immutable files with the rows of one view instance for a range of
//! insert times. What is in the files, and deleting them, is the caller's business.

mod commit;
mod record;
mod retire;
mod row;
mod scan;

pub use record::{
    NewPartition, PartitionCommit, PartitionFile, PartitionId, RetiredPartition, StoredPartition,
};
pub(crate) use retire::all_active;

pub use scan::{PartitionFilter, PartitionPages};
