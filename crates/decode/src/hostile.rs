//! What must hold for any bytes at all, in one place for property tests and fuzzing.

use std::sync::Arc;

use bytes::Bytes;
use model::{BlockInfo, InsertTime, ProcessInfo, TimeRange};
use wire::envelope::Payload;
use wire::lz4;

use crate::{
    BlockBatches, BlockObjects, BlockSource, ChainBlock, ChainBuilder, ChainSource, ChainTable,
    DecodeOptions, EventTable, StreamPlan,
};

/// The parts of a block, as they are packed in the input of [`block`].
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    pub dependencies_metadata: &'a [u8],
    pub objects_metadata: &'a [u8],
    pub dependencies: &'a [u8],
    pub objects: &'a [u8],
    /// The two buffers are LZ4 frames; otherwise they become stored frames, so that
    /// changed bytes reach the decoder instead of failing a checksum.
    pub compressed: bool,
}

impl<'a> Parts<'a> {
    /// One byte, then three parts behind their lengths, then the last part.
    pub fn pack(&self) -> Vec<u8> {
        let mut packed = vec![u8::from(self.compressed)];
        let parts = [
            self.dependencies_metadata,
            self.objects_metadata,
            self.dependencies,
        ];
        for part in parts {
            packed.extend_from_slice(&(part.len() as u32).to_le_bytes());
            packed.extend_from_slice(part);
        }
        packed.extend_from_slice(self.objects);
        packed
    }

    /// Any input is some block: missing parts are empty, lengths are cut.
    pub fn unpack(packed: &'a [u8]) -> Self {
        let (head, mut rest) = packed.split_at(packed.len().min(1));
        let mut part = || {
            let (length, after) = rest.split_first_chunk().unwrap_or((&[0; 4], &[]));
            let length = u32::from_le_bytes(*length) as usize;
            let (part, after) = after.split_at(length.min(after.len()));
            rest = after;
            part
        };
        Self {
            dependencies_metadata: part(),
            objects_metadata: part(),
            dependencies: part(),
            objects: rest,
            compressed: head.first().is_some_and(|byte| byte & 1 != 0),
        }
    }

    /// The document that would be stored.
    pub fn payload(&self) -> Bytes {
        let frame = |buffer: &[u8]| match self.compressed {
            true => Bytes::copy_from_slice(buffer),
            false => lz4::store(buffer).into(),
        };
        let payload = Payload {
            dependencies: frame(self.dependencies),
            objects: frame(self.objects),
        };
        let mut stored = Vec::new();
        payload.encode_into(&mut stored);
        stored.into()
    }
}

/// Any block, in the form of [`Parts::pack`], is either refused when it is opened or
/// yields the rows it announced, whatever columns are asked for. Written out, it is refused
/// or shows every event.
pub fn block(input: &[u8]) {
    let parts = Parts::unpack(input);
    let Ok(plan) = StreamPlan::compile(parts.dependencies_metadata, parts.objects_metadata) else {
        return;
    };
    let (plan, payload) = (Arc::new(plan), parts.payload());
    let objects = objects(&plan, &payload);
    for table in EventTable::ALL {
        let rows = |projection, range| {
            let options = DecodeOptions {
                projection,
                range,
                batch_rows: 1000,
            };
            let batches = BlockBatches::open(table, source(&plan), &payload, &options).ok()?;
            let ignored = batches.ignored_events() as usize;
            let rows = |batch: crate::Result<_>| -> usize {
                let batch: arrow::record_batch::RecordBatch = batch.expect("it was checked");
                assert!((1..=1000).contains(&batch.num_rows()));
                batch.num_rows()
            };
            Some((batches.map(rows).sum::<usize>(), ignored))
        };
        if let Some(all) = rows(None, None) {
            assert_eq!(rows(Some(vec![]), None), Some(all));
            assert_eq!(rows(Some(vec![7, 0]), Some(EVER)), Some(all));
            let (rows, ignored) = all;
            assert!(objects.is_none_or(|objects| rows + ignored <= objects));
        }
    }
    for table in [ChainTable::ThreadSpans, ChainTable::NetSpans] {
        chain(table, &plan, &payload);
    }
}

/// A block, put twice into one chain, is refused or yields the rows it announced,
/// however they are read.
fn chain(table: ChainTable, plan: &Arc<StreamPlan>, payload: &Bytes) {
    let BlockSource { process, block, .. } = source(plan);
    let Ok(decoded) = ChainBlock::decode(table, plan, &block, payload) else {
        return;
    };
    let source = ChainSource {
        stream: Arc::new(stream()),
        latest: block,
        begin_ticks: -process.start_ticks,
        end_ticks: i64::MAX,
        events: 0,
        process,
    };
    let mut builder = ChainBuilder::new(table, &source).expect("the frequency is known");
    for _ in 0..2 {
        if builder.add(&decoded).is_err() {
            return;
        }
    }
    let rows = builder.finish();
    let all = rows.batch(0..rows.len(), None).expect("they are announced");
    assert_eq!(all.num_rows(), rows.len());
    for start in (0..rows.len()).step_by(1000) {
        let some = rows.batch(start..start + 1000, Some(&[3, 4]));
        let some = some.expect("they are announced");
        for (column, index) in some.columns().iter().zip([3, 4]) {
            let same = all.column(index).slice(start, some.num_rows());
            assert_eq!(column.as_ref(), same.as_ref());
        }
    }
}

/// How many events there are, if every one can be shown.
fn objects(plan: &Arc<StreamPlan>, payload: &Bytes) -> Option<usize> {
    let block = source(plan).block;
    let mut objects = BlockObjects::open(Arc::clone(plan), &block, payload).ok()?;
    let mut rows = 0;
    while let Some(batch) = objects.next_batch(1000).ok()? {
        assert!((1..=1000).contains(&batch.num_rows()));
        rows += batch.num_rows();
    }
    Some(rows)
}

const EVER: TimeRange = TimeRange {
    begin: i64::MIN,
    end: i64::MAX,
};

fn stream() -> model::StreamInfo {
    let nil = [0; 16];
    model::StreamInfo {
        stream_id: model::StreamId::from_bytes(nil),
        process_id: model::ProcessId::from_bytes(nil),
        dependencies_metadata: Bytes::new(),
        objects_metadata: Bytes::new(),
        tags: Vec::new(),
        properties: model::Properties::new(),
        format: model::TRANSIT_FORMAT.to_owned(),
    }
}

fn source(plan: &Arc<StreamPlan>) -> BlockSource {
    let nil = [0; 16];
    BlockSource {
        process: Arc::new(ProcessInfo {
            process_id: model::ProcessId::from_bytes(nil),
            exe: String::new(),
            username: String::new(),
            realname: String::new(),
            computer: String::new(),
            distro: String::new(),
            cpu_brand: String::new(),
            tsc_frequency: 3_000_000_000,
            start_time: 1_767_323_045_000_000_000,
            start_ticks: 1_000_000,
            parent_process_id: None,
            properties: model::Properties::new(),
        }),
        plan: Arc::clone(plan),
        block: BlockInfo {
            block_id: model::BlockId::from_bytes(nil),
            stream_id: model::StreamId::from_bytes(nil),
            process_id: model::ProcessId::from_bytes(nil),
            begin_time: 0,
            begin_ticks: 0,
            end_time: 0,
            end_ticks: 0,
            object_offset: 0,
            nb_objects: 0,
        },
        insert_time: InsertTime(0),
    }
}
