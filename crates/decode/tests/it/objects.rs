//! Blocks shown event by event.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::DataType;
use decode::{BlockObjects, StreamPlan};
use jsonb::{Number, Object, Value};
use model::BlockInfo;

use crate::async_span_events::async_spans;
use crate::captures::Recording;
use crate::image_events::images;
use crate::support::{Block, explain, metadata, objects_of, unhex};
use crate::vectors::{rust_log, unreal_log};

fn check(block: &Block, expected: &[&str]) {
    assert_eq!(block.objects().expect("valid"), expected);
}

pub fn error(block: &Block) -> String {
    explain(&block.objects().expect_err("a corrupt block"))
}

#[test]
fn the_schema_is_the_one_that_clients_know() {
    let schema = BlockObjects::schema();
    let fields = schema.fields().iter();
    let fields: Vec<_> = fields
        .map(|f| (f.name().as_str(), f.data_type().clone(), f.is_nullable()))
        .collect();
    assert_eq!(
        fields,
        [
            ("object_index", DataType::Int64, false),
            ("type_name", DataType::Utf8, false),
            ("value", DataType::Binary, false),
        ]
    );
}

const LOG_DESCRIPTOR: &str = r#"{"__type":"LogMetadataRecord","file":"a.rs","fmt_str":"hi {}","id":8192,"level":4,"line":7,"module_path":"app","target":"app"}"#;

#[test]
fn log_events_of_rust() {
    let mut block = rust_log();
    block.info.object_offset = 40;
    check(
        &block,
        &[
            &format!(
                r#"40 LogStaticStrEvent {{"__type":"LogStaticStrEvent","desc":{LOG_DESCRIPTOR},"time":1001000}}"#
            ),
            &format!(
                r#"41 LogStringEventV2 {{"__type":"LogStringEventV2","desc":{LOG_DESCRIPTOR},"msg":"hi 42","time":1002000}}"#
            ),
            r#"42 LogStringInteropEventV3 {"__type":"LogStringInteropEventV3","level":3,"msg":"ext","target":"app","time":1003000}"#,
            &format!(
                r#"43 TaggedLogString {{"__type":"TaggedLogString","desc":{LOG_DESCRIPTOR},"msg":"tagged","properties":{{"env":"dev"}},"time":1004000}}"#
            ),
        ],
    );
}

#[test]
fn log_events_of_old_clients() {
    let mut block = rust_log();
    block.objects = unhex(
        "07 13000000 0020000000000000 28460f0000000000 6f6c64
         08 1f000000 28460f0000000000 02000000 1010000000000000 03000000 02000000 6f6c64
         02 1010000000000000 0300000000000000 0010000000000000 0500000000000000
            0700000000000000 02000000 eeeeeeee",
    );
    check(
        &block,
        &[
            &format!(
                r#"0 LogStringEvent {{"__type":"LogStringEvent","desc":{LOG_DESCRIPTOR},"msg":"old","time":1001000}}"#
            ),
            r#"1 LogStringInteropEventV2 {"__type":"LogStringInteropEventV2","level":2,"msg":"old","target":"app","time":1001000}"#,
            r#"2 LogStaticStrInteropEvent {"__type":"LogStaticStrInteropEvent","level":2,"msg":"hi {}","target":"app","time":7}"#,
        ],
    );
}

#[test]
fn log_events_of_unreal() {
    check(
        &unreal_log(),
        &[
            r#"0 TaggedLogInteropEvent {"__type":"TaggedLogInteropEvent","level":4,"msg":"hé","properties":{"map":"m1"},"target":"Net","time":7}"#,
            r#"1 TaggedLogString {"__type":"TaggedLogString","desc":{"__type":"LogMetadataDependency","file":"g.cpp","fmt_str":"","id":96,"level":3,"line":9,"target":"Net"},"msg":"low","properties":{"map":"m1"},"time":8}"#,
        ],
    );
}

#[test]
fn spans() {
    let record = r#"{"__type":"SpanRecord","file":"a.rs","id":32,"line":7,"lod":3,"module_path":"app","name":"work","target":"app"}"#;
    let location = r#"{"__type":"SpanLocationRecord","file":"a.rs","id":33,"line":7,"lod":3,"module_path":"app","target":"app"}"#;
    let found = async_spans().objects().expect("valid");
    assert_eq!(found.len(), 6);
    assert_eq!(
        found[..4],
        [
            format!(
                r#"0 BeginAsyncSpanEvent {{"__type":"BeginAsyncSpanEvent","depth":2,"parent_span_id":4,"span_desc":{record},"span_id":5,"time":1000010}}"#
            ),
            format!(
                r#"1 BeginThreadSpanEvent {{"__type":"BeginThreadSpanEvent","thread_span_desc":{record},"time":1000011}}"#
            ),
            format!(
                r#"2 EndAsyncSpanEvent {{"__type":"EndAsyncSpanEvent","depth":2,"parent_span_id":4,"span_desc":{record},"span_id":5,"time":1000020}}"#
            ),
            format!(
                r#"3 BeginAsyncNamedSpanEvent {{"__type":"BeginAsyncNamedSpanEvent","depth":0,"name":"work","parent_span_id":0,"span_id":18446744073709551615,"span_location":{location},"time":1000030}}"#
            ),
        ]
    );
}

