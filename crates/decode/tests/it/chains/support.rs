//! Building chains by hand, and showing their rows.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{ArrowPrimitiveType, Int64Type, TimestampNanosecondType, UInt32Type};
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use decode::hostile::Parts;
use decode::{
    ChainBlock, ChainBuilder, ChainError, ChainRows, ChainSource, ChainTable, StreamPlan,
};
use model::{BlockInfo, ProcessInfo, StreamId, StreamInfo};

use crate::support::{START, block_info, process, text_at};

/// Ticks when the process started.
pub const START_TICKS: i64 = 1_000_000;

/// A chain with the type tables of its stream. Ticks are nanoseconds.
#[derive(Clone)]
pub struct Chain {
    pub table: ChainTable,
    pub dependencies_metadata: Vec<u8>,
    pub objects_metadata: Vec<u8>,
    pub blocks: Vec<ChainPart>,
    pub process: ProcessInfo,
    /// Properties of the stream.
    pub properties: Vec<(&'static str, &'static str)>,
    /// Since the start of the process.
    pub ticks: (i64, i64),
}

/// The buffers of one block.
#[derive(Clone)]
pub struct ChainPart {
    pub dependencies: Vec<u8>,
    pub objects: Vec<u8>,
    pub object_offset: i64,
}

impl ChainPart {
    pub fn payload(&self) -> Bytes {
        let parts = Parts {
            dependencies_metadata: &[],
            objects_metadata: &[],
            dependencies: &self.dependencies,
            objects: &self.objects,
            compressed: false,
        };
        parts.payload()
    }
}

impl Chain {
    pub fn new(table: ChainTable, dependencies: Vec<u8>, objects: Vec<u8>) -> Self {
        Self {
            table,
            dependencies_metadata: dependencies,
            objects_metadata: objects,
            blocks: Vec::new(),
            process: ProcessInfo {
                tsc_frequency: 1_000_000_000,
                ..process()
            },
            properties: Vec::new(),
            ticks: (0, 1_000_000),
        }
    }

    pub fn source(&self) -> ChainSource {
        let properties = self.properties.iter();
        let stream = StreamInfo {
            stream_id: StreamId::from_bytes([0x22; 16]),
            process_id: self.process.process_id,
            dependencies_metadata: self.dependencies_metadata.clone().into(),
            objects_metadata: self.objects_metadata.clone().into(),
            tags: vec![self.table.tag().to_owned()],
            properties: properties
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            format: model::TRANSIT_FORMAT.to_owned(),
        };
        ChainSource {
            process: Arc::new(self.process.clone()),
            stream: Arc::new(stream),
            latest: block_info(),
            begin_ticks: self.ticks.0,
            end_ticks: self.ticks.1,
            events: 0,
        }
    }

    /// The blocks, each on its own.
    pub fn decode(&self) -> decode::Result<Vec<ChainBlock>> {
        let plan = StreamPlan::compile(&self.dependencies_metadata, &self.objects_metadata)?;
        let decode = |part: &ChainPart| {
            let info = BlockInfo {
                object_offset: part.object_offset,
                ..block_info()
            };
            ChainBlock::decode(self.table, &plan, &info, &part.payload())
        };
        self.blocks.iter().map(decode).collect()
    }

    /// The rows, or how many blocks fitted together and why the next one does not.
    pub fn build(&self) -> Result<ChainRows, (usize, ChainError)> {
        let mut builder = ChainBuilder::new(self.table, &self.source()).expect("a frequency");
        let blocks = self.decode().expect("valid blocks");
        for (index, block) in blocks.iter().enumerate() {
            builder.add(block).map_err(|error| (index, error))?;
        }
        Ok(builder.finish())
    }

    pub fn batch(&self) -> RecordBatch {
        let rows = self.build().expect("a chain");
        let batch = rows.batch(0..usize::MAX, None).expect("a batch");
        assert_eq!(batch.schema(), self.table.schema());
        assert_eq!(
            (batch.num_rows(), batch.num_rows() == 0),
            (rows.len(), rows.is_empty())
        );
        batch
    }

    /// Why the first block is refused, with all causes.
    pub fn error(&self) -> String {
        crate::support::explain(&self.decode().expect_err("a corrupt block"))
    }
}

/// A row of `thread_spans`; times in ns since START.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub id: i64,
    pub parent: i64,
    pub depth: u32,
    pub hash: u32,
    pub begin: i64,
    pub end: i64,
    pub name: String,
    pub target: String,
    pub file: String,
    pub line: u32,
}

pub fn spans(batch: &RecordBatch) -> Vec<Span> {
    let ids = numbers::<Int64Type>(batch, "id");
    let parents = numbers::<Int64Type>(batch, "parent");
    let depths = numbers::<UInt32Type>(batch, "depth");
    let hashes = numbers::<UInt32Type>(batch, "hash");
    let begins = numbers::<TimestampNanosecondType>(batch, "begin");
    let ends = numbers::<TimestampNanosecondType>(batch, "end");
    let durations = numbers::<Int64Type>(batch, "duration");
    let lines = numbers::<UInt32Type>(batch, "line");
    let (names, targets) = (texts(batch, "name"), texts(batch, "target"));
    let files = texts(batch, "filename");
    let span = |row: usize| {
        assert_eq!(durations[row], ends[row] - begins[row]);
        Span {
            id: ids[row],
            parent: parents[row],
            depth: depths[row],
            hash: hashes[row],
            begin: begins[row] - START,
            end: ends[row] - START,
            name: names[row].clone(),
            target: targets[row].clone(),
            file: files[row].clone(),
            line: lines[row],
        }
    };
    (0..batch.num_rows()).map(span).collect()
}

impl Span {
    /// Identifier, place in the tree, name and times.
    pub fn show(&self) -> String {
        let Self {
            id,
            parent,
            depth,
            name,
            begin,
            end,
            ..
        } = self;
        format!("{id} in {parent} at {depth}: {name} {begin}-{end}")
    }
}

pub fn show(batch: &RecordBatch) -> Vec<String> {
    spans(batch).iter().map(Span::show).collect()
}

pub fn numbers<T: ArrowPrimitiveType>(batch: &RecordBatch, column: &str) -> Vec<T::Native> {
    let column = batch.column_by_name(column).expect("a column");
    column.as_primitive::<T>().values().to_vec()
}

pub fn texts(batch: &RecordBatch, column: &str) -> Vec<String> {
    let column = batch.column_by_name(column).expect("a column");
    (0..column.len())
        .map(|row| text_at(column.as_ref(), row))
        .collect()
}
