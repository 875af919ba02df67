//! Whatever is in a block, event by event, for people to look at.

mod document;
mod dynamic;
mod expand;

use std::sync::{Arc, LazyLock};

use arrow::array::{BinaryBuilder, Int64Array, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use model::BlockInfo;
use wire::transit::{Dependencies, Entries, Entry};

use crate::error::{Error, Result};
use crate::payload::Buffers;
use crate::plan::StreamPlan;
use document::Document;
use expand::{Expanded, Expander};

/// Bytes of all documents and type names of one block. Events can share what they refer
/// to, so that a block is able to announce far more than it holds.
const MAX_BYTES: usize = 1 << 30;

/// A batch ends early when its documents and type names reach this size.
const MAX_BATCH_BYTES: usize = 16 << 20;

/// The events of one block as documents: every event of every type, as far as the type
/// tables tell what is in it.
///
/// A document is a JSONB object with the name of the type as `__type` and the members of
/// the event. A reference is replaced by what it refers to: a text, an object with the
/// properties of a set, or a descriptor with its own `__type`. Of binary members only the
/// length is told, in the text `<binary N bytes>`, which is all there is to say of events
/// whose content is unknown, as their member `data`.
#[derive(Debug)]
pub struct BlockObjects {
    plan: Arc<StreamPlan>,
    dependencies: Dependencies,
    /// The decompressed objects buffer.
    objects: Vec<u8>,
    expanded: Expanded,
    object_offset: i64,
    memory_bytes: usize,
    /// Where the next event starts in `objects`.
    position: usize,
    /// Events before `position`.
    ordinal: u64,
    /// Bytes of documents and type names before `position`.
    written: usize,
}

impl BlockObjects {
    /// Decompress a block. `payload` is the stored CBOR document. Events are only checked
    /// when their batch is made.
    pub fn open(plan: Arc<StreamPlan>, block: &BlockInfo, payload: &Bytes) -> Result<Self> {
        let buffers = Buffers::read(&plan, payload)?;
        Ok(Self {
            plan,
            dependencies: buffers.dependencies,
            objects: buffers.objects,
            expanded: Expanded::default(),
            object_offset: block.object_offset,
            memory_bytes: buffers.memory_bytes,
            position: 0,
            ordinal: 0,
            written: 0,
        })
    }

    /// The schema of the batches.
    pub fn schema() -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
            let field = |name, data_type| Field::new(name, data_type, false);
            Arc::new(Schema::new(vec![
                field("object_index", DataType::Int64),
                field("type_name", DataType::Utf8),
                field("value", DataType::Binary),
            ]))
        });
        SchemaRef::clone(&SCHEMA)
    }

    /// Memory that the decompressed block and what was made of it take, roughly.
    pub fn memory_bytes(&self) -> usize {
        self.memory_bytes + self.expanded.bytes()
    }

    /// The next events, at most that many and at least one; None: no events are left. After
    /// an error there are none.
    pub fn next_batch(&mut self, rows: usize) -> Result<Option<RecordBatch>> {
        let batch = self.read_batch(rows.max(1));
        if batch.is_err() {
            self.position = self.objects.len();
        }
        batch
    }

    fn read_batch(&mut self, rows: usize) -> Result<Option<RecordBatch>> {
        let mut indices = Vec::new();
        let mut type_names = StringBuilder::new();
        let mut values = BinaryBuilder::new();
        let written = self.written;
        while indices.len() < rows && self.written - written < MAX_BATCH_BYTES {
            let objects = &self.plan.layout.objects;
            let mut entries = Entries::resume(objects, &self.objects, self.position);
            let Some(entry) = entries.next().transpose().map_err(Error::Objects)? else {
                break;
            };
            let position = entries.position();
            let mut expander = Expander {
                plan: &self.plan,
                dependencies: &self.dependencies,
                expanded: &mut self.expanded,
            };
            let document = document(&mut expander, self.ordinal, &entry)?;
            let type_name = entry.layout.name.as_str();
            self.written += document.bytes.len() + type_name.len();
            if self.written > MAX_BYTES {
                return Err(Error::TooManyObjects { max: MAX_BYTES });
            }
            indices.push(self.object_offset.saturating_add_unsigned(self.ordinal));
            type_names.append_value(type_name);
            values.append_value(&document.bytes);
            self.position = position;
            self.ordinal += 1;
        }
        if indices.is_empty() {
            return Ok(None);
        }
        let batch = RecordBatch::try_new(
            Self::schema(),
            vec![
                Arc::new(Int64Array::from(indices)),
                Arc::new(type_names.finish()),
                Arc::new(values.finish()),
            ],
        )?;
        Ok(Some(batch))
    }
}

fn document(expander: &mut Expander<'_>, ordinal: u64, entry: &Entry<'_>) -> Result<Document> {
    expander.event(entry).map_err(|problem| Error::Event {
        ordinal,
        type_index: entry.type_index,
        offset: entry.offset,
        problem,
    })
}
