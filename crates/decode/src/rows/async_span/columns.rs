//! The columns of `async_events` that differ from row to row.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, TimestampNanosecondArray, UInt32Array};
use wire::transit::Dependencies;

use super::AsyncSpanRow;
use crate::column::{Column, UTC};
use crate::dictionary::TextColumn;
use crate::error::Result;

/// One builder per column; None or an idle dictionary for a column nobody asked for.
#[derive(Debug)]
pub(super) struct AsyncSpanColumns {
    pub names: TextColumn,
    pub filenames: TextColumn,
    pub targets: TextColumn,
    event_types: TextColumn,
    /// Index in its dictionary.
    begin: i32,
    end: i32,
    times: Option<Vec<i64>>,
    span_ids: Option<Vec<i64>>,
    parent_span_ids: Option<Vec<i64>>,
    depths: Option<Vec<u32>>,
    hashes: Option<Vec<u32>>,
    lines: Option<Vec<u32>>,
}

impl AsyncSpanColumns {
    pub(super) fn new(dependencies: &Dependencies, wanted: impl Fn(Column) -> bool) -> Self {
        let text = |column| TextColumn::new(wanted(column), dependencies);
        let mut event_types = TextColumn::of_literals(wanted(Column::EventType));
        Self {
            names: text(Column::Name),
            filenames: text(Column::Filename),
            targets: text(Column::Target),
            begin: event_types.literal("begin"),
            end: event_types.literal("end"),
            event_types,
            times: wanted(Column::Time).then(Vec::new),
            span_ids: wanted(Column::SpanId).then(Vec::new),
            parent_span_ids: wanted(Column::ParentSpanId).then(Vec::new),
            depths: wanted(Column::Depth).then(Vec::new),
            hashes: wanted(Column::Hash).then(Vec::new),
            lines: wanted(Column::Line).then(Vec::new),
        }
    }

    pub(super) fn freeze(&mut self) -> Result<()> {
        for texts in self.texts() {
            texts.freeze()?;
        }
        Ok(())
    }

    pub(super) fn reserve(&mut self, rows: usize) {
        for texts in self.texts() {
            texts.reserve(rows);
        }
        let long = [
            &mut self.times,
            &mut self.span_ids,
            &mut self.parent_span_ids,
        ];
        long.into_iter()
            .flatten()
            .for_each(|values| values.reserve_exact(rows));
        let short = [&mut self.depths, &mut self.hashes, &mut self.lines];
        short
            .into_iter()
            .flatten()
            .for_each(|values| values.reserve_exact(rows));
    }

    #[inline]
    pub(super) fn push(&mut self, time: i64, row: &AsyncSpanRow) {
        push(&mut self.times, time);
        push(&mut self.span_ids, row.span_id);
        push(&mut self.parent_span_ids, row.parent_span_id);
        push(&mut self.depths, row.depth);
        push(&mut self.hashes, row.scope.hash);
        push(&mut self.lines, row.scope.line);
        self.names.push(row.scope.name);
        self.filenames.push(row.scope.filename);
        self.targets.push(row.scope.target);
        self.event_types.push(match row.is_begin {
            true => self.begin,
            false => self.end,
        });
    }

    pub(super) fn finish(&mut self) -> Result<Vec<(Column, ArrayRef)>> {
        let times = self.times.as_mut().map(std::mem::take).map(|times| {
            Arc::new(TimestampNanosecondArray::from(times).with_timezone(UTC)) as ArrayRef
        });
        let columns = [
            (Column::Time, times),
            (Column::SpanId, long(&mut self.span_ids)),
            (Column::ParentSpanId, long(&mut self.parent_span_ids)),
            (Column::Depth, short(&mut self.depths)),
            (Column::Hash, short(&mut self.hashes)),
            (Column::Line, short(&mut self.lines)),
            (Column::Name, self.names.finish()?),
            (Column::Filename, self.filenames.finish()?),
            (Column::Target, self.targets.finish()?),
            (Column::EventType, self.event_types.finish()?),
        ];
        let wanted = columns
            .into_iter()
            .filter_map(|(c, array)| Some((c, array?)));
        Ok(wanted.collect())
    }

    fn texts(&mut self) -> [&mut TextColumn; 4] {
        [
            &mut self.names,
            &mut self.filenames,
            &mut self.targets,
            &mut self.event_types,
        ]
    }
}

#[inline]
fn push<T>(values: &mut Option<Vec<T>>, value: T) {
    if let Some(values) = values {
        values.push(value);
    }
}

fn long(values: &mut Option<Vec<i64>>) -> Option<ArrayRef> {
    let values = std::mem::take(values.as_mut()?);
    Some(Arc::new(Int64Array::from(values)))
}

fn short(values: &mut Option<Vec<u32>>) -> Option<ArrayRef> {
    let values = std::mem::take(values.as_mut()?);
    Some(Arc::new(UInt32Array::from(values)))
}
