//! Rows of spans, as the writer of traces takes them.

use datafusion::arrow::array::{
    AsArray, DictionaryArray, PrimitiveArray, StringArray, TypedDictionaryArray,
};
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, Int32Type, TimestampNanosecondType, UInt32Type,
};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::internal_datafusion_err;
use datafusion::error::{DataFusionError, Result};
use perfetto::Span;

/// What a plan has to deliver, in this order.
pub(super) const COLUMNS: [&str; 6] = ["begin", "end", "name", "target", "filename", "line"];

type Texts<'a> = TypedDictionaryArray<'a, Int32Type, StringArray>;

pub(super) struct SpanRows<'a> {
    begin: &'a PrimitiveArray<TimestampNanosecondType>,
    end: &'a PrimitiveArray<TimestampNanosecondType>,
    name: Texts<'a>,
    target: Texts<'a>,
    file: Texts<'a>,
    line: &'a PrimitiveArray<UInt32Type>,
}

impl<'a> SpanRows<'a> {
    pub fn of(batch: &'a RecordBatch) -> Result<Self> {
        Ok(Self {
            begin: numbers(batch, 0)?,
            end: numbers(batch, 1)?,
            name: texts(batch, 2)?,
            target: texts(batch, 3)?,
            file: texts(batch, 4)?,
            line: numbers(batch, 5)?,
        })
    }

    pub fn iter(&self) -> impl Iterator<Item = Span<'_>> {
        (0..self.begin.len()).map(|row| self.span(row))
    }

    fn span(&self, row: usize) -> Span<'_> {
        Span {
            begin: self.begin.value(row),
            end: self.end.value(row),
            name: text(&self.name, row),
            target: text(&self.target, row),
            file: text(&self.file, row),
            line: self.line.value(row),
        }
    }
}

fn text<'a>(texts: &Texts<'a>, row: usize) -> &'a str {
    texts.values().value(texts.keys().value(row) as usize)
}

fn numbers<T: ArrowPrimitiveType>(
    batch: &RecordBatch,
    column: usize,
) -> Result<&PrimitiveArray<T>> {
    let numbers = batch.column(column).as_primitive_opt();
    numbers.ok_or_else(|| unexpected(column))
}

fn texts(batch: &RecordBatch, column: usize) -> Result<Texts<'_>> {
    let texts = batch.column(column).as_dictionary_opt::<Int32Type>();
    let texts = texts.and_then(DictionaryArray::downcast_dict::<StringArray>);
    texts.ok_or_else(|| unexpected(column))
}

fn unexpected(column: usize) -> DataFusionError {
    internal_datafusion_err!("column {} of spans has another type", COLUMNS[column])
}
