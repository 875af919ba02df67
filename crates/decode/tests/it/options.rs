//! Schemas, projection, time ranges and the size of batches.

use arrow::datatypes::{DataType, Schema};
use decode::{DecodeOptions, EventTable};
use model::TimeRange;

use crate::support::{ALL, Block, START, rows, text_at};
use crate::vectors::rust_log;

pub fn describe(schema: &Schema) -> Vec<String> {
    let short = |data_type: &DataType| match data_type.to_string().as_str() {
        "Dictionary(Int32, Utf8)" => "D".to_owned(),
        "Dictionary(Int32, Binary)" => "DJ".to_owned(),
        r#"Timestamp(ns, "+00:00")"# => "TS".to_owned(),
        other => other.to_owned(),
    };
    let fields = schema.fields().iter();
    assert!(fields.clone().all(|field| !field.is_nullable()));
    fields
        .map(|f| format!("{} {}", f.name(), short(f.data_type())))
        .collect()
}

#[test]
fn the_schemas_are_those_that_clients_know() {
    let common = [
        "process_id D",
        "stream_id D",
        "block_id D",
        "insert_time TS",
        "exe D",
        "username D",
        "computer D",
        "time TS",
        "target D",
    ];
    let log: &[&str] = &[
        "level Int32",
        "msg Utf8",
        "properties DJ",
        "process_properties DJ",
    ];
    assert_eq!(
        describe(&EventTable::LogEntries.schema()),
        [&common, log].concat()
    );
    let metric: &[&str] = &[
        "name D",
        "unit D",
        "value Float64",
        "properties DJ",
        "process_properties DJ",
    ];
    assert_eq!(
        describe(&EventTable::Measures.schema()),
        [&common, metric].concat()
    );
    let image: &[&str] = &["name Utf8", "format D", "payload_size Int64", "data Binary"];
    assert_eq!(
        describe(&EventTable::Images.schema()),
        [&common[..8], image].concat()
    );
    let async_span = [
        "stream_id D",
        "block_id D",
        "time TS",
        "event_type D",
        "span_id Int64",
        "parent_span_id Int64",
        "depth UInt32",
        "hash UInt32",
        "name D",
        "filename D",
        "target D",
        "line UInt32",
    ];
    assert_eq!(describe(&EventTable::AsyncEvents.schema()), async_span);
    assert_eq!(
        EventTable::ALL.map(|table| (table.name(), table.tag())),
        [
            ("log_entries", "log"),
            ("measures", "metrics"),
            ("async_events", "cpu"),
            ("images", "image"),
        ]
    );
}

#[test]
fn constant_columns_describe_the_owners() {
    let batches = rust_log().batches(&ALL).expect("valid");
    assert_eq!(batches.len(), 1);
    let batch = &batches[0];
    assert_eq!(batch.schema(), EventTable::LogEntries.schema());
    for (column, expected) in [
        ("process_id", "33333333-3333-3333-3333-333333333333"),
        ("stream_id", "22222222-2222-2222-2222-222222222222"),
        ("block_id", "11111111-1111-1111-1111-111111111111"),
        ("exe", "/bin/app"),
        ("username", "user"),
        ("computer", "host"),
        ("process_properties", r#"{"version":"7"}"#),
    ] {
        let column = batch.column_by_name(column).expect("a column");
        for row in 0..4 {
            assert_eq!(text_at(column.as_ref(), row), expected);
        }
    }
    let insert_time = batch.column_by_name("insert_time").expect("a column");
    let insert_time = arrow::array::AsArray::as_primitive::<
        arrow::datatypes::TimestampNanosecondType,
    >(insert_time.as_ref());
    assert!(insert_time.values().iter().all(|time| *time == START + 5));
}

fn options(
    projection: Option<Vec<usize>>,
    range: Option<(i64, i64)>,
    batch_rows: usize,
) -> DecodeOptions {
    const MS: i64 = 1_000_000;
    let range = range.map(|(begin, end)| TimeRange {
        begin: START + begin * MS,
        end: START + end * MS,
    });
    DecodeOptions {
        projection,
        range,
        batch_rows,
    }
}

#[test]
fn projections_choose_and_order_columns() {
    let batches = rust_log()
        .batches(&options(Some(vec![10, 0, 8, 8]), None, 10))
        .expect("valid");
    let schema = batches[0].schema();
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["msg", "process_id", "target", "target"]);
    let full = rust_log().batches(&ALL).expect("valid");
    for (column, index) in batches[0].columns().iter().zip([10, 0, 8, 8]) {
        assert_eq!(column, full[0].column(index));
    }
    let beyond = rust_log().batches(&options(Some(vec![13]), None, 10));
    assert_eq!(
        beyond.expect_err("no such column").to_string(),
        "column 13 does not exist"
    );
}

