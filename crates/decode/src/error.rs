//! Why a stream or a block can not be decoded.

use std::sync::Arc;

use arrow::error::ArrowError;
use wire::transit::{EntryError, LayoutError, MetadataError, Problem};
use wire::{envelope, lz4};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a stream or a block can not be decoded. Which one it was is for the caller to
/// say. None of these goes away by trying again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// `table` is `dependencies` or `objects`.
    #[error("the type table of the {table} is malformed")]
    Metadata {
        table: &'static str,
        #[source]
        source: MetadataError,
    },
    #[error("the stored payload is malformed")]
    Payload(#[source] envelope::Error),
    /// `buffer` is `dependencies` or `objects`.
    #[error("the {buffer} can not be decompressed")]
    Compression {
        buffer: &'static str,
        #[source]
        source: lz4::Error,
    },
    #[error("the dependencies are corrupt")]
    Dependencies(#[source] EntryError),
    #[error("the objects are corrupt")]
    Objects(#[source] EntryError),
    #[error("event {ordinal} (type {type_index}, byte {offset}) can not be decoded")]
    Event {
        /// Position of the event in its block.
        ordinal: u64,
        type_index: u8,
        /// Where the event starts in the decompressed objects.
        offset: usize,
        #[source]
        problem: EventProblem,
    },
    #[error("the tick frequency is unknown and can not be estimated")]
    UnknownFrequency,
    #[error("the texts of the block add up to more than {max} bytes")]
    TooMuchText { max: usize },
    #[error("the events of the block take more than {max} bytes when they are written out")]
    TooManyObjects { max: usize },
    #[error("column {index} does not exist")]
    NoSuchColumn { index: usize },
    #[error("the columns do not form a batch")]
    Arrow(#[source] Arc<ArrowError>),
}

/// Why one event can not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventProblem {
    #[error("its bytes are corrupt")]
    Corrupt(#[from] Problem),
    #[error("its descriptor {id:#x} has no text to show")]
    NoMessage { id: u64 },
    #[error("the level `{level}` is not known")]
    UnknownLevel { level: String },
    #[error("the property sets of the block hold more than {max} bytes")]
    TooManyProperties { max: usize },
    #[error("the places in the code that the block names hold more than {max} bytes")]
    TooManyScopes { max: u64 },
    #[error("it takes more than {max} bytes when it is written out")]
    TooLarge { max: usize },
    #[error("what it refers to is nested more than {max} deep")]
    NestedTooDeep { max: usize },
    #[error(
        "what the events of the block refer to takes more than {max} bytes when it is written out"
    )]
    TooManyReferences { max: usize },
    #[error("the image formats of the block hold more than {max} bytes")]
    TooManyFormats { max: usize },
}

impl From<LayoutError> for EventProblem {
    fn from(error: LayoutError) -> Self {
        Self::Corrupt(error.into())
    }
}

impl From<ArrowError> for Error {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(Arc::new(error))
    }
}