#[test]
fn bytes_are_counted_and_not_shown() {
    check(
        &images(),
        &[
            r#"0 ImageEvent {"__type":"ImageEvent","data":"<binary 4 bytes>","format":"image/png","name":"shot","time":5}"#,
            r#"1 ImageEvent {"__type":"ImageEvent","data":"<binary 0 bytes>","format":"image/png","name":"é ","time":7}"#,
            &format!(
                r#"2 ImageEvent {{"__type":"ImageEvent","data":"<binary 2 bytes>","format":"a{}","name":"","time":9}}"#,
                char::REPLACEMENT_CHARACTER
            ),
        ],
    );
    let mut unknown = rust_log();
    unknown.objects = unhex("09 03000000 010203");
    check(
        &unknown,
        &[r#"0 Mystery {"__type":"Mystery","data":"<binary 3 bytes>"}"#],
    );
}

/// One type of event in every kind of member; a wrapper of a text by itself.
fn all_kinds(members: &[(&str, &str, u32, u32, bool)], objects: &str) -> Block {
    let mut block = rust_log();
    block.objects_metadata = metadata(&[
        ("Outer", 40, members),
        (
            "Inner",
            12,
            &[
                ("r", "void*", 4, 8, true),
                ("n", "u32", 0, 4, false),
                ("n", "u8", 0, 1, false),
            ],
        ),
        ("StringId", 16, &[("id", "usize", 0, 8, true)]),
    ]);
    block.objects = unhex(objects);
    block
}

const KINDS: &[(&str, &str, u32, u32, bool)] = &[
    ("signed", "i64", 0, 8, false),
    ("float", "f64", 8, 8, false),
    ("inner", "Inner", 16, 12, false),
    ("text", "StringId", 20, 16, false),
    ("byte", "u8", 37, 1, false),
    ("__type", "u8", 37, 1, false),
];

const KINDS_OBJECTS: &str = "
    00 feffffffffffffff 000000000000f83f 07000000 1010000000000000 eeeeeeeeeeeeeeee
       ee 03 eeee
    02 0010000000000000 eeeeeeeeeeeeeeee";

#[test]
fn members_of_every_kind() {
    check(
        &all_kinds(KINDS, KINDS_OBJECTS),
        &[
            r#"0 Outer {"__type":"Outer","byte":3,"float":1.5,"inner":{"__type":"Inner","n":7,"r":"app"},"signed":-2,"text":"app"}"#,
            r#"1 StringId {"__type":"StringId","id":"hi {}"}"#,
        ],
    );
}

#[test]
fn the_encoding_is_that_of_the_crate() {
    let mut block = all_kinds(KINDS, KINDS_OBJECTS)
        .open_objects()
        .expect("valid");
    let batch = block.next_batch(9).expect("valid").expect("two events");
    let text = |text: &'static str| Value::String(text.into());
    let object = |members: Vec<(&str, Value<'static>)>| {
        let members = members.into_iter();
        let members: Object<'static> = members.map(|(k, v)| (k.to_owned(), v)).collect();
        Value::Object(members)
    };
    let inner = object(vec![
        ("__type", text("Inner")),
        ("n", Value::Number(Number::UInt64(7))),
        ("r", text("app")),
    ]);
    let outer = object(vec![
        ("__type", text("Outer")),
        ("byte", Value::Number(Number::UInt64(3))),
        ("float", Value::Number(Number::Float64(1.5))),
        ("inner", inner),
        ("signed", Value::Number(Number::Int64(-2))),
        ("text", text("app")),
    ]);
    assert_eq!(batch.column(2).as_binary::<i32>().value(0), outer.to_vec());
}

#[test]
fn corrupt_events_end_the_block() {
    let mut block = rust_log();
    // Two good ones, then one with an unknown id, then a good one.
    let good = unhex("00 0020000000000000 28460f0000000000");
    let bad = unhex("00 9900000000000000 28460f0000000000");
    block.objects = [&good[..], &good, &bad, &good].concat();
    let mut objects = block.open_objects().expect("valid");
    let batch = objects.next_batch(2).expect("valid").expect("two events");
    assert_eq!(batch.num_rows(), 2);
    let refused = objects.next_batch(2).expect_err("an unknown id");
    assert_eq!(
        explain(&refused),
        "event 2 (type 0, byte 34) can not be decoded: its bytes are corrupt: \
         it refers to the unknown id 0x99"
    );
    assert!(objects.next_batch(2).expect("over").is_none());
    for (objects, expected) in [
        ("00 0020000000000000", "past the end of the buffer"),
        ("63", "has only 11 types"),
        ("01 04000000 00200000", "too short"),
        ("0a 9900000000000000", "unknown id 0x99"),
        (
            "07 11000000 0020000000000000 28460f0000000000 ff",
            "not UTF-8",
        ),
    ] {
        let mut block = rust_log();
        block.objects = unhex(objects);
        let error = error(&block);
        assert!(
            error.contains(expected),
            "{error}\nshould contain {expected}"
        );
    }
}

#[test]
fn recordings_are_shown_completely() {
    for folder in ["ledger", "generator"] {
        let recording = Recording::load(folder);
        for block in &recording.blocks {
            let stream = &recording.streams[&block.stream_id.into()];
            let plan = StreamPlan::compile(&stream.dependencies_metadata, &stream.objects_metadata)
                .expect("a plan");
            let mut payload = Vec::new();
            block.payload.encode_into(&mut payload);
            let info = BlockInfo::from(block);
            let mut objects =
                BlockObjects::open(Arc::new(plan), &info, &payload.into()).expect("valid");
            let mut index = block.object_offset;
            while let Some(batch) = objects.next_batch(5000).expect("valid") {
                for shown in objects_of(&batch) {
                    let mut parts = shown.splitn(3, ' ');
                    assert_eq!(parts.next(), Some(index.to_string().as_str()));
                    let type_name = parts.next().expect("a name");
                    let start = format!(r#"{{"__type":"{type_name}","#);
                    assert!(parts.next().expect("a value").starts_with(&start));
                    index += 1;
                }
            }
            assert_eq!(index, block.object_offset + block.nb_objects as i64);
        }
    }
}
