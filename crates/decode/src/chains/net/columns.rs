//! The columns of `net_spans`.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, UInt32Array};
use arrow::datatypes::{DataType, Field};

use super::NetRows;
use super::stack::NetRow;
use crate::chains::projection::{dictionary, timestamps};
use crate::column;
use crate::error::Result;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::chains) enum NetColumn {
    ProcessId,
    StreamId,
    SpanId,
    ParentSpanId,
    Depth,
    Kind,
    Name,
    ConnectionName,
    IsOutgoing,
    BeginBits,
    EndBits,
    BitSize,
    BeginTime,
    EndTime,
}

impl NetColumn {
    /// The schema's order.
    pub(in crate::chains) const ALL: &'static [Self] = &[
        Self::ProcessId,
        Self::StreamId,
        Self::SpanId,
        Self::ParentSpanId,
        Self::Depth,
        Self::Kind,
        Self::Name,
        Self::ConnectionName,
        Self::IsOutgoing,
        Self::BeginBits,
        Self::EndBits,
        Self::BitSize,
        Self::BeginTime,
        Self::EndTime,
    ];

    pub(in crate::chains) fn field(self) -> Field {
        let text = || column::dictionary(DataType::Utf8);
        let (name, data_type) = match self {
            Self::ProcessId => ("process_id", text()),
            Self::StreamId => ("stream_id", text()),
            Self::SpanId => ("span_id", DataType::Int64),
            Self::ParentSpanId => ("parent_span_id", DataType::Int64),
            Self::Depth => ("depth", DataType::UInt32),
            Self::Kind => ("kind", text()),
            Self::Name => ("name", text()),
            Self::ConnectionName => ("connection_name", text()),
            Self::IsOutgoing => ("is_outgoing", DataType::Boolean),
            Self::BeginBits => ("begin_bits", DataType::Int64),
            Self::EndBits => ("end_bits", DataType::Int64),
            Self::BitSize => ("bit_size", DataType::Int64),
            Self::BeginTime => ("begin_time", column::timestamp()),
            Self::EndTime => ("end_time", column::timestamp()),
        };
        Field::new(name, data_type, false)
    }
}

impl NetRows {
    pub(in crate::chains) fn arrays(
        &self,
        columns: &[NetColumn],
        rows: Range<usize>,
    ) -> Result<Vec<ArrayRef>> {
        let arrays = columns.iter().map(|&column| self.array(column, &rows));
        arrays.collect()
    }

    fn array(&self, column: NetColumn, rows: &Range<usize>) -> Result<ArrayRef> {
        let integers = |value: fn(&NetRow) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from(self.values(rows, value)))
        };
        let texts =
            |values: &ArrayRef, key: fn(&NetRow) -> i32| dictionary(self.values(rows, key), values);
        let times = |ticks: fn(&NetRow) -> i64| {
            timestamps(self.values(rows, |row| self.clock.time_ns(ticks(row))))
        };
        Ok(match column {
            NetColumn::ProcessId => texts(&self.process_id, |_| 0)?,
            NetColumn::StreamId => texts(&self.stream_id, |_| 0)?,
            NetColumn::SpanId => integers(|row| row.id),
            NetColumn::ParentSpanId => integers(|row| row.parent),
            NetColumn::Depth => Arc::new(UInt32Array::from(self.values(rows, |row| row.depth))),
            NetColumn::Kind => texts(&self.kinds, |row| row.kind as i32)?,
            NetColumn::Name => texts(&self.names, |row| row.name)?,
            NetColumn::ConnectionName => texts(&self.names, |row| row.connection_name)?,
            NetColumn::IsOutgoing => {
                Arc::new(BooleanArray::from(self.values(rows, |row| row.is_outgoing)))
            }
            NetColumn::BeginBits => integers(|row| row.begin_bits),
            NetColumn::EndBits => {
                integers(|row| row.begin_bits.saturating_add(i64::from(row.bit_size)))
            }
            NetColumn::BitSize => integers(|row| i64::from(row.bit_size)),
            NetColumn::BeginTime => times(|row| row.begin),
            NetColumn::EndTime => times(|row| row.end),
        })
    }
}
