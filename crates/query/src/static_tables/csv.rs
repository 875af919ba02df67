//! Files of comma-separated values. Columns are found by their names in the header, wherever they
//! stand, so that a file may be replaced by one that has others.

use std::sync::Arc;

use datafusion::arrow::array::new_null_array;
use datafusion::arrow::csv::ReaderBuilder;
use datafusion::arrow::csv::reader::{Decoder, Format};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::format::COLUMNS_MAX;

/// Up to the last end of a line that lies in no quotes.
pub(super) fn whole_rows(bytes: &[u8]) -> &[u8] {
    let end = line_ends(bytes).last().unwrap_or_default();
    &bytes[..end]
}

/// Up to the first such end, empty lines aside.
pub(super) fn header_bytes(bytes: &[u8]) -> Option<usize> {
    let is_empty = |end| bytes[..end].iter().all(|byte| b"\r\n".contains(byte));
    line_ends(bytes).find(|end| !is_empty(*end))
}

pub(super) fn columns(rows: &[u8]) -> Result<(Schema, usize), ArrowError> {
    Format::default().with_header(true).infer_schema(rows, None)
}

/// Of the columns in `schema` those that the header names.
pub(super) fn decoder(
    header: &[u8],
    schema: &SchemaRef,
    batch_rows: usize,
) -> Result<Decoder, ArrowError> {
    let (named, _) = columns(header)?;
    if named.fields().len() > COLUMNS_MAX {
        return Err(ArrowError::CsvError(format!(
            "it has more than {COLUMNS_MAX} columns"
        )));
    }
    let mut wanted = Vec::new();
    let mut fields = Vec::new();
    for (index, field) in named.fields().iter().enumerate() {
        let known = schema.field_with_name(field.name()).ok();
        // Of two with the same name the first one counts.
        let known = known.filter(|_| named.index_of(field.name()).ok() == Some(index));
        wanted.extend(known.map(|_| index));
        let data_type = known.map_or(&DataType::Utf8, |field| field.data_type());
        fields.push(Field::new(field.name(), data_type.clone(), true));
    }
    let decoder = ReaderBuilder::new(Arc::new(Schema::new(fields)))
        .with_header(true)
        .with_batch_size(batch_rows)
        .with_projection(wanted)
        .build_decoder();
    Ok(decoder)
}

/// The columns in the order of `schema`; those that the file has not are null.
pub(super) fn arranged(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let rows = batch.num_rows();
    let columns = schema.fields().iter().map(|field| {
        let column = batch.column_by_name(field.name()).map(Arc::clone);
        column.unwrap_or_else(|| new_null_array(field.data_type(), rows))
    });
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns.collect(), &options)
}

/// Where lines are over that end outside of quotes.
fn line_ends(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let mut is_quoted = false;
    bytes.iter().enumerate().filter_map(move |(index, byte)| {
        is_quoted ^= *byte == b'"';
        (*byte == b'\n' && !is_quoted).then_some(index + 1)
    })
}

#[cfg(test)]
mod tests;
