//! The object store of the lake: how it is opened, where objects lie, segments and
//! partitions.
//!
//! # Layout
//!
//! All paths are relative to the root, which is the folder of a `file://` URI or the
//! bucket and prefix of a remote one.
//!
//! ```text
//! segments/2026-11-05/14/019a5434-9c1e-7c3a-a2e5-5bb3a2c9a2d1.seg
//!          │          │  └ a version 7 UUID, made when the segment is written
//!          │          └ hour and
//!          └ day (UTC) of that UUID's time
//!
//! views/log_entries/global/2026-11-05/14-00-00_0c2a8c0e-6a55-4b7a-9a3c-0d6c6a2f7d11.parquet
//!       │           │      │          │        └ a version 4 UUID
//!       │           │      │          └ time and
//!       │           │      └ day (UTC) where the insert range begins
//!       │           └ instance of the view: global or the id of a process or stream
//!       └ view set
//! ```
//!
//! A **segment** is one object with the payloads of many blocks, one after the other
//! and without any framing: the catalog holds segment, offset and length of each. The
//! time in the path only spreads objects over folders and helps people to look around;
//! nothing is selected by it.
//!
//! A **partition** is one Parquet file with rows of a view instance. What lies in it, and
//! whether it counts, the catalog holds; the path is for people.
//!
//! Objects are written once and never changed. An object that the catalog does not
//! know is left over from a crash between writing and committing; nothing refers to it.
//!
//! # Local files
//!
//! When [`Lake::write_segment`] or [`ObjectWriter::finish`] returns, a power failure can
//! not lose the object: the bytes are synced in a temporary file `….tmp` beside the final
//! place, the file is then published under its name without replacing anything, and the
//! folder is synced. A crash leaves temporary files at most, which no listing shows and
//! [`Lake::remove_stale_temporary_files`] deletes. The files must lie on a disk of the
//! machine; network file systems differ in what they sync.
//!
//! # Remote stores
//!
//! Segments and small partitions are one put, which replaces nothing. Larger partitions
//! are uploaded in parts. A writer that crashes leaves parts that no listing shows: give
//! the bucket a rule that removes incomplete uploads after some days.
//!
//! # Reading
//!
//! The query engine reads partitions through [`Lake::object_store`]: neighbours are
//! fetched together, small ranges may be kept in memory, and an answer that is too short
//! is an error.

mod error;
mod key;
mod lake;
mod local;
mod open;
mod partition;
#[cfg(test)]
mod probe;
mod put;
mod ranges;
mod reading;
mod static_files;
mod writer;

pub use error::{Error, Result};
pub use key::SegmentKey;
pub use lake::{Lake, MAX_RANGE_BYTES, PartitionObject, SegmentObject};
pub use partition::PartitionKey;
pub use reading::{CacheStats, ReadStats};
pub use static_files::{StaticContent, StaticFile, StaticFiles};
pub use writer::ObjectWriter;
