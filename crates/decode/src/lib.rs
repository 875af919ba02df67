//! Blocks to Arrow batches.
//!
//! ```text
//! type tables ── StreamPlan (once per stream) ──┐
//! stored payload ── decompress, dependencies ───┴─► BlockBatches ──► RecordBatch …
//! ```
//!
//! A plan turns the names in a stream's type tables into fixed offsets. Running it
//! over a block appends straight to the columns that the caller asked for; texts and
//! property sets are put in dictionaries once per block, so a row costs an index.
//! A block is checked as a whole before it yields anything.

mod batches;
mod clock;
mod column;
mod constants;
mod dictionary;
mod error;
mod jsonb;
mod plan;
mod rows;
mod table;
mod walk;

#[doc(hidden)]
pub mod hostile;

pub use batches::{BlockBatches, BlockSource, DecodeOptions};
pub use error::{Error, EventProblem, Result};
pub use jsonb::{jsonb_object, properties_to_jsonb};
pub use plan::StreamPlan;
pub use table::EventTable;
