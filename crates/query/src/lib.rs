//! What a caller may ask: sessions, planning, table functions, limits.
//!
//! [`QueryEngine`] holds what all queries share (tables, functions, the memory budget);
//! a [`QueryRequest`] becomes a [`PlannedQuery`], whose stream ends the work when dropped. What
//! matches a rule of the deny list is refused before it is planned.
//! No protocol is known here: errors carry a class, which each protocol maps to its codes.

mod admin_functions;
mod caller;
mod deadline;
mod denials;
mod documentation;
mod engine;
mod error;
mod get_payload;
mod lazy_table;
mod memory;
mod nested;
mod nesting;
mod plan;
mod queued_union;
mod show_functions;
mod sql_hash;
mod statement;
mod static_tables;
mod table_functions;
mod tables;
mod times;
mod told_apart;
mod usage;

pub use caller::{Access, Origin};
pub use deadline::QUERY_TIME_LIMIT;
pub use documentation::{ADMINISTRATION, LAKE, async_function_docs, table_function_docs};
pub use engine::{EngineConfig, QueryEngine};
pub use error::{ErrorClass, QueryError, classify_stream_error};
pub use plan::{PlannedQuery, QueryRequest};
pub use sql_hash::sql_hash;
pub use static_tables::StaticTablesConfig;
pub use usage::{QueryUsage, Spill};
pub use views::ScanCounters;
