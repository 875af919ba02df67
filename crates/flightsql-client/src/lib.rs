//! Client of the query service: one shared Flight SQL connection, one call per query.
//!
//! A [`Client`] is cheap to clone and holds no credentials. What belongs to one query
//! (its time range, its caller's `authorization`) travels in a [`RequestMetadata`] that is
//! built for that query alone, so nothing of one caller can reach the call of another.
//!
//! [`Client::query`] answers once the schema is known and gives the record batches as a
//! stream: rows are pulled, never collected, and dropping the stream cancels the query.

mod client;
mod endpoint;
mod error;
mod metadata;
mod stream;

pub use client::Client;
pub use endpoint::{UrlError, tuned};
pub use error::Error;
pub use metadata::{MetadataError, RequestMetadata};
pub use stream::QueryStream;
pub use tonic::Code;

/// What the calls of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
