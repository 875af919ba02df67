//! Going over the events of a block: once to check them, then batch by batch.

use std::sync::Arc;

use model::TimeRange;
use wire::transit::{Dependencies, Entries, Entry, LayoutError};

use crate::batches::DecodeOptions;
use crate::clock::TickClock;
use crate::error::{Error, EventProblem, Result};
use crate::plan::{EventPlan, StreamPlan};
use crate::rows::EventRows;

/// Bytes of messages or images of one block. Events can share a message, so that a block is
/// able to announce far more text than it holds.
const MAX_TEXT: usize = 1 << 30;

/// A batch ends early when its messages or images reach this size, far below the 2 GiB that an
/// Arrow array can hold.
const MAX_BATCH_TEXT: usize = 64 << 20;

/// The events of one block, and how far they are read.
#[derive(Debug)]
pub(crate) struct Walk {
    plan: Arc<StreamPlan>,
    /// The decompressed objects buffer.
    objects: Vec<u8>,
    clock: TickClock,
    range: Option<TimeRange>,
    batch_rows: usize,
    /// Where the next batch starts in `objects`.
    position: usize,
    /// Events before `position`.
    ordinal: u64,
    /// Rows before `position`, also those outside of the range.
    rows: usize,
}

/// What the first pass over a block found.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Census {
    /// Events of the table.
    pub rows: usize,
    /// Events that no table knows, or that are not expected beside those of this one.
    pub ignored: u64,
    /// Bytes of text that the rows carry besides dictionaries.
    text: usize,
}

impl Walk {
    pub(crate) fn new(
        plan: Arc<StreamPlan>,
        objects: Vec<u8>,
        clock: TickClock,
        options: &DecodeOptions,
    ) -> Self {
        Self {
            plan,
            objects,
            clock,
            range: options.range,
            batch_rows: options.batch_rows.max(1),
            position: 0,
            ordinal: 0,
            rows: 0,
        }
    }

    /// Read every event once.
    pub(crate) fn check<R: EventRows>(&self, rows: &mut R) -> Result<Census> {
        let mut census = Census::default();
        let entries = Entries::new(&self.plan.layout.objects, &self.objects);
        for (ordinal, entry) in (0..).zip(entries) {
            let entry = entry.map_err(Error::Objects)?;
            let event = &self.plan.events[usize::from(entry.type_index)];
            check_references(event, &entry, rows.dependencies())
                .and_then(|()| rows.read(&event.kind, entry.body))
                .map(|row| match row {
                    Some(row) => census.add_row(rows.text_len(&row)),
                    None => census.ignored += u64::from(!R::tolerates(&event.kind)),
                })
                .map_err(|problem| event_error(ordinal, &entry, problem))?;
            if census.text > MAX_TEXT {
                return Err(Error::TooMuchText { max: MAX_TEXT });
            }
        }
        rows.freeze()?;
        Ok(census)
    }

    /// Push the rows of the next batch; answers how many.
    pub(crate) fn next_batch<R: EventRows>(
        &mut self,
        rows: &mut R,
        census: &Census,
    ) -> Result<usize> {
        let capacity = self.batch_rows.min(census.rows - self.rows);
        rows.reserve(capacity, census.text_of(capacity));
        let mut entries = Entries::resume(&self.plan.layout.objects, &self.objects, self.position);
        let (mut pushed, mut text) = (0, 0);
        while pushed < self.batch_rows && text < MAX_BATCH_TEXT {
            let Some(entry) = entries.next().transpose().map_err(Error::Objects)? else {
                break;
            };
            let event = &self.plan.events[usize::from(entry.type_index)];
            let row = rows
                .read(&event.kind, entry.body)
                .map_err(|problem| event_error(self.ordinal, &entry, problem))?;
            self.ordinal += 1;
            let Some(row) = row else { continue };
            self.rows += 1;
            let time = self.clock.time_ns(R::ticks(&row));
            if self.range.is_none_or(|range| range.contains(time)) {
                text += rows.text_len(&row);
                rows.push(time, row);
                pushed += 1;
            }
        }
        self.position = entries.position();
        Ok(pushed)
    }

    pub(crate) fn clock(&self) -> TickClock {
        self.clock
    }

    /// Rows of a batch, at most.
    pub(crate) fn batch_rows(&self) -> usize {
        self.batch_rows
    }
}

impl Census {
    fn add_row(&mut self, text: usize) {
        self.rows += 1;
        self.text = self.text.saturating_add(text);
    }

    /// Text to expect in a batch of that many rows.
    fn text_of(&self, rows: usize) -> usize {
        let average = self.text / self.rows.max(1);
        (average + 1).saturating_mul(rows).min(MAX_BATCH_TEXT)
    }
}

fn check_references(
    event: &EventPlan,
    entry: &Entry<'_>,
    dependencies: &Dependencies,
) -> Result<(), EventProblem> {
    let references = event.other_references.as_ref();
    let references = references.map_err(LayoutError::clone)?;
    Ok(dependencies.check_references(entry.body, references)?)
}

fn event_error(ordinal: u64, entry: &Entry<'_>, problem: EventProblem) -> Error {
    Error::Event {
        ordinal,
        type_index: entry.type_index,
        offset: entry.offset,
        problem,
    }
}
