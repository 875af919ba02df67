//! Why a static table can not be read. Messages hold neither paths nor what the store says.

use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;

use super::rows::FILE_BYTES_MAX;

/// Rows of a file may be long, and are quoted.
const REASON_CHARS_MAX: usize = 300;

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the file of the static table {table} can not be read")]
    Unreadable {
        table: String,
        #[source]
        source: lake::Error,
    },
    #[error("the file of the static table {table} is larger than {FILE_BYTES_MAX} bytes")]
    TooLarge { table: String },
    #[error("the file of the static table {table} is malformed: {reason}")]
    Malformed { table: String, reason: String },
}

impl Error {
    pub fn malformed(table: &str, error: &ArrowError) -> Self {
        let reason = error.to_string();
        Self::Malformed {
            table: table.to_owned(),
            reason: model::truncate_chars(&reason, REASON_CHARS_MAX).to_string(),
        }
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        Self::External(Box::new(error))
    }
}
