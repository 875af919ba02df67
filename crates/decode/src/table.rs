//! The tables whose rows are the events of blocks, and their schemas.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{Schema, SchemaRef};

use crate::column::Column;

/// The tables whose rows are the events of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventTable {
    LogEntries,
    Measures,
}

impl EventTable {
    pub fn name(self) -> &'static str {
        match self {
            Self::LogEntries => "log_entries",
            Self::Measures => "measures",
        }
    }

    /// The stream tag whose blocks feed this table.
    pub fn tag(self) -> &'static str {
        match self {
            Self::LogEntries => "log",
            Self::Measures => "metrics",
        }
    }

    pub fn schema(self) -> SchemaRef {
        static LOG_ENTRIES: LazyLock<SchemaRef> = LazyLock::new(|| schema(LOG_ENTRIES_COLUMNS));
        static MEASURES: LazyLock<SchemaRef> = LazyLock::new(|| schema(MEASURES_COLUMNS));
        match self {
            Self::LogEntries => SchemaRef::clone(&LOG_ENTRIES),
            Self::Measures => SchemaRef::clone(&MEASURES),
        }
    }

    pub(crate) const fn columns(self) -> &'static [Column] {
        match self {
            Self::LogEntries => LOG_ENTRIES_COLUMNS,
            Self::Measures => MEASURES_COLUMNS,
        }
    }
}

const LOG_ENTRIES_COLUMNS: &[Column] = &[
    Column::ProcessId,
    Column::StreamId,
    Column::BlockId,
    Column::InsertTime,
    Column::Exe,
    Column::Username,
    Column::Computer,
    Column::Time,
    Column::Target,
    Column::Level,
    Column::Message,
    Column::Properties,
    Column::ProcessProperties,
];

const MEASURES_COLUMNS: &[Column] = &[
    Column::ProcessId,
    Column::StreamId,
    Column::BlockId,
    Column::InsertTime,
    Column::Exe,
    Column::Username,
    Column::Computer,
    Column::Time,
    Column::Target,
    Column::Name,
    Column::Unit,
    Column::Value,
    Column::Properties,
    Column::ProcessProperties,
];

fn schema(columns: &[Column]) -> SchemaRef {
    let fields: Vec<_> = columns.iter().map(|column| column.field()).collect();
    Arc::new(Schema::new(fields))
}
