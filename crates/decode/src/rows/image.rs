//! Image events to the columns of `images`.

mod columns;

use arrow::array::ArrayRef;
use wire::transit::{Dependencies, DynamicText};

use super::EventRows;
use crate::column::Column;
use crate::error::{EventProblem, Result};
use crate::plan::{EventKind, ImageEvent};
use columns::ImageColumns;

/// Reads the image events of one block.
#[derive(Debug)]
pub(crate) struct ImageRows {
    /// No image refers to any of them.
    dependencies: Dependencies,
    columns: ImageColumns,
}

/// An image event.
#[derive(Debug)]
pub(crate) struct ImageRow<'b> {
    ticks: i64,
    name: DynamicText<'b>,
    /// Index in its dictionary.
    format: i32,
    data: &'b [u8],
}

impl ImageRows {
    pub(crate) fn new(dependencies: Dependencies, wanted: impl Fn(Column) -> bool) -> Self {
        Self {
            dependencies,
            columns: ImageColumns::new(wanted),
        }
    }
}

impl EventRows for ImageRows {
    type Row<'b> = ImageRow<'b>;

    fn dependencies(&self) -> &Dependencies {
        &self.dependencies
    }

    fn read<'b>(
        &mut self,
        event: &EventKind,
        body: &'b [u8],
    ) -> Result<Option<ImageRow<'b>>, EventProblem> {
        let EventKind::Image = event else {
            return Ok(None);
        };
        let image = ImageEvent::read(body)?;
        Ok(Some(ImageRow {
            ticks: image.ticks,
            name: image.name,
            format: self.columns.format(&image.format)?,
            data: image.data,
        }))
    }

    fn ticks(row: &ImageRow<'_>) -> i64 {
        row.ticks
    }

    fn text_len(&self, row: &ImageRow<'_>) -> usize {
        self.columns.text_len(row)
    }

    fn freeze(&mut self) -> Result<()> {
        self.columns.freeze()
    }

    fn reserve(&mut self, rows: usize, text: usize) {
        self.columns.reserve(rows, text);
    }

    fn push(&mut self, time: i64, row: ImageRow<'_>) {
        self.columns.push(time, &row);
    }

    fn finish(&mut self) -> Result<Vec<(Column, ArrayRef)>> {
        self.columns.finish()
    }
}
