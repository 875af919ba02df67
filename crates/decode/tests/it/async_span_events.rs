//! Every type of async span event.

use std::collections::HashMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampNanosecondType, UInt32Type};
use decode::{DecodeOptions, EventTable};
use model::TimeRange;

use crate::captures::Recording;
use crate::support::{
    ALL, Block, START, STRING_ID, Type, block_info, metadata, process, rows, text_at, unhex,
};

type Members<'a> = &'a [(&'a str, &'a str, u32, u32, bool)];

const DESCRIBED: Members<'_> = &[
    ("span_desc", "SpanMetadata", 0, 8, true),
    ("span_id", "u64", 8, 8, false),
    ("parent_span_id", "u64", 16, 8, false),
    ("depth", "u32", 32, 4, false),
    ("time", "i64", 24, 8, false),
];

const NAMED: Members<'_> = &[
    ("span_location", "SpanLocation", 0, 8, true),
    ("name", "StringId", 8, 16, false),
    ("span_id", "u64", 24, 8, false),
    ("parent_span_id", "u64", 32, 8, false),
    ("depth", "u32", 48, 4, false),
    ("time", "i64", 40, 8, false),
];

const THREAD: Members<'_> = &[
    ("thread_span_desc", "SpanMetadata", 0, 8, true),
    ("time", "i64", 8, 8, false),
];

pub const OBJECTS: &[Type<'_>] = &[
    ("BeginThreadSpanEvent", 16, THREAD),
    ("EndThreadSpanEvent", 16, THREAD),
    ("BeginAsyncSpanEvent", 40, DESCRIBED),
    ("EndAsyncSpanEvent", 40, DESCRIBED),
    ("BeginAsyncNamedSpanEvent", 56, NAMED),
    ("EndAsyncNamedSpanEvent", 56, NAMED),
    STRING_ID,
    ("Mystery", 0, &[]),
];

const DEPENDENCY_TYPES: &[Type<'_>] = &[
    (
        "SpanRecord",
        48,
        &[
            ("id", "u64", 0, 8, false),
            ("name", "StaticString", 8, 8, true),
            ("target", "StaticString", 16, 8, true),
            ("module_path", "StaticString", 24, 8, true),
            ("file", "StaticString", 32, 8, true),
            ("line", "u32", 40, 4, false),
            ("lod", "u32", 44, 4, false),
        ],
    ),
    (
        "SpanLocationRecord",
        40,
        &[
            ("id", "u64", 0, 8, false),
            ("target", "StaticString", 8, 8, true),
            ("module_path", "StaticString", 16, 8, true),
            ("file", "StaticString", 24, 8, true),
            ("line", "u32", 32, 4, false),
            ("lod", "u32", 36, 4, false),
        ],
    ),
    ("StaticString", 0, &[]),
];

/// Texts 10 `work`, 11 `app`, 12 `a.rs`; descriptor 20 of `work`, location 21 without a
/// name, both at line 7.
const DEPENDENCIES: &str = "
    02 0c000000 1000000000000000 776f726b
    02 0b000000 1100000000000000 617070
    02 0c000000 1200000000000000 612e7273
    00 2000000000000000 1000000000000000 1100000000000000 1100000000000000 1200000000000000
       07000000 03000000
    01 2100000000000000 1100000000000000 1100000000000000 1200000000000000 07000000 03000000";

/// Begin of 5 in 4 at depth 2, its end; the same with a name; a span of the thread.
pub fn async_spans() -> Block {
    block(
        "02 2000000000000000 0500000000000000 0400000000000000 4a420f0000000000 02000000 eeeeeeee
         00 2000000000000000 4b420f0000000000
         03 2000000000000000 0500000000000000 0400000000000000 54420f0000000000 02000000 eeeeeeee
         04 2100000000000000 1000000000000000 04000000 eeeeeeee
            ffffffffffffffff 0000000000000000 5e420f0000000000 00000000 eeeeeeee
         01 2000000000000000 60420f0000000000
         05 2100000000000000 1100000000000000 03000000 eeeeeeee
            ffffffffffffffff 0000000000000000 68420f0000000000 00000000 eeeeeeee",
    )
}

fn block(objects: &str) -> Block {
    Block {
        table: EventTable::AsyncEvents,
        dependencies_metadata: metadata(DEPENDENCY_TYPES),
        objects_metadata: metadata(OBJECTS),
        dependencies: unhex(DEPENDENCIES),
        objects: unhex(objects),
        process: process(),
        info: block_info(),
    }
}

const ROWS: [&str; 4] = [
    "1 | begin | 5 | 4 | 2 | 2170307839 | app | work | a.rs | 7",
    "2 | end | 5 | 4 | 2 | 2170307839 | app | work | a.rs | 7",
    "3 | begin | -1 | 0 | 0 | 2170307839 | app | work | a.rs | 7",
    "4 | end | -1 | 0 | 0 | 3789858515 | app | app | a.rs | 7",
];

#[test]
fn begins_and_ends_are_rows() {
    assert_eq!(async_spans().rows().expect("valid"), ROWS);
}

