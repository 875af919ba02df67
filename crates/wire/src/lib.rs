//! Byte layout of telemetry envelopes, blocks and streams, and their parsers.
//!
//! ```text
//! request body ── envelope ──► record + payload (two compressed buffers)
//! payload buffer ── lz4 ──► bytes ── transit ──► dependencies, entries
//! ```
//!
//! Everything here reads bytes that strangers wrote: each parser bounds what it
//! allocates by the length of its input and answers with a typed error, never a
//! panic.

mod cbor;
pub mod envelope;
pub mod lz4;
pub mod transit;

#[doc(hidden)]
pub mod hostile;
