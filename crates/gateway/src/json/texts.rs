//! Values that are JSON already: written once, copied as often as they are used.

use std::fmt::Write as _;

use arrow::array::{Array, ArrayRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::ConversionError;
use super::text;

/// JSON texts of rows, end to end in one allocation.
#[derive(Debug)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self {
            bytes: Vec::new(),
            ends: Vec::with_capacity(rows),
        }
    }

    /// Types that are rare in results are left to the formatter of the Arrow library.
    pub(super) fn format(array: &ArrayRef, quoted: bool) -> Result<Self, ConversionError> {
        let options = FormatOptions::new().with_display_error(true);
        let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
        let mut texts = Self::with_capacity(array.len());
        let mut scratch = String::new();
        for row in 0..array.len() {
            if array.is_valid(row) {
                scratch.clear();
                write!(scratch, "{}", formatter.value(row))
                    .expect("errors are displayed, and a string takes any text");
                if quoted {
                    text::write_string(scratch.as_bytes(), &mut texts.bytes);
                } else {
                    texts.bytes.extend_from_slice(scratch.as_bytes());
                }
            }
            texts.end_row();
        }
        Ok(texts)
    }

    /// Adds the text of one row, which `write` appends.
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.end_row();
    }

    fn end_row(&mut self) {
        self.ends.push(self.bytes.len());
    }

    pub(super) fn get(&self, row: usize) -> &[u8] {
        let begin = match row {
            0 => 0,
            _ => self.ends[row - 1],
        };
        &self.bytes[begin..self.ends[row]]
    }
}
