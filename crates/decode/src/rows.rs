//! Events to the columns of their table.

mod async_span;
mod image;
mod log;
mod metric;
pub(crate) mod per_dependency;

use arrow::array::ArrayRef;
use wire::transit::Dependencies;

use crate::column::Column;
use crate::error::{EventProblem, Result};
use crate::plan::EventKind;

pub(crate) use async_span::AsyncSpanRows;
pub(crate) use image::ImageRows;
pub(crate) use log::LogRows;
pub(crate) use metric::MetricRows;

/// The per-row columns of one table, fed from the events of one block.
///
/// A block is read twice: first every event, to check it and to learn the
/// dictionaries; then, after [`freeze`](Self::freeze), batch by batch.
pub(crate) trait EventRows {
    /// One event, decoded but not yet in any column.
    type Row<'b>;

    /// The dependencies of the block.
    fn dependencies(&self) -> &Dependencies;

    /// Read an event; None if it is not one of this table.
    fn read<'b>(
        &mut self,
        event: &EventKind,
        body: &'b [u8],
    ) -> Result<Option<Self::Row<'b>>, EventProblem>;

    /// Whether events of this kind are expected beside those of the table.
    fn tolerates(_event: &EventKind) -> bool {
        false
    }

    /// The ticks of its time.
    fn ticks(row: &Self::Row<'_>) -> i64;

    /// Bytes of text or data that the row adds besides dictionaries, roughly.
    fn text_len(&self, row: &Self::Row<'_>) -> usize;

    /// Every event was read once.
    fn freeze(&mut self) -> Result<()>;

    /// Prepare for a batch of that many rows with that much text.
    fn reserve(&mut self, rows: usize, text: usize);

    fn push(&mut self, time: i64, row: Self::Row<'_>);

    /// The columns of the rows pushed since the last call, and start anew.
    fn finish(&mut self) -> Result<Vec<(Column, ArrayRef)>>;
}
