//! What can go wrong while a view is resolved or scanned.

use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;

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
    #[error("the catalog did not answer")]
    Catalog(#[from] catalog::Error),
    #[error("the object store did not answer")]
    Lake(#[from] lake::Error),
    #[error("building a batch failed")]
    Arrow(#[from] ArrowError),
}

impl Error {
    /// Whether the same query may succeed later without a change.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Catalog(_) | Self::Lake(_))
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        match error {
            Error::UnknownViewSet(_) | Error::BadInstance { .. } => Self::Plan(error.to_string()),
            other => Self::External(Box::new(other)),
        }
    }
}
