//! Accept telemetry over HTTP and make it durable before saying so.
//!
//! ```text
//!  POST insert_block ── byte budget ── read ── decode envelope ── queue ─┐
//!                                                                        ▼
//!            200 / 500 ◄── commit rows ◄── write one segment ◄── group of blocks
//! ```
//!
//! A request is acknowledged only when its bytes are durable in the object store and its rows are
//! committed. Blocks that arrive while earlier ones are being stored share one segment object and
//! one transaction; nobody waits for a timer.
//!
//! Replication takes another way in: [`BulkIngest`] stores tables of processes, streams, block
//! rows and payloads that an administrator copies from another lake. The rules are the same ones,
//! and so is the time that they become visible at: this lake's.
//!
//! Invariants:
//! - Every byte of a request body is accounted from before it is read until the answer. When the
//!   budget is full the answer is 503 with `Retry-After`, which producers retry.
//! - A block counts once, however often and in whatever company it is sent.
//! - Payloads are not looked into; only envelopes are checked.
//! - Clients never see the cause of a failure, and never a 4xx for what a retry could cure.

mod body;
mod budget;
mod bulk;
mod check;
mod committer;
mod config;
mod decode;
mod group;
mod handlers;
mod refusal;
mod reserved;
mod retry;
mod router;

pub use bulk::{BulkError, BulkIngest, BulkTable};
pub use check::{CheckError, CheckReport, check};
pub use config::{Config, ConfigError};
pub use handlers::Ingestion;
pub use router::router;
