//! What can go wrong while a view is resolved or scanned.

use chrono::{DateTime, SecondsFormat};
use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use model::{BlockId, InsertRange, InsertTime};
use tokio::task::JoinError;

use crate::regenerate::PIECES_MAX;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("view set {0} not found")]
    UnknownViewSet(String),
    #[error("view set {view_set} has no instance '{instance}': expected {expected}")]
    BadInstance {
        view_set: String,
        instance: String,
        expected: &'static str,
    },
    #[error(
        "the partition of the insert times {} does not lie within one bucket: \
         choose begin, end and delta so that each partition does",
        times(partition)
    )]
    Straddling { partition: InsertRange },
    #[error(
        "blocks that were inserted before {} have expired or are archived, so partitions of \
         them can not be made from blocks",
        time(*begin)
    )]
    SourceGone { begin: InsertTime },
    #[error(
        "the insert times {} hold more than {PIECES_MAX} partitions, choose a smaller delta",
        times(bucket)
    )]
    BucketTooLarge { bucket: InsertRange },
    /// `cause` is the whole chain.
    #[error("block {block} can not be decoded: {cause}")]
    Undecodable { block: BlockId, cause: String },
    #[error("the payload of block {0} is gone")]
    MissingPayload(BlockId),
    #[error("the catalog did not answer")]
    Catalog(#[from] catalog::Error),
    #[error("the object store did not answer")]
    Lake(#[from] lake::Error),
    #[error("building a batch failed")]
    Arrow(#[from] ArrowError),
    /// A stored value that this version could not have written.
    #[error("{0} holds an unreadable value")]
    Unreadable(&'static str),
    #[error("a decoder was stopped")]
    Task(#[from] JoinError),
    #[error("the rows of a tree can not be made")]
    Decode(#[from] decode::Error),
    #[error("the engine failed")]
    Engine(#[from] DataFusionError),
}

impl Error {
    pub fn undecodable(block: BlockId, error: decode::Error) -> Self {
        let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| {
            error.source()
        });
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        Self::Undecodable {
            block,
            cause: causes.join(": "),
        }
    }

    /// Whether the same query may succeed later without a change.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Catalog(_) | Self::Lake(_))
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        match error {
            Error::UnknownViewSet(_) | Error::BadInstance { .. } => Self::Plan(error.to_string()),
            Error::Straddling { .. }
            | Error::SourceGone { .. }
            | Error::BucketTooLarge { .. }
            | Error::Undecodable { .. } => Self::Execution(error.to_string()),
            Error::Engine(error) => error,
            other => Self::External(Box::new(other)),
        }
    }
}

fn times(range: &InsertRange) -> String {
    format!("[{}, {})", time(range.begin), time(range.end))
}

fn time(time: InsertTime) -> String {
    DateTime::from_timestamp_nanos(time.0).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
