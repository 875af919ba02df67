//! Record batches to JSON rows, written straight into the bytes that go on the wire.
//!
//! A column is prepared once per batch: its type is matched, its arrays are found and its
//! `,"name":` text is ready, so that a value costs one match and a copy. The values of a
//! dictionary are turned into JSON once per batch and copied per row. Nothing is allocated
//! per value.
//!
//! Form of the rows: one object per row with the keys in column order. A null value leaves
//! its key out; a float that JSON cannot carry (NaN, infinities) is `null`. A column name
//! that occurs again gets a numeric suffix: `a`, `a_2`, `a_3`.
//!
//! ```text
//! Schema ──RowPlan──▶ keys, or why a type has no JSON form
//! RecordBatch ──RowPlan::rows──▶ Rows ──write──▶ {"a":1,"b":"x"},{"a":2} …
//! ```

mod column;
mod error;
mod fields;
mod nested;
mod support;
mod text;
mod texts;
mod timestamp;
mod values;

#[cfg(test)]
mod tests;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

pub(crate) use error::ConversionError;
use fields::{Fields, Keys};

/// What is known of a result before its first row.
#[derive(Debug)]
pub(crate) struct RowPlan {
    keys: Keys,
}

impl RowPlan {
    /// Checks that every column has a JSON form.
    pub(crate) fn new(schema: &Schema) -> Result<Self, ConversionError> {
        for field in schema.fields() {
            support::check(field)?;
        }
        let keys = Keys::new(schema.fields());
        Ok(Self { keys })
    }

    /// Prepares the columns of one batch.
    pub(crate) fn rows(&self, batch: &RecordBatch) -> Result<Rows, ConversionError> {
        Ok(Rows {
            fields: Fields::new(&self.keys, batch.columns())?,
            next: 0,
            len: batch.num_rows(),
        })
    }
}

/// The rows of one batch that are not written yet.
#[derive(Debug)]
pub(crate) struct Rows {
    fields: Fields,
    next: usize,
    len: usize,
}

impl Rows {
    /// Appends rows to the array in `out` until it holds `full_at` bytes or no row is left.
    ///
    /// `rows_before` is how many rows the array already has, for the separator; the new
    /// number is returned. A single row larger than `full_at` is written whole.
    ///
    /// # Errors
    /// A row is too large; then the end of `out` is not JSON.
    pub(crate) fn write(
        &mut self,
        out: &mut Vec<u8>,
        full_at: usize,
        rows_before: u64,
    ) -> Result<u64, ConversionError> {
        let begin = self.next;
        while self.next < self.len && out.len() < full_at {
            if rows_before > 0 || self.next > begin {
                out.push(b',');
            }
            self.fields.write(self.next, out);
            self.next += 1;
            if row_is_full(out) {
                let bytes_max = ROW_BYTES_MAX;
                return Err(ConversionError::RowTooLarge { bytes_max });
            }
        }
        Ok(rows_before + (self.next - begin) as u64)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.next == self.len
    }
}

/// Largest row, in bytes of JSON. Lists can name one large value many times, or hold a
/// billion nulls: a row can be larger than what was received by any factor.
const ROW_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Whether to give up on a row. What was written before the row is at most one piece.
fn row_is_full(out: &[u8]) -> bool {
    out.len() > ROW_BYTES_MAX
}
