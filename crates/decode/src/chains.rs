//! Tables whose rows come from chains of blocks of one stream.
//!
//! ```text
//! payloads ─► ChainBlock (many at a time) ─► ChainBuilder (in order) ─► ChainRows ─► RecordBatch …
//! ```
//!
//! A block is checked and reduced to a few bytes per event without knowing of the
//! others. Putting the blocks of a chain together only follows a stack, and columns
//! are made of any range of rows, by several readers at a time.

mod block;
mod builder;
mod error;
mod net;
mod projection;
mod rows;
mod source;
mod spans;
mod table;

pub use block::ChainBlock;
pub use builder::ChainBuilder;
pub use error::ChainError;
pub use rows::ChainRows;
pub use source::{ChainSource, thread_name};
pub use table::ChainTable;
