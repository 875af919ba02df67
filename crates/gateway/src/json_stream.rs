//! A query's result as pieces of one JSON array, pulled on demand.

use std::task::{Context, Poll, ready};

use arrow::array::RecordBatch;
use flightsql_client::QueryStream;
use futures::StreamExt;

use crate::error::Error;
use crate::json::{RowPlan, Rows};

/// How large a piece grows before it is handed over, in bytes: large enough that its costs
/// on the way do not count, small enough that writing it does not hold up other requests.
pub(crate) const CHUNK_BYTES: usize = 128 * 1024;

/// Whether the array goes on after a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Partial,
    Complete,
}

/// A result being written. It holds one batch at a time.
#[derive(Debug)]
pub(crate) struct JsonStream {
    batches: QueryStream,
    plan: RowPlan,
    rows: Option<Rows>,
    bytes_max: Option<u64>,
    row_count: u64,
    byte_count: u64,
}

impl JsonStream {
    /// Checks that the result can be written; nothing is read yet.
    pub(crate) fn new(batches: QueryStream, bytes_max: Option<u64>) -> Result<Self, Error> {
        let plan = RowPlan::new(batches.schema())?;
        Ok(Self {
            batches,
            plan,
            rows: None,
            bytes_max,
            row_count: 0,
            byte_count: 0,
        })
    }

    pub(crate) fn row_count(&self) -> u64 {
        self.row_count
    }

    pub(crate) fn byte_count(&self) -> u64 {
        self.byte_count
    }

    /// Appends what there is to `chunk`, until it is large enough, the result ends, or the
    /// query service has no more rows to give for the moment.
    pub(crate) fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
        chunk: &mut Vec<u8>,
    ) -> Poll<Result<Progress, Error>> {
        let before = chunk.len();
        let progress = ready!(self.poll_fill(cx, chunk))?;
        self.byte_count += (chunk.len() - before) as u64;
        match self.bytes_max {
            Some(bytes_max) if self.byte_count > bytes_max => {
                Poll::Ready(Err(Error::ResultTooLarge { bytes_max }))
            }
            _ => Poll::Ready(Ok(progress)),
        }
    }

    fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        chunk: &mut Vec<u8>,
    ) -> Poll<Result<Progress, Error>> {
        let before = chunk.len();
        loop {
            self.write_rows(chunk)?;
            if chunk.len() >= CHUNK_BYTES {
                return Poll::Ready(Ok(Progress::Partial));
            }
            match self.batches.poll_next_unpin(cx) {
                Poll::Pending if chunk.len() == before => return Poll::Pending,
                Poll::Pending => return Poll::Ready(Ok(Progress::Partial)),
                Poll::Ready(Some(batch)) => self.take_batch(&batch?)?,
                Poll::Ready(None) => {
                    self.open_array(chunk);
                    chunk.push(b']');
                    return Poll::Ready(Ok(Progress::Complete));
                }
            }
        }
    }

    fn take_batch(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        if batch.num_rows() > 0 {
            self.rows = Some(self.plan.rows(batch)?);
        }
        Ok(())
    }

    fn write_rows(&mut self, chunk: &mut Vec<u8>) -> Result<(), Error> {
        let Some(mut rows) = self.rows.take() else {
            return Ok(());
        };
        self.open_array(chunk);
        self.row_count = rows.write(chunk, CHUNK_BYTES, self.row_count)?;
        if !rows.is_done() {
            self.rows = Some(rows);
        }
        Ok(())
    }

    /// The bracket waits for the first row, so that nothing is sent before a failure that
    /// can still be told with a status.
    fn open_array(&self, chunk: &mut Vec<u8>) {
        if self.row_count == 0 {
            chunk.push(b'[');
        }
    }
}
