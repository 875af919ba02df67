//! The columns of the event tables.

use arrow::datatypes::{DataType, Field, TimeUnit};

/// A column of an event table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    ProcessId,
    StreamId,
    BlockId,
    InsertTime,
    Exe,
    Username,
    Computer,
    Time,
    Target,
    Level,
    Message,
    Name,
    Unit,
    Value,
    Properties,
    ProcessProperties,
    EventType,
    SpanId,
    ParentSpanId,
    Depth,
    Hash,
    Filename,
    Line,
    ImageName,
    Format,
    PayloadSize,
    Data,
}

impl Column {
    pub(crate) fn field(self) -> Field {
        let (name, data_type) = match self {
            Self::ProcessId => ("process_id", dictionary(DataType::Utf8)),
            Self::StreamId => ("stream_id", dictionary(DataType::Utf8)),
            Self::BlockId => ("block_id", dictionary(DataType::Utf8)),
            Self::InsertTime => ("insert_time", timestamp()),
            Self::Exe => ("exe", dictionary(DataType::Utf8)),
            Self::Username => ("username", dictionary(DataType::Utf8)),
            Self::Computer => ("computer", dictionary(DataType::Utf8)),
            Self::Time => ("time", timestamp()),
            Self::Target => ("target", dictionary(DataType::Utf8)),
            Self::Level => ("level", DataType::Int32),
            Self::Message => ("msg", DataType::Utf8),
            Self::Name => ("name", dictionary(DataType::Utf8)),
            Self::Unit => ("unit", dictionary(DataType::Utf8)),
            Self::Value => ("value", DataType::Float64),
            Self::Properties => ("properties", dictionary(DataType::Binary)),
            Self::ProcessProperties => ("process_properties", dictionary(DataType::Binary)),
            Self::EventType => ("event_type", dictionary(DataType::Utf8)),
            Self::SpanId => ("span_id", DataType::Int64),
            Self::ParentSpanId => ("parent_span_id", DataType::Int64),
            Self::Depth => ("depth", DataType::UInt32),
            Self::Hash => ("hash", DataType::UInt32),
            Self::Filename => ("filename", dictionary(DataType::Utf8)),
            Self::Line => ("line", DataType::UInt32),
            // Names of images are rarely the same twice.
            Self::ImageName => ("name", DataType::Utf8),
            Self::Format => ("format", dictionary(DataType::Utf8)),
            Self::PayloadSize => ("payload_size", DataType::Int64),
            Self::Data => ("data", DataType::Binary),
        };
        Field::new(name, data_type, false)
    }

    /// Whether the value differs from row to row.
    pub(crate) const fn varies(self) -> bool {
        !matches!(
            self,
            Self::ProcessId
                | Self::StreamId
                | Self::BlockId
                | Self::InsertTime
                | Self::Exe
                | Self::Username
                | Self::Computer
                | Self::ProcessProperties
        )
    }
}

/// The time zone is spelled as an offset: clients compare the type literally.
pub(crate) const UTC: &str = "+00:00";

pub(crate) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into()))
}

pub(crate) fn dictionary(values: DataType) -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(values))
}
