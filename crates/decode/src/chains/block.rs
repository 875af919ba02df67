//! From a stored payload to the few bytes per event that a chain needs.

use bytes::Bytes;
use model::BlockInfo;
use wire::envelope::Payload;
use wire::lz4::Pieces;
use wire::transit::{Dependencies, Entries, Entry, LayoutError, Problem};

use super::ChainTable;
use super::net::{NetBlock, NetReader};
use super::spans::{SpanBlock, SpanReader};
use crate::error::{Error, EventProblem, Result};
use crate::payload::{objects_error, open_objects, read_dependencies};
use crate::plan::{EventKind, EventPlan, StreamPlan};

/// The events of one block that a table needs, checked and reduced to a few bytes
/// each.
#[derive(Debug)]
pub struct ChainBlock {
    pub(super) events: TableEvents,
    /// Events in all earlier blocks of the stream, as the producer says.
    pub(super) object_offset: i64,
    ignored_events: u64,
}

#[derive(Debug)]
pub(super) enum TableEvents {
    ThreadSpans(SpanBlock),
    NetSpans(NetBlock),
}

/// Collects the events of one table.
pub(super) trait EventReader {
    /// Keep an event, the `ordinal`-th of its block; whether it is one of the table.
    fn read(&mut self, ordinal: u32, event: &EventKind, body: &[u8]) -> Result<bool, EventProblem>;
}

impl ChainBlock {
    /// Decompress and check a block. `payload` is the stored CBOR document.
    pub fn decode(
        table: ChainTable,
        plan: &StreamPlan,
        block: &BlockInfo,
        payload: &Bytes,
    ) -> Result<Self> {
        let payload = Payload::parse(payload).map_err(Error::Payload)?;
        let dependencies = read_dependencies(plan, &payload)?;
        let mut objects = open_objects(&payload)?;
        // What the producer says, if there can be as many.
        let events = usize::try_from(block.nb_objects).unwrap_or(0);
        let events = events.min(objects.bound());
        let (events, ignored_events) = match table {
            ChainTable::ThreadSpans => {
                let mut reader = SpanReader::new(plan, &dependencies, events);
                let ignored = read_all(plan, &dependencies, &mut objects, &mut reader)?;
                (TableEvents::ThreadSpans(reader.finish()), ignored)
            }
            ChainTable::NetSpans => {
                let mut reader = NetReader::new(&dependencies);
                let ignored = read_all(plan, &dependencies, &mut objects, &mut reader)?;
                (TableEvents::NetSpans(reader.finish()), ignored)
            }
        };
        Ok(Self {
            events,
            object_offset: block.object_offset,
            ignored_events,
        })
    }

    /// Memory that the events take, roughly.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.events {
                TableEvents::ThreadSpans(events) => events.memory_bytes(),
                TableEvents::NetSpans(events) => events.memory_bytes(),
            }
    }

    /// Events of a type that nobody knows.
    pub fn ignored_events(&self) -> u64 {
        self.ignored_events
    }
}

/// Read every event; answers how many are of a type that nobody knows.
fn read_all(
    plan: &StreamPlan,
    dependencies: &Dependencies,
    objects: &mut Pieces<'_>,
    reader: &mut impl EventReader,
) -> Result<u64> {
    let (mut ignored, mut ordinal, mut position) = (0, 0, 0);
    let mut is_over = false;
    loop {
        let mut entries = Entries::new(&plan.layout.objects, objects.rest(position));
        let mut read = 0;
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                // It goes on in the next piece.
                Err(error) if error.problem == Problem::PastEnd && !is_over => break,
                Err(mut error) => {
                    error.offset += position;
                    return Err(Error::Objects(error));
                }
            };
            let event = &plan.events[usize::from(entry.type_index)];
            reader
                .read(ordinal, &event.kind, entry.body)
                .and_then(|is_read| check_references(event, &entry, is_read, dependencies))
                .map_err(|problem| Error::Event {
                    ordinal: u64::from(ordinal),
                    type_index: entry.type_index,
                    offset: position + entry.offset,
                    problem,
                })?;
            ignored += u64::from(matches!(event.kind, EventKind::Other));
            ordinal += 1;
            read = entries.position();
        }
        position += read;
        if is_over {
            return Ok(ignored);
        }
        is_over = !objects.advance(position).map_err(objects_error)?;
    }
}

/// Every id in a block must be known, also those in events that are not read.
#[inline]
fn check_references(
    event: &EventPlan,
    entry: &Entry<'_>,
    is_read: bool,
    dependencies: &Dependencies,
) -> Result<(), EventProblem> {
    let references = if is_read {
        match &event.other_references {
            Ok(references) if references.is_empty() => return Ok(()),
            references => references.as_ref().map_err(LayoutError::clone)?,
        }
    } else if entry.layout.is_dynamic() {
        return Ok(());
    } else {
        entry.layout.fields()?.references()
    };
    Ok(dependencies.check_references(entry.body, references)?)
}
