//! Recorded traffic: the spans that its program is known to have produced.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use decode::{ChainBlock, ChainBuilder, ChainSource, ChainTable, StreamPlan};
use model::{BlockInfo, StreamId};
use std::sync::Arc;

use super::support::{Span, spans};
use crate::captures::Recording;

/// The rows of each thread by its name, every recorded block in one chain.
fn threads(folder: &str) -> BTreeMap<String, Vec<Span>> {
    let recording = Recording::load(folder);
    let mut blocks: HashMap<StreamId, Vec<(BlockInfo, Bytes)>> = HashMap::new();
    for block in &recording.blocks {
        let mut payload = Vec::new();
        block.payload.encode_into(&mut payload);
        let blocks = blocks.entry(block.stream_id.into()).or_default();
        blocks.push((block.into(), payload.into()));
    }
    let is_thread = |id: &StreamId| recording.streams[id].tags.contains(&"cpu".to_owned());
    let blocks = blocks.into_iter().filter(|(id, _)| is_thread(id));
    blocks
        .map(|(id, blocks)| thread(&recording, id, blocks))
        .collect()
}

fn thread(
    recording: &Recording,
    id: StreamId,
    mut blocks: Vec<(BlockInfo, Bytes)>,
) -> (String, Vec<Span>) {
    blocks.sort_by_key(|(info, _)| (info.begin_ticks, info.end_ticks));
    let stream = &recording.streams[&id];
    let (first, last) = (blocks[0].0, blocks[blocks.len() - 1].0);
    let source = ChainSource {
        process: Arc::clone(&recording.process),
        stream: Arc::new(stream.clone()),
        latest: last,
        begin_ticks: first.begin_ticks,
        end_ticks: last.end_ticks,
        events: 0,
    };
    let table = ChainTable::ThreadSpans;
    let plan = StreamPlan::compile(&stream.dependencies_metadata, &stream.objects_metadata);
    let plan = plan.expect("a plan");
    let mut builder = ChainBuilder::new(table, &source).expect("a frequency");
    for (info, payload) in &blocks {
        let block = ChainBlock::decode(table, &plan, info, payload).expect("a valid block");
        builder.add(&block).expect("it goes on");
    }
    let rows = builder.finish();
    assert!(rows.memory_bytes() > 32 * rows.len());
    let name = stream.properties["thread-name"].clone();
    let batch = rows.batch(0..rows.len(), None).expect("a batch");
    (name, spans(&batch))
}

fn check_tree(rows: &[Span]) {
    let by_id: HashMap<i64, &Span> = rows.iter().map(|row| (row.id, row)).collect();
    assert_eq!(by_id.len(), rows.len());
    assert!(rows.is_sorted_by_key(|row| row.begin));
    for row in rows.iter().filter(|row| row.depth > 0) {
        let parent = by_id[&row.parent];
        assert_eq!(parent.depth + 1, row.depth);
        assert!(parent.begin <= row.begin && row.begin <= row.end && row.end <= parent.end);
    }
}

#[test]
fn the_ledger_of_spans_is_complete() {
    let threads = threads("ledger");
    for (name, rows) in &threads {
        check_tree(rows);
        if !name.starts_with("ledger-") {
            continue;
        }
        assert_eq!(rows.len(), 13_501, "{name}");
        assert_eq!((rows[0].id, rows[0].parent, rows[0].depth), (-1, 0, 0));
        assert!(
            rows[0].name.starts_with(&format!("{name}-")),
            "{}",
            rows[0].name
        );
        let at = |depth| rows.iter().filter(|row| row.depth == depth).count();
        assert_eq!([at(1), at(2), at(3)], [1_500, 3_000, 9_000]);
        let names: BTreeMap<&str, u32> = rows.iter().map(|r| (r.name.as_str(), r.depth)).collect();
        assert_eq!(names.len(), 4, "{names:?}");
        assert!(rows.iter().skip(1).all(|row| row.hash != 0 && row.line > 0));
    }
    let ledger = threads.keys().filter(|name| name.starts_with("ledger-"));
    assert_eq!(
        ledger.collect::<Vec<_>>(),
        ["ledger-0", "ledger-1", "ledger-2"]
    );
}

#[test]
fn the_generator_of_spans_is_complete() {
    let threads = threads("generator");
    threads.values().for_each(|rows| check_tree(rows));
    let main = &threads["main"];
    assert_eq!(main.len(), 1 + 4_001);
    let operation = "telemetry_generator::sync_operation";
    assert!(
        main[1..]
            .iter()
            .all(|row| row.depth == 1 && row.name == operation)
    );
    // The other threads only recorded async spans.
    let others = threads.iter().filter(|(name, _)| *name != "main");
    assert!(others.clone().count() > 0);
    assert!(others.map(|(_, rows)| rows.len()).all(|rows| rows == 0));
}
