//! Why an upload was not stored, or not all of it.

use std::time::Duration;

use arrow::datatypes::DataType;

use super::BulkTable;

#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    #[error("unknown table {0:?}: bulk ingestion knows processes, streams, blocks and payloads")]
    UnknownTable(String),
    #[error("table {table} needs a column {column:?}")]
    MissingColumn {
        table: BulkTable,
        column: &'static str,
    },
    #[error("column {column:?} of table {table} has type {found}, but must be {expected}")]
    WrongType {
        table: BulkTable,
        column: &'static str,
        found: DataType,
        expected: &'static str,
    },
    #[error("column {column:?} of table {table}, row {row}: {reason}")]
    BadValue {
        table: BulkTable,
        column: &'static str,
        /// From 0, within its batch.
        row: usize,
        reason: String,
    },
    #[error("writing the payloads")]
    Write(#[source] lake::Error),
    #[error("recording the rows")]
    Commit(#[source] catalog::Error),
    #[error("storing a part of the upload took longer than {0:?}")]
    TimedOut(Duration),
}

impl BulkError {
    /// Whether the upload is wrong, so that repeating it can not help.
    pub fn is_invalid(&self) -> bool {
        match self {
            Self::UnknownTable(_)
            | Self::MissingColumn { .. }
            | Self::WrongType { .. }
            | Self::BadValue { .. } => true,
            Self::Write(_) | Self::Commit(_) | Self::TimedOut(_) => false,
        }
    }
}
