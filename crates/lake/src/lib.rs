//! The object store of the lake: how it is opened, where objects lie, and segments.
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
//! ```
//!
//! A **segment** is one object with the payloads of many blocks, one after the other
//! and without any framing: the catalog holds segment, offset and length of each. The
//! time in the path only spreads objects over folders and helps people to look around;
//! nothing is selected by it.
//!
//! Segments are written once and never changed. An object that the catalog does not
//! know is left over from a crash between writing and committing; nothing refers to it.
//!
//! # Local files
//!
//! When [`Lake::write_segment`] returns, a power failure can not lose the segment: the
//! bytes are synced in a temporary file `….seg.tmp` beside the final place, the file is
//! then published under its name without replacing anything, and the folder is synced.
//! A crash leaves temporary files at most, which no listing shows and
//! [`Lake::remove_stale_temporary_files`] deletes. The files must lie on a disk of the
//! machine; network file systems differ in what they sync.

mod error;
mod key;
mod lake;
mod local;
mod open;
mod ranges;

pub use error::{Error, Result};
pub use key::SegmentKey;
pub use lake::{Lake, MAX_RANGE_BYTES, SegmentObject};
