//! The tables whose rows are the events of blocks, and their schemas.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{Schema, SchemaRef};

use crate::column::Column;

/// The tables whose rows are the events of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventTable {
    LogEntries,
    Measures,
    AsyncEvents,
    Images,
}

impl EventTable {
    pub const ALL: [Self; 4] = [
        Self::LogEntries,
        Self::Measures,
        Self::AsyncEvents,
        Self::Images,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::LogEntries => "log_entries",
            Self::Measures => "measures",
            Self::AsyncEvents => "async_events",
            Self::Images => "images",
        }
    }

    /// The stream tag whose blocks feed this table.
    pub fn tag(self) -> &'static str {
        match self {
            Self::LogEntries => "log",
            Self::Measures => "metrics",
            Self::AsyncEvents => "cpu",
            Self::Images => "image",
        }
    }

    pub fn schema(self) -> SchemaRef {
        static LOG_ENTRIES: LazyLock<SchemaRef> = LazyLock::new(|| schema(LOG_ENTRIES_COLUMNS));
        static MEASURES: LazyLock<SchemaRef> = LazyLock::new(|| schema(MEASURES_COLUMNS));
        static ASYNC_EVENTS: LazyLock<SchemaRef> = LazyLock::new(|| schema(ASYNC_EVENTS_COLUMNS));
        static IMAGES: LazyLock<SchemaRef> = LazyLock::new(|| schema(IMAGES_COLUMNS));
        match self {
            Self::LogEntries => SchemaRef::clone(&LOG_ENTRIES),
            Self::Measures => SchemaRef::clone(&MEASURES),
            Self::AsyncEvents => SchemaRef::clone(&ASYNC_EVENTS),
            Self::Images => SchemaRef::clone(&IMAGES),
        }
    }

    pub(crate) const fn columns(self) -> &'static [Column] {
        match self {
            Self::LogEntries => LOG_ENTRIES_COLUMNS,
            Self::Measures => MEASURES_COLUMNS,
            Self::AsyncEvents => ASYNC_EVENTS_COLUMNS,
            Self::Images => IMAGES_COLUMNS,
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

const ASYNC_EVENTS_COLUMNS: &[Column] = &[
    Column::StreamId,
    Column::BlockId,
    Column::Time,
    Column::EventType,
    Column::SpanId,
    Column::ParentSpanId,
    Column::Depth,
    Column::Hash,
    Column::Name,
    Column::Filename,
    Column::Target,
    Column::Line,
];

const IMAGES_COLUMNS: &[Column] = &[
    Column::ProcessId,
    Column::StreamId,
    Column::BlockId,
    Column::InsertTime,
    Column::Exe,
    Column::Username,
    Column::Computer,
    Column::Time,
    Column::ImageName,
    Column::Format,
    Column::PayloadSize,
    Column::Data,
];

fn schema(columns: &[Column]) -> SchemaRef {
    let fields: Vec<_> = columns.iter().map(|column| column.field()).collect();
    Arc::new(Schema::new(fields))
}
