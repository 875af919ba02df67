//! Recorded traffic: the totals that its program is known to have produced.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use decode::{BlockBatches, BlockSource, DecodeOptions, EventTable, StreamPlan};
use model::{BlockInfo, InsertTime, ProcessInfo, StreamInfo};
use wire::envelope::{BlockEnvelope, ProcessEnvelope, StreamEnvelope};

use crate::support::{rows, text_at};

/// A program as its requests describe it.
pub struct Recording {
    pub process: Arc<ProcessInfo>,
    pub streams: HashMap<model::StreamId, StreamInfo>,
    pub blocks: Vec<BlockEnvelope>,
}

impl Recording {
    pub fn load(folder: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/captures")
            .join(folder);
        let (mut process, mut streams, mut blocks) = (None, HashMap::new(), Vec::new());
        for index in 0.. {
            let Ok(head) = fs::read_to_string(folder.join(format!("{index:06}.json"))) else {
                break;
            };
            let body =
                Bytes::from(fs::read(folder.join(format!("{index:06}.bin"))).expect("a body"));
            if head.contains("insert_process") {
                process = Some(ProcessEnvelope::parse(&body).expect("a process").into());
            } else if head.contains("insert_stream") {
                let stream = StreamInfo::from(StreamEnvelope::parse(&body).expect("a stream"));
                streams.insert(stream.stream_id, stream);
            } else {
                blocks.push(BlockEnvelope::parse(&body).expect("a block"));
            }
        }
        blocks.sort_by_key(|block| (block.stream_id, block.object_offset));
        Self {
            process: Arc::new(process.expect("a process")),
            streams,
            blocks,
        }
    }

    /// Every batch of one table, in the order of the events.
    pub fn batches(&self, table: EventTable, tag: &str) -> Vec<RecordBatch> {
        let mut batches = Vec::new();
        for block in &self.blocks {
            let stream = &self.streams[&block.stream_id.into()];
            if stream.tags.iter().any(|t| t == tag) {
                let plan =
                    StreamPlan::compile(&stream.dependencies_metadata, &stream.objects_metadata)
                        .expect("a plan");
                let source = BlockSource {
                    process: Arc::clone(&self.process),
                    plan: Arc::new(plan),
                    block: BlockInfo::from(block),
                    insert_time: InsertTime(1),
                };
                let mut payload = Vec::new();
                block.payload.encode_into(&mut payload);
                let options = DecodeOptions {
                    projection: None,
                    range: None,
                    batch_rows: 700,
                };
                let opened = BlockBatches::open(table, source, &payload.into(), &options);
                let opened = opened.expect("a valid block");
                let before = batches.len();
                let ignored = opened.ignored_events();
                batches.extend(opened.map(|batch| batch.expect("valid")));
                let rows: usize = batches[before..].iter().map(RecordBatch::num_rows).sum();
                match table {
                    // Spans of the thread are beside them.
                    EventTable::AsyncEvents => assert_eq!(ignored, 0),
                    _ => assert_eq!(rows as u64 + ignored, block.nb_objects as u64),
                }
            }
        }
        batches
    }
}

/// The rows of each target or name, only those of the program itself.
fn by(column: &str, prefix: &str, batches: &[RecordBatch]) -> BTreeMap<String, Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for batch in batches {
        let keys = batch.column_by_name(column).expect("a column");
        for (index, row) in rows(batch).into_iter().enumerate() {
            let key = text_at(keys.as_ref(), index);
            if key.starts_with(prefix) {
                groups.entry(key).or_default().push(row);
            }
        }
    }
    groups
}

#[test]
fn the_ledger_of_log_entries_is_complete() {
    let recording = Recording::load("ledger");
    let groups = by(
        "target",
        "ledger::",
        &recording.batches(EventTable::LogEntries, "log"),
    );
    let targets: Vec<&str> = groups.keys().map(String::as_str).collect();
    assert_eq!(
        targets,
        ["ledger::dbg", "ledger::err", "ledger::inf", "ledger::wrn"]
    );
    for i in 0..4000 {
        let (target, level, message) = match i % 4 {
            0 => ("ledger::err", 2, format!("ledger error number {i}")),
            1 => (
                "ledger::wrn",
                3,
                format!("ledger warning {i} with some unicode é漢字🚀 text"),
            ),
            2 => (
                "ledger::inf",
                4,
                "a constant message without arguments".to_owned(),
            ),
            _ => (
                "ledger::dbg",
                5,
                format!("ledger debug {i} {}", "x".repeat(i % 200)),
            ),
        };
        let row = &groups[target][i / 4];
        let (_, row) = row.split_once(" | ").expect("a time");
        assert_eq!(row, format!("{target} | {level} | {message} | {{}}"));
    }
    assert!(groups.values().all(|rows| rows.len() == 1000));
}

#[test]
fn the_ledger_of_measures_is_complete() {
    let recording = Recording::load("ledger");
    let groups = by(
        "name",
        "ledger_",
        &recording.batches(EventTable::Measures, "metrics"),
    );
    assert_eq!(groups.len(), 4);
    assert!(groups.values().all(|rows| rows.len() == 1000));
    let (mut integers, mut floats) = (0.0, 0.0);
    for i in 0..4000 {
        let (name, unit, value) = match i % 4 {
            0 => ("ledger_int", "count", i as f64),
            1 => ("ledger_float", "ratio", i as f64 * 0.5),
            2 => ("ledger_tagged_int", "bytes", i as f64),
            _ => ("ledger_tagged_float", "ms", i as f64 * 0.25),
        };
        match i % 2 {
            0 => integers += value,
            _ => floats += value,
        }
        let properties = match (i % 4, i % 8) {
            (0 | 1, _) => "{}",
            (_, 0..4) => r#"{"region":"eu","tier":"gold"}"#,
            _ => r#"{"region":"us"}"#,
        };
        let parts: Vec<&str> = groups[name][i / 4].split(" | ").collect();
        let value = value.to_string();
        assert_eq!(
            parts[2..],
            [name, unit, value.as_str(), properties],
            "point {i}"
        );
    }
    assert_eq!((integers, floats), (3_998_000.0, 1_499_750.0));
}

#[test]
fn the_generator_is_complete() {
    let recording = Recording::load("generator");
    let count = |table, tag| -> usize {
        let batches = recording.batches(table, tag);
        batches.iter().map(RecordBatch::num_rows).sum()
    };
    assert_eq!(count(EventTable::Measures, "metrics"), 12_032);
    assert!(count(EventTable::LogEntries, "log") > 0);
    // Spans are no rows of these tables, but their blocks are sound.
    assert_eq!(count(EventTable::LogEntries, "cpu"), 0);
}

#[test]
fn event_times_lie_in_their_block() {
    for folder in ["ledger", "generator"] {
        let recording = Recording::load(folder);
        for block in &recording.blocks {
            assert!(block.begin_time <= block.end_time);
        }
        let begin = recording.blocks.iter().map(|block| block.begin_time).min();
        let end = recording.blocks.iter().map(|block| block.end_time).max();
        for (table, tag) in [
            (EventTable::LogEntries, "log"),
            (EventTable::Measures, "metrics"),
        ] {
            for batch in recording.batches(table, tag) {
                let times = batch.column_by_name("time").expect("a column");
                let times = arrow::array::AsArray::as_primitive::<
                    arrow::datatypes::TimestampNanosecondType,
                >(times.as_ref());
                let inside = |time: &i64| begin <= Some(*time) && Some(*time) <= end;
                assert!(times.values().iter().all(inside));
            }
        }
    }
}
