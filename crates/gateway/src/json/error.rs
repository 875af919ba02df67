//! Why a result cannot be written as JSON.

use arrow::datatypes::DataType;
use arrow::error::ArrowError;

/// Why a result cannot be written as JSON.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConversionError {
    #[error("column {column:?} has type {data_type}, which has no JSON form")]
    Unsupported { column: String, data_type: DataType },
    #[error("column {column:?} is nested too deeply")]
    TooDeep { column: String },
    #[error("column {column:?} has map keys of type {data_type}; JSON keys are strings")]
    MapKeys { column: String, data_type: DataType },
    #[error("column {column:?} has an unknown time zone {zone:?}")]
    TimeZone { column: String, zone: String },
    #[error("a map of the result has a null key or entry")]
    NullMapKey,
    #[error("a row of the result is larger than {bytes_max} bytes")]
    RowTooLarge { bytes_max: usize },
    #[error("a column of the result cannot be formatted")]
    Format(#[from] ArrowError),
}
