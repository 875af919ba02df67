//! Blocks to Arrow batches.
//!
//! ```text
//! type tables ── StreamPlan (once per stream) ──┐
//! stored payload ── decompress, dependencies ───┴─► BlockBatches ──► RecordBatch …
//! ```
//!
//! [`BlockObjects`] starts from the same, and shows whatever is in a block as documents.
//!
//! A plan turns the names in a stream's type tables into fixed offsets. Running it
//! over a block appends straight to the columns that the caller asked for; texts and
//! property sets are put in dictionaries once per block, so a row costs an index.
//! A block is checked as a whole before it yields anything.
//!
//! Spans begin and end anywhere in the blocks of a stream. Their tables go by another
//! road: each block becomes a [`ChainBlock`], a [`ChainBuilder`] puts together those
//! that follow each other, and batches are read from the [`ChainRows`] it ends with.

mod batches;
mod chains;
mod clock;
mod column;
mod constants;
mod dictionary;
mod error;
mod jsonb;
mod objects;
mod payload;
mod plan;
mod rows;
mod scope;
mod table;
mod walk;

#[doc(hidden)]
pub mod hostile;

pub use batches::{BlockBatches, BlockSource, DecodeOptions};
pub use chains::{
    ChainBlock, ChainBuilder, ChainError, ChainRows, ChainSource, ChainTable, thread_name,
};
pub use error::{Error, EventProblem, Result};
pub use jsonb::{jsonb_object, properties_to_jsonb};
pub use objects::BlockObjects;
pub use plan::StreamPlan;
pub use table::EventTable;