#[test]
fn a_projection_without_columns_counts_rows() {
    for (range, expected) in [
        (None, vec![3, 1]),
        (Some((200, 400)), vec![3]),
        (Some((0, 99)), vec![]),
    ] {
        let batches = rust_log()
            .batches(&options(Some(vec![]), range, 3))
            .expect("valid");
        let counts: Vec<usize> = batches
            .iter()
            .map(arrow::array::RecordBatch::num_rows)
            .collect();
        assert_eq!(counts, expected);
        assert!(batches.iter().all(|batch| batch.num_columns() == 0));
    }
    let constant = rust_log()
        .batches(&options(Some(vec![0, 12]), None, 3))
        .expect("valid");
    let counts: Vec<usize> = constant
        .iter()
        .map(arrow::array::RecordBatch::num_rows)
        .collect();
    assert_eq!(counts, [3, 1]);
}

#[test]
fn ranges_are_inclusive() {
    let all = rust_log().rows().expect("valid");
    for (range, expected) in [
        ((100, 400), 0..4),
        ((101, 399), 1..3),
        ((200, 200), 1..2),
        ((401, 999), 4..4),
        ((400, 100), 4..4),
    ] {
        let batches = rust_log()
            .batches(&options(None, Some(range), 1))
            .expect("valid");
        let found: Vec<String> = batches.iter().flat_map(rows).collect();
        assert_eq!(found, all[expected], "{range:?}");
    }
}

#[test]
fn batches_have_the_size_asked_for_and_share_dictionaries() {
    for (batch_rows, expected) in [
        (0, vec![1, 1, 1, 1]),
        (1, vec![1, 1, 1, 1]),
        (3, vec![3, 1]),
        (usize::MAX, vec![4]),
    ] {
        let batches = rust_log()
            .batches(&options(None, None, batch_rows))
            .expect("valid");
        let counts: Vec<usize> = batches
            .iter()
            .map(arrow::array::RecordBatch::num_rows)
            .collect();
        assert_eq!(counts, expected);
        let found: Vec<String> = batches.iter().flat_map(rows).collect();
        assert_eq!(found, rust_log().rows().expect("valid"));
        let dictionary = |batch: &arrow::record_batch::RecordBatch| {
            let target = batch.column(8).as_ref();
            let target =
                arrow::array::AsArray::as_dictionary::<arrow::datatypes::Int32Type>(target);
            target.values().to_data().buffers()[1].as_ptr()
        };
        assert!(
            batches
                .iter()
                .all(|batch| dictionary(batch) == dictionary(&batches[0]))
        );
    }
}

#[test]
fn equal_texts_share_a_dictionary_entry() {
    let mut block = rust_log();
    // `app` once more, under another id, used by one more event.
    block
        .dependencies
        .extend(crate::support::unhex("00 0b000000 1110000000000000 617070"));
    block.objects.extend(crate::support::unhex(
        "03 21000000 f84d0f0000000000 03 1110000000000000 03000000 02000000 02 03000000 657874",
    ));
    let batches = block.batches(&ALL).expect("valid");
    let target = batches[0].column(8).as_ref();
    let target = arrow::array::AsArray::as_dictionary::<arrow::datatypes::Int32Type>(target);
    assert_eq!(target.values().len(), 1);
    assert_eq!(target.keys().values().as_ref(), [0; 5]);
}

#[test]
fn a_block_without_events_has_no_batches() {
    let block = Block {
        objects: vec![],
        ..rust_log()
    };
    let mut batches = block.open(&ALL).expect("valid");
    assert_eq!(batches.schema(), EventTable::LogEntries.schema());
    assert!(batches.next().is_none());
    assert!(batches.next().is_none());
}

#[test]
fn event_times_saturate() {
    let mut block = rust_log();
    block.process.tsc_frequency = 1;
    block.process.start_ticks = i64::MIN;
    assert_eq!(block.rows().map(|rows| rows.len()).ok(), Some(4));
}
