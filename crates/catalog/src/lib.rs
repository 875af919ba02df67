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
//! # Idempotence
//!
//! The first registration of a process, a stream or a block wins; repeating any write
//! changes nothing.

mod blocks;
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
mod record;
mod register;
mod row;
mod segments;
mod sql;
mod summaries;
mod text;

pub use blocks::{BlockFilter, BlockPages};
pub use catalog::Catalog;
pub use clock::Clock;
pub use config::CatalogConfig;
pub use error::{Error, Result};
pub use record::{
    CommittedGroup, NewBlock, NewDenial, NewSegment, ReferencedSegment, Registration, StoredBlock,
    StoredDenial, StoredProcess, StoredStream,
};
pub use summaries::{ProcessPages, ProcessSummary, StreamPages, StreamSummary, SummaryFilter};
