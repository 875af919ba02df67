//! Writes Perfetto traces: spans of one process as a stream of small chunks.
//!
//! ```
//! use perfetto::{Process, Span, Thread, TraceWriter};
//!
//! let mut writer = TraceWriter::new(&Process { id: "8452…", executable: "game" });
//! let main = Thread { stream_id: "1f3a…", thread_id: 7, name: "main-7" };
//! let mut track = writer.threads([main]).remove(0);
//! let span = Span { begin: 1_000, end: 2_000, name: "frame", target: "game", file: "main.rs", line: 3 };
//! writer.span(&mut track, &span)?;
//! writer.flush();
//! let trace: Vec<u8> = std::iter::from_fn(|| writer.take_chunk()).flatten().collect();
//! assert_eq!(trace[0], 0x0A);
//! # Ok::<(), perfetto::Error>(())
//! ```
//!
//! The chunks one after the other are a [`protos::Trace`]. Memory stays flat when chunks are
//! taken as they come, whatever the length of the trace and however many names it has.
//!
//! [`protos`] is generated from `proto/trace.proto`. After a change there, run
//! `cargo test -p perfetto --test generated`: it writes the file anew, and passes from then on.

mod chunks;
mod interning;
// Formatted by its generator.
#[rustfmt::skip]
pub mod protos;
mod writer;

pub use chunks::CHUNK_BYTES_MAX;
pub use writer::{Error, Process, Span, Thread, TraceWriter, Track};
