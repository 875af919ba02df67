//! The finished rows of a chain.

use std::ops::Range;

use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use model::TimeRange;

use super::ChainTable;
use super::net::{NetColumn, NetRows};
use super::projection::project;
use super::spans::{SpanColumn, SpanRows};
use crate::error::Result;

/// The rows of one chain, in order: thread spans as they begin, enclosing ones first;
/// net spans as they end.
#[derive(Debug)]
pub struct ChainRows {
    rows: TableRows,
    range: TimeRange,
}

#[derive(Debug)]
pub(super) enum TableRows {
    ThreadSpans(SpanRows),
    NetSpans(NetRows),
}

impl ChainRows {
    pub(super) fn new(rows: TableRows, range: TimeRange) -> Self {
        Self { rows, range }
    }

    /// No row begins before it or ends after it.
    pub fn range(&self) -> TimeRange {
        self.range
    }

    pub fn len(&self) -> usize {
        match &self.rows {
            TableRows::ThreadSpans(rows) => rows.len(),
            TableRows::NetSpans(rows) => rows.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory that the rows and their dictionaries take, roughly.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.rows {
                TableRows::ThreadSpans(rows) => rows.memory_bytes(),
                TableRows::NetSpans(rows) => rows.memory_bytes(),
            }
    }

    /// Some of the rows; those past the last one are left out. `projection` = column
    /// indices of the table's schema, in output order; None = all. No columns at all
    /// give a batch that only has a row count.
    pub fn batch(&self, rows: Range<usize>, projection: Option<&[usize]>) -> Result<RecordBatch> {
        let end = rows.end.min(self.len());
        let rows = rows.start.min(end)..end;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let (schema, arrays) = match &self.rows {
            TableRows::ThreadSpans(spans) => {
                let (schema, columns) =
                    project(ChainTable::ThreadSpans, SpanColumn::ALL, projection)?;
                (schema, spans.arrays(&columns, rows)?)
            }
            TableRows::NetSpans(spans) => {
                let (schema, columns) = project(ChainTable::NetSpans, NetColumn::ALL, projection)?;
                (schema, spans.arrays(&columns, rows)?)
            }
        };
        Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
    }
}
