//! What can go wrong in the object store.

use std::io;

use crate::{PartitionKey, SegmentKey};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Messages never hold options of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "the object store URI must be file:///path, memory:///, s3://bucket/prefix, \
         gs://bucket/prefix or az://container/prefix"
    )]
    UnsupportedUri,
    #[error("the options of the object store do not fit")]
    Configuration(#[source] object_store::Error),
    #[error("not the key of a segment")]
    InvalidKey,
    #[error("not the key of a partition")]
    InvalidPartitionKey,
    #[error("segment {key} does not exist")]
    NotFound { key: SegmentKey },
    #[error("segment {key} exists already")]
    AlreadyExists { key: SegmentKey },
    #[error("partition {key} exists already")]
    PartitionExists { key: PartitionKey },
    #[error("an earlier write of partition {key} did not end well")]
    BrokenWriter { key: PartitionKey },
    #[error("segment {key} ends before the range {start}..{end}")]
    Truncated {
        key: SegmentKey,
        start: u64,
        end: u64,
    },
    #[error("the range {start}..{end} is not one that a block can have")]
    InvalidRange { start: u64, end: u64 },
    #[error("{doing} in the object store")]
    Store {
        doing: &'static str,
        #[source]
        source: object_store::Error,
    },
    #[error("{doing} in the folder of the lake")]
    File {
        doing: &'static str,
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// Whether trying again later can help: the store was not reachable, refused the
    /// credentials of the moment, or is full.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::File { .. } => true,
            Self::Store { source, .. } => !matches!(
                source,
                object_store::Error::NotSupported { .. }
                    | object_store::Error::NotImplemented { .. }
                    | object_store::Error::InvalidPath { .. }
                    | object_store::Error::UnknownConfigurationKey { .. }
            ),
            _ => false,
        }
    }
}
