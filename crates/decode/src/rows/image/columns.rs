//! The columns of `images` that differ from row to row.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, Int64Array, StringBuilder, TimestampNanosecondArray};
use wire::transit::DynamicText;

use super::ImageRow;
use crate::column::{Column, UTC};
use crate::dictionary::TextColumn;
use crate::error::{EventProblem, Result};

/// Bytes of the distinct formats of one block; programs use one or two.
const MAX_FORMATS: usize = 16 << 20;

/// One builder per column; None or an idle dictionary for a column nobody asked for.
#[derive(Debug)]
pub(super) struct ImageColumns {
    formats: TextColumn,
    formats_wanted: bool,
    /// Where a format is put to be looked up.
    format: String,
    times: Option<Vec<i64>>,
    names: Option<StringBuilder>,
    payload_sizes: Option<Vec<i64>>,
    data: Option<BinaryBuilder>,
}

impl ImageColumns {
    pub(super) fn new(wanted: impl Fn(Column) -> bool) -> Self {
        Self {
            formats: TextColumn::of_literals(wanted(Column::Format)),
            formats_wanted: wanted(Column::Format),
            format: String::new(),
            times: wanted(Column::Time).then(Vec::new),
            names: wanted(Column::ImageName).then(StringBuilder::new),
            payload_sizes: wanted(Column::PayloadSize).then(Vec::new),
            data: wanted(Column::Data).then(BinaryBuilder::new),
        }
    }

    /// Index of a format in its dictionary; 0 if nobody wants it.
    pub(super) fn format(&mut self, format: &DynamicText<'_>) -> Result<i32, EventProblem> {
        let max = MAX_FORMATS;
        if !self.formats_wanted {
            return Ok(0);
        }
        if format.encoded_len() > max {
            return Err(EventProblem::TooManyFormats { max });
        }
        self.format.clear();
        format
            .write_to(&mut self.format)
            .expect("writing to memory does not fail");
        let key = self.formats.literal(&self.format);
        match self.formats.text_len() {
            length if length > max => Err(EventProblem::TooManyFormats { max }),
            _ => Ok(key),
        }
    }

    /// Bytes of text and data that the row adds besides dictionaries.
    pub(super) fn text_len(&self, row: &ImageRow<'_>) -> usize {
        let name = self.names.as_ref().map_or(0, |_| row.name.encoded_len());
        name + self.data.as_ref().map_or(0, |_| row.data.len())
    }

    pub(super) fn freeze(&mut self) -> Result<()> {
        Ok(self.formats.freeze()?)
    }

    /// `text` = bytes of names and data together.
    pub(super) fn reserve(&mut self, rows: usize, text: usize) {
        self.formats.reserve(rows);
        if let Some(times) = &mut self.times {
            times.reserve_exact(rows);
        }
        if let Some(sizes) = &mut self.payload_sizes {
            sizes.reserve_exact(rows);
        }
        if let Some(data) = &mut self.data {
            *data = BinaryBuilder::with_capacity(rows, text);
        }
    }

    pub(super) fn push(&mut self, time: i64, row: &ImageRow<'_>) {
        self.formats.push(row.format);
        if let Some(times) = &mut self.times {
            times.push(time);
        }
        if let Some(sizes) = &mut self.payload_sizes {
            sizes.push(row.data.len() as i64);
        }
        if let Some(names) = &mut self.names {
            row.name
                .write_to(names)
                .expect("writing to memory does not fail");
            // Ends the value that was written.
            names.append_value("");
        }
        if let Some(data) = &mut self.data {
            data.append_value(row.data);
        }
    }

    pub(super) fn finish(&mut self) -> Result<Vec<(Column, ArrayRef)>> {
        let mut columns: Vec<(Column, ArrayRef)> = Vec::new();
        if let Some(times) = &mut self.times {
            let times = TimestampNanosecondArray::from(std::mem::take(times)).with_timezone(UTC);
            columns.push((Column::Time, Arc::new(times)));
        }
        if let Some(names) = &mut self.names {
            columns.push((Column::ImageName, Arc::new(names.finish())));
        }
        if let Some(sizes) = &mut self.payload_sizes {
            let sizes = Int64Array::from(std::mem::take(sizes));
            columns.push((Column::PayloadSize, Arc::new(sizes)));
        }
        if let Some(data) = &mut self.data {
            columns.push((Column::Data, Arc::new(data.finish())));
        }
        let formats = self.formats.finish()?;
        columns.extend(formats.map(|formats| (Column::Format, formats)));
        Ok(columns)
    }
}
