//! Files with one JSON object per line.

use std::sync::Arc;

use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::ReaderBuilder;
use datafusion::arrow::json::reader::{Decoder, infer_json_schema};

/// Up to the last end of a line: within texts there are none.
pub(super) fn whole_rows(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    &bytes[..end.map_or(0, |end| end + 1)]
}

pub(super) fn columns(rows: &[u8]) -> Result<(Schema, usize), ArrowError> {
    infer_json_schema(rows, None)
}

/// Members that are no columns are passed over, and those that are missing are null. A column
/// of text takes any value.
pub(super) fn decoder(schema: &SchemaRef, batch_rows: usize) -> Result<Decoder, ArrowError> {
    ReaderBuilder::new(Arc::clone(schema))
        .with_batch_size(batch_rows)
        .with_coerce_primitive(true)
        .build_decoder()
}
