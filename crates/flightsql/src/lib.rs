//! Flight SQL over the query engine, as the published clients speak it.
//!
//! ```text
//! Router ── front: probes ── auth ── FlightSql ─┬─ metadata commands ── one batch
//!                                               ├─ actions: prepared statements
//!                                               ├─ uploads ── BulkIngest, for administrators
//!                                               └─ statements ── QueryStream ── messages
//! ```
//!
//! Every call takes the caller that `auth` found; without one it refuses.
//!
//! A ticket holds SQL text; nothing is kept between calls. Results stream: a batch is pulled from
//! the engine when the client has room for it, turned into the types that all clients read, cut
//! into messages and dropped.

mod config;
mod router;

mod service;

mod actions;
mod asker;
mod bulk_upload;
mod metadata_commands;
mod request_headers;
mod sql_info;
mod statement;
mod ticket;
mod upload_batches;
mod uploads;

mod encoder;
mod query_metrics;
mod query_stream;
mod wire_arrays;
mod wire_dictionaries;
mod wire_schema;

mod audit;
mod error;
mod grpc_health;

pub use audit::AUDIT_TARGET;
pub use config::Config;
pub use router::router;
pub use service::FlightSql;
