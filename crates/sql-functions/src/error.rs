//! What the functions answer when they cannot.
//!
//! Bytes that should be JSONB and are not mean damaged data, so they travel as
//! an external error; a wrong argument is the caller's and travels as an
//! execution error. The protocol edge turns the two into different codes.

use datafusion::error::DataFusionError;

use crate::document::InvalidJsonb;
use crate::path::PathError;

/// Damaged input data met by a function.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{function}: the value is not valid JSONB")]
    Jsonb {
        function: &'static str,
        source: InvalidJsonb,
    },
    #[error("{function}: the argument has an unexpected layout")]
    Layout { function: &'static str },
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        Self::External(Box::new(error))
    }
}

pub(crate) fn bad_path(function: &str, path: &str, error: PathError) -> DataFusionError {
    const SHOWN: usize = 200;
    let shown: String = path.chars().take(SHOWN).collect();
    DataFusionError::Execution(format!("{function}: {error}: {shown:?}"))
}
