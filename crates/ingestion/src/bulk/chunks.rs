//! A batch cut into what is stored at once.

use super::Result;
use super::columns::Upload;
use super::rows::Rows;

/// The rows of a batch, some at a time.
pub(super) struct Chunks<R, Row> {
    rows: R,
    next: usize,
    end: usize,
    /// The row that did not fit the chunk before.
    waiting: Option<Row>,
    rows_max: usize,
    bytes_max: usize,
}

impl<'a, R: Rows<'a>> Chunks<R, R::Row> {
    pub fn new(upload: Upload<'a>, rows_max: usize, bytes_max: usize) -> Result<Self> {
        Ok(Self {
            rows: R::of(upload)?,
            next: 0,
            end: upload.batch.num_rows(),
            waiting: None,
            rows_max,
            bytes_max,
        })
    }

    /// At least one row, or none at the end.
    pub fn next(&mut self) -> Result<Option<Vec<R::Row>>> {
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        while chunk.len() < self.rows_max {
            let Some(row) = self.next_row()? else {
                break;
            };
            bytes += R::bytes(&row);
            if bytes > self.bytes_max && !chunk.is_empty() {
                self.waiting = Some(row);
                break;
            }
            chunk.push(row);
        }
        Ok((!chunk.is_empty()).then_some(chunk))
    }

    fn next_row(&mut self) -> Result<Option<R::Row>> {
        if self.waiting.is_some() {
            return Ok(self.waiting.take());
        }
        if self.next == self.end {
            return Ok(None);
        }
        self.next += 1;
        self.rows.row(self.next - 1).map(Some)
    }
}
