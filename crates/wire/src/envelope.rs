//! The CBOR request bodies of the native ingestion routes, and the stored payload
//! of a block.
//!
//! Keys come in any order; unknown keys and tags are skipped; a key given twice is
//! refused; bytes after the document are ignored.

mod block;
mod payload;
mod process;
mod stream;

pub use crate::cbor::Error;
pub use block::BlockEnvelope;
pub use payload::Payload;
pub use process::ProcessEnvelope;
pub use stream::StreamEnvelope;

/// More properties than this on a process or a stream are refused.
pub const MAX_PROPERTIES: usize = 65_536;

/// More tags than this on a stream are refused.
pub const MAX_TAGS: usize = 4_096;

#[cfg(test)]
mod tests;
