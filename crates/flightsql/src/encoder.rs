//! Record batches to Flight messages: the schema first, bounded messages, dictionaries sent again
//! before every batch, no compression.

use crate::wire_arrays::{columns_bytes, to_wire};
use crate::wire_dictionaries::normalised;
use crate::wire_schema::{Dictionaries, wire_schema};
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions};
use arrow_flight::FlightData;
use std::collections::VecDeque;
use std::ops::Range;

/// Bytes of rows that one message aims at. Some clients refuse messages of 4 MiB, and the estimate
/// leaves out padding and headers.
const MESSAGE_BYTES: usize = 2 * 1024 * 1024;

/// Encodes one stream. Rows wait as slices of the engine's batches and are converted one message
/// at a time, so that a batch that grows by flattening never exists as a whole.
pub(crate) struct Encoder {
    schema: SchemaRef,
    dictionaries: Dictionaries,
    generator: IpcDataGenerator,
    tracker: DictionaryTracker,
    context: IpcWriteContext,
    options: IpcWriteOptions,
    waiting: VecDeque<RecordBatch>,
    messages: VecDeque<FlightData>,
}

impl Encoder {
    /// `schema` is that of the batches to come. The schema message is ready at once.
    pub fn new(schema: &Schema, dictionaries: Dictionaries) -> Self {
        let schema = wire_schema(schema, dictionaries);
        let options = IpcWriteOptions::default();
        let generator = IpcDataGenerator::default();
        let mut tracker = DictionaryTracker::new(false);
        let message =
            generator.schema_to_bytes_with_dictionary_tracker(&schema, &mut tracker, &options);
        let mut context = IpcWriteContext::default();
        context.set_reserve_scratch(true);
        Self {
            schema,
            dictionaries,
            generator,
            tracker,
            context,
            options,
            waiting: VecDeque::new(),
            messages: VecDeque::from([message.into()]),
        }
    }

    /// Take a batch of the schema given at the start. Call it when there is no next message.
    pub fn push(&mut self, batch: RecordBatch) {
        if batch.num_rows() == 0 {
            return;
        }
        let flatten = self.dictionaries == Dictionaries::Flatten;
        let mut pieces = Vec::new();
        split(&batch, 0..batch.num_rows(), flatten, &mut pieces);
        let slices = pieces
            .into_iter()
            .map(|piece| batch.slice(piece.rows.start, piece.rows.len()));
        self.waiting.extend(slices);
    }

    /// The next message to send, if the rows so far make one.
    pub fn next_message(&mut self) -> Result<Option<FlightData>, ArrowError> {
        if let Some(message) = self.messages.pop_front() {
            return Ok(Some(message));
        }
        let Some(rows) = self.waiting.pop_front() else {
            return Ok(None);
        };
        let rows = self.converted(&rows)?;
        self.forget_dictionaries();
        let (dictionaries, rows) =
            self.generator
                .encode(&rows, &mut self.tracker, &self.options, &mut self.context)?;
        self.messages
            .extend(dictionaries.into_iter().map(FlightData::from));
        self.messages.push_back(rows.into());
        Ok(self.messages.pop_front())
    }

    fn converted(&self, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let columns = rows
            .columns()
            .iter()
            .zip(self.schema.fields())
            .map(|(column, field)| {
                let column = to_wire(column, field.data_type())?;
                match self.dictionaries {
                    Dictionaries::Preserve => normalised(column),
                    Dictionaries::Flatten => Ok(column),
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        RecordBatch::try_new_with_options(SchemaRef::clone(&self.schema), columns, &options)
    }

    /// A tracker leaves out dictionaries that it has seen. Clients may cut the stream into batches
    /// that must each be readable alone, so every batch gets its dictionaries.
    fn forget_dictionaries(&mut self) {
        let count = self.tracker.dict_id().len();
        self.tracker.clear();
        for _ in 0..count {
            self.tracker.next_dict_id();
        }
    }
}

/// Rows that go into one message.
struct Piece {
    rows: Range<usize>,
    bytes: usize,
}

/// Pieces of at most `MESSAGE_BYTES` each, unless a single row is larger.
fn split(batch: &RecordBatch, rows: Range<usize>, flatten: bool, pieces: &mut Vec<Piece>) {
    let slice = batch.slice(rows.start, rows.len());
    let bytes = columns_bytes(slice.columns(), flatten);
    let count = bytes.div_ceil(MESSAGE_BYTES).min(rows.len());
    if count > 1 {
        // Rows differ in size, so a part may still be too large.
        let step = rows.len().div_ceil(count);
        for start in rows.clone().step_by(step) {
            split(batch, start..rows.end.min(start + step), flatten, pieces);
        }
        return;
    }
    match pieces.last_mut() {
        Some(last) if last.bytes + bytes <= MESSAGE_BYTES => {
            last.rows.end = rows.end;
            last.bytes += bytes;
        }
        _ => pieces.push(Piece { rows, bytes }),
    }
}

#[cfg(test)]
mod tests;