#[test]
fn only_events_that_nobody_knows_are_ignored() {
    let mut block = async_spans();
    assert_eq!(block.open(&ALL).expect("valid").ignored_events(), 0);
    block.objects.extend(unhex("07 02000000 1234"));
    let batches = block.open(&ALL).expect("valid");
    assert_eq!(batches.ignored_events(), 1);
    assert_eq!(block.rows().expect("valid"), ROWS);
    // Spans do not belong into a stream of log events.
    block.table = EventTable::LogEntries;
    assert_eq!(block.open(&ALL).expect("valid").ignored_events(), 7);
}

#[test]
fn columns_and_times_can_be_chosen() {
    const MS: i64 = 1_000_000;
    let full = &async_spans().batches(&ALL).expect("valid")[0];
    for column in 0..full.num_columns() {
        let options = DecodeOptions {
            projection: Some(vec![column]),
            ..ALL
        };
        let one = async_spans().batches(&options).expect("valid");
        assert_eq!(one[0].column(0), full.column(column));
    }
    let options = DecodeOptions {
        range: Some(TimeRange {
            begin: START + 2 * MS,
            end: START + 3 * MS,
        }),
        batch_rows: 1,
        ..ALL
    };
    let batches = async_spans().batches(&options).expect("valid");
    let found: Vec<String> = batches.iter().flat_map(rows).collect();
    assert_eq!(found, ROWS[1..3]);
}

#[test]
fn layouts_are_read_by_name() {
    let mut block =
        block("00 4a420f0000000000 02 0500000000000000 2000000000000000 0400000000000000");
    block.objects_metadata = metadata(&[(
        "BeginAsyncSpanEvent",
        33,
        &[
            ("time", "uint64", 0, 8, false),
            ("depth", "uint8", 8, 1, false),
            ("span_id", "int64", 9, 8, false),
            ("span_desc", "SpanMetadata", 17, 8, true),
            ("parent_span_id", "int64", 25, 8, false),
        ],
    )]);
    assert_eq!(block.rows().expect("valid"), ROWS[..1]);
}

#[test]
fn corrupt_spans_fail_the_block() {
    let rest = "0500000000000000 0400000000000000 4a420f0000000000 02000000 eeeeeeee";
    for (objects, expected) in [
        (format!("02 9900000000000000 {rest}"), "unknown id 0x99"),
        (
            format!("02 1000000000000000 {rest}"),
            "refer to a descriptor",
        ),
        // A location has no name.
        (
            format!("02 2100000000000000 {rest}"),
            "no usable member `name`",
        ),
        (
            format!("04 2100000000000000 2000000000000000 0000000000000000 {rest}"),
            "refer to a text",
        ),
        ("02 2000000000000000".to_owned(), "past the end"),
    ] {
        let error = block(&objects).error();
        assert!(
            error.contains(expected),
            "{error}\nshould contain {expected}"
        );
    }
    let mut block = async_spans();
    block.objects_metadata = metadata(&[
        ("BeginThreadSpanEvent", 16, THREAD),
        ("EndThreadSpanEvent", 16, THREAD),
        ("BeginAsyncSpanEvent", 40, &DESCRIBED[..4]),
    ]);
    assert!(block.error().contains("no usable member `time`"));
}

#[test]
fn the_generator_closes_and_nests_its_spans() {
    let batches = Recording::load("generator").batches(EventTable::AsyncEvents, "cpu");
    let mut begins = HashMap::new();
    let mut ends = HashMap::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let (event_type, span) = Span::read(batch, row);
            let seen = match event_type.as_str() {
                "begin" => begins.insert(span.id, span),
                "end" => ends.insert(span.id, span),
                other => panic!("{other}"),
            };
            assert!(seen.is_none(), "a span begins and ends once");
        }
    }
    assert_eq!(begins.len(), ends.len());
    for (id, begin) in &begins {
        let end = &ends[id];
        assert!(begin.time <= end.time);
        assert!(!begin.name.is_empty());
        assert_eq!(
            (begin.parent, begin.depth, begin.hash, &begin.name),
            (end.parent, end.depth, end.hash, &end.name)
        );
        match begin.parent {
            0 => assert_eq!(begin.depth, 0),
            parent => assert_eq!(begins[&parent].depth + 1, begin.depth),
        }
    }
    assert_eq!(begins.len(), 12_226);
    let count = |name: &str, depth| {
        let spans = begins.values();
        spans.filter(|s| s.name == name && s.depth == depth).count()
    };
    assert_eq!(count("user_workflow", 0), 21);
    assert_eq!(count("user_validation", 1), 21);
    assert_eq!(count("telemetry_generator::async_subtask", 1), 40);
}

struct Span {
    id: i64,
    parent: i64,
    depth: u32,
    hash: u32,
    time: i64,
    name: String,
}

impl Span {
    fn read(batch: &RecordBatch, row: usize) -> (String, Self) {
        let column = |name| batch.column_by_name(name).expect("a column");
        let long = |name| column(name).as_primitive::<Int64Type>().value(row);
        let short = |name| column(name).as_primitive::<UInt32Type>().value(row);
        let times = column("time").as_primitive::<TimestampNanosecondType>();
        let span = Self {
            id: long("span_id"),
            parent: long("parent_span_id"),
            depth: short("depth"),
            hash: short("hash"),
            time: times.value(row),
            name: text_at(column("name"), row),
        };
        (text_at(column("event_type"), row), span)
    }
}
