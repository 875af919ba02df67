//! The finished rows of a network stream.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::Utf8Type;
use model::{ProcessId, StreamId};

use super::stack::{KINDS, NetRow, NetStack};
use crate::clock::TickClock;

/// The rows of one chain, in the order in which spans end.
#[derive(Debug)]
pub(in crate::chains) struct NetRows {
    rows: Vec<NetRow>,
    pub(super) clock: TickClock,
    pub(super) names: ArrayRef,
    pub(super) kinds: ArrayRef,
    pub(super) process_id: ArrayRef,
    pub(super) stream_id: ArrayRef,
}

impl NetRows {
    pub(super) fn new(
        stack: NetStack,
        clock: TickClock,
        process_id: ProcessId,
        stream_id: StreamId,
    ) -> Self {
        let names = stack.names.values::<Utf8Type>();
        let one = |text: String| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
        Self {
            rows: stack.rows,
            clock,
            names: names.expect("names are UTF-8 and less than 2 GiB"),
            kinds: Arc::new(StringArray::from(KINDS.to_vec())),
            process_id: one(process_id.to_string()),
            stream_id: one(stream_id.to_string()),
        }
    }

    pub(in crate::chains) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(in crate::chains) fn memory_bytes(&self) -> usize {
        self.rows.capacity() * size_of::<NetRow>() + self.names.get_array_memory_size()
    }

    /// One value of each row.
    pub(super) fn values<T>(&self, rows: &Range<usize>, value: impl Fn(&NetRow) -> T) -> Vec<T> {
        let rows = self.rows.get(rows.clone()).unwrap_or_default();
        rows.iter().map(value).collect()
    }
}
