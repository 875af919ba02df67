//! What a caller may ask: sessions, planning, table functions, limits.
//!
//! [`QueryEngine`] holds what all queries share (tables, functions, the memory budget);
//! a [`QueryRequest`] becomes a [`PlannedQuery`], whose stream ends the work when dropped.
//! No protocol is known here: errors carry a class, which each protocol maps to its codes.

mod engine;
mod error;
mod plan;
mod table_functions;
mod usage;

pub use engine::{EngineConfig, QueryEngine};
pub use error::{ErrorClass, QueryError, classify_stream_error};
pub use plan::{PlannedQuery, QueryRequest};
pub use usage::{QueryUsage, Spill};
pub use views::ScanCounters;
