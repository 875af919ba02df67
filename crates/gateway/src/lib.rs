//! HTTP queries forwarded to Flight SQL, answered as streamed JSON.
//!
//! ```text
//! POST /gateway/query ─▶ permit ─▶ QueryRequest (400, 413) ─▶ flightsql_client::Client
//!                                                                │ schema, batches
//!                        Body ◀── ResultBody ◀── JsonStream ◀────┘
//!                     chunks, pulled      rows as text
//! ```
//!
//! The gateway holds no authentication code: it forwards `authorization` untouched and never
//! logs it. A request is validated before the query service is contacted. Rows are pulled
//! through: a slow reader slows the query down, and a reader that leaves cancels it.
//!
//! An error is `{"error": "<text>"}` as long as nothing of the answer was sent. After that the
//! transfer is broken off, so that a failed answer can never be read as a complete array.

mod answer;
mod config;
mod error;
mod json;
mod json_stream;
mod log;
mod origin;
mod request;
mod result_body;
mod router;

pub use config::Config;
pub use router::{Gateway, router, routes};
