//! What is queryable: the views and how their rows are produced.
//!
//! A scan follows the same path whatever the view:
//!
//! 1. SQL predicates and the caller's time range become [`predicate::Constraints`];
//! 2. the catalog pages through the blocks that can hold a match, at one snapshot;
//! 3. [`blocks_scan`] reads their payloads, neighbours of a segment together, and
//!    hands them to as many decoders as the engine has partitions;
//! 4. each decoder yields Arrow batches, one block at a time, so that memory does not
//!    grow with the length of the scan.
//!
//! Everything here is the *tail* of a view: rows decoded when they are asked for, which
//! makes an acknowledged event queryable at once.

mod blocks_scan;
mod blocks_table;
mod catalog_table;
mod columns;
mod context;
mod entities;
mod error;
mod events_table;
mod lakehouse;
mod predicate;

pub use context::{ScanContext, ScanCounters};
pub use error::{Error, Result};
pub use lakehouse::{GLOBAL_INSTANCE, Lakehouse};
