//! `expand_histogram`: a row per bin.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, Float64Array, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;

use super::{Rows, TableFunctionDefinition, batch};
use crate::documentation::TableFunctionDoc;
use crate::histogram::HistogramColumn;
use crate::types::Kind;

const NAME: &str = "expand_histogram";
const COUNT: &str = "count";

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("bin_center", DataType::Float64, false),
        Field::new(COUNT, DataType::UInt64, false),
    ]))
});

pub(super) const EXPAND_HISTOGRAM: TableFunctionDefinition = TableFunctionDefinition {
    argument: Kind::Histogram,
    schema: || Arc::clone(&SCHEMA),
    needs_row: true,
    rows: |value| Ok(Box::new(Bins::new(value)?)),
    documentation: TableFunctionDoc {
        name: NAME,
        syntax: "expand_histogram(histogram)",
        description: "A row per bin of a histogram. No rows for NULL; a subquery that \
            returns no row or more than one is an error. When the histogram's bounds are equal, \
            its bins count as one unit wide.",
        arguments: &[(
            "histogram",
            "A histogram as `make_histogram` returns it: a constant expression or a subquery in \
             parentheses of its own.",
        )],
        columns: &[
            ("bin_center", "Float64", "The middle of the bin."),
            (COUNT, "UInt64", "How many values fell into it."),
        ],
        example: "SELECT bin_center, count\n\
            FROM expand_histogram((\n  \
              SELECT make_histogram(0, 10, 5, column1) FROM (VALUES (1.0), (2.5), (3.0))\n\
            ))",
    },
};

struct Bins {
    start: f64,
    width: f64,
    counts: UInt64Array,
    next: usize,
}

impl Bins {
    fn new(value: &ArrayRef) -> Result<Self> {
        let histograms = HistogramColumn::new(NAME, value)?;
        let histogram = histograms.row(0)?;
        let width = if histogram.start == histogram.end {
            1.0
        } else {
            (histogram.end - histogram.start) / histogram.bins.len() as f64
        };
        Ok(Self {
            start: histogram.start,
            width,
            counts: UInt64Array::from_iter_values(histogram.bins.iter().copied()),
            next: 0,
        })
    }

    fn centers(&self, bins: Range<usize>) -> ArrayRef {
        let centers = bins.map(|bin| self.start + (bin as f64 + 0.5) * self.width);
        Arc::new(Float64Array::from_iter_values(centers))
    }
}

impl Rows for Bins {
    fn next(&mut self, row_count: usize, schema: &SchemaRef) -> Result<Option<RecordBatch>> {
        let begin = self.next;
        let end = self.counts.len().min(begin + row_count);
        if begin == end {
            return Ok(None);
        }
        self.next = end;
        let columns = schema
            .fields()
            .iter()
            .map(|field| match field.name().as_str() {
                COUNT => Arc::new(self.counts.slice(begin, end - begin)),
                _ => self.centers(begin..end),
            });
        batch(schema, columns.collect(), end - begin).map(Some)
    }
}
