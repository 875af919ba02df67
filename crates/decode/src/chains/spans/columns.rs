//! The columns of `thread_spans`.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, UInt32Array};
use arrow::datatypes::{DataType, Field};

use super::SpanRows;
use super::scopes::ScopeKeys;
use crate::chains::projection::{dictionary, timestamps};
use crate::column;
use crate::error::Result;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::chains) enum SpanColumn {
    Id,
    Parent,
    Depth,
    Hash,
    Begin,
    End,
    Duration,
    Name,
    Target,
    Filename,
    Line,
}

impl SpanColumn {
    /// The schema's order.
    pub(in crate::chains) const ALL: &'static [Self] = &[
        Self::Id,
        Self::Parent,
        Self::Depth,
        Self::Hash,
        Self::Begin,
        Self::End,
        Self::Duration,
        Self::Name,
        Self::Target,
        Self::Filename,
        Self::Line,
    ];

    pub(in crate::chains) fn field(self) -> Field {
        let (name, data_type) = match self {
            Self::Id => ("id", DataType::Int64),
            Self::Parent => ("parent", DataType::Int64),
            Self::Depth => ("depth", DataType::UInt32),
            Self::Hash => ("hash", DataType::UInt32),
            Self::Begin => ("begin", column::timestamp()),
            Self::End => ("end", column::timestamp()),
            Self::Duration => ("duration", DataType::Int64),
            Self::Name => ("name", column::dictionary(DataType::Utf8)),
            Self::Target => ("target", column::dictionary(DataType::Utf8)),
            Self::Filename => ("filename", column::dictionary(DataType::Utf8)),
            Self::Line => ("line", DataType::UInt32),
        };
        Field::new(name, data_type, false)
    }
}

impl SpanRows {
    pub(in crate::chains) fn arrays(
        &self,
        columns: &[SpanColumn],
        rows: Range<usize>,
    ) -> Result<Vec<ArrayRef>> {
        let arrays = columns.iter().map(|&column| self.array(column, &rows));
        arrays.collect()
    }

    fn keys(&self, rows: &Range<usize>, key: impl Fn(ScopeKeys) -> i32) -> Vec<i32> {
        self.values(rows, |row| key(self.scope(row).keys))
    }

    fn array(&self, column: SpanColumn, rows: &Range<usize>) -> Result<ArrayRef> {
        Ok(match column {
            SpanColumn::Id => integers(self.values(rows, |row| self.id(row))),
            SpanColumn::Parent => integers(self.values(rows, |row| self.parent(row))),
            SpanColumn::Depth => unsigned(self.values(rows, |row| self.depth(row))),
            SpanColumn::Hash => unsigned(self.values(rows, |row| self.scope(row).hash)),
            SpanColumn::Begin => timestamps(self.values(rows, |row| self.begin(row))),
            SpanColumn::End => timestamps(self.values(rows, |row| self.end(row))),
            SpanColumn::Duration => {
                integers(self.values(rows, |row| self.end(row).saturating_sub(self.begin(row))))
            }
            SpanColumn::Name => {
                dictionary(self.keys(rows, |keys| keys.name), &self.dictionaries.names)?
            }
            SpanColumn::Target => dictionary(
                self.keys(rows, |keys| keys.target),
                &self.dictionaries.targets,
            )?,
            SpanColumn::Filename => {
                dictionary(self.keys(rows, |keys| keys.file), &self.dictionaries.files)?
            }
            SpanColumn::Line => unsigned(self.values(rows, |row| self.scope(row).keys.line)),
        })
    }
}

fn integers(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

fn unsigned(values: Vec<u32>) -> ArrayRef {
    Arc::new(UInt32Array::from(values))
}
