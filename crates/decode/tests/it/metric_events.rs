//! Every type of metric event.

use decode::EventTable;

use crate::support::{Block, PROPERTY, STRING_REF, Type, block_info, metadata, process, unhex};

const OBJECTS: &[Type<'_>] = &[
    (
        "IntegerMetricEvent",
        24,
        &[
            ("desc", "MetricMetadata", 0, 8, true),
            ("value", "u64", 8, 8, false),
            ("time", "i64", 16, 8, false),
        ],
    ),
    (
        "FloatMetricEvent",
        24,
        &[
            ("desc", "MetricMetadata", 0, 8, true),
            ("value", "f64", 8, 8, false),
            ("time", "i64", 16, 8, false),
        ],
    ),
    (
        "TaggedFloatMetricEvent",
        32,
        &[
            ("desc", "MetricMetadata", 0, 8, true),
            ("properties", "PropertySet", 8, 8, true),
            ("value", "f64", 16, 8, false),
            ("time", "i64", 24, 8, false),
        ],
    ),
    (
        "TaggedIntegerMetricEvent",
        32,
        &[
            ("desc", "MetricMetadata", 0, 8, true),
            ("properties", "PropertySet", 8, 8, true),
            ("value", "u64", 16, 8, false),
            ("time", "i64", 24, 8, false),
        ],
    ),
];

const RUST_DEPENDENCIES: &[Type<'_>] = &[
    ("StaticString", 0, &[]),
    ("StaticStringDependency", 0, &[]),
    (
        "MetricMetadataDependency",
        48,
        &[
            ("id", "u64", 0, 8, false),
            ("name", "StaticString", 8, 8, true),
            ("unit", "StaticString", 16, 8, true),
            ("target", "StaticString", 24, 8, true),
            ("file", "StaticString", 32, 8, true),
            ("line", "u32", 40, 4, false),
            ("lod", "u32", 44, 4, false),
        ],
    ),
    ("PropertySetDependency", 0, &[]),
    PROPERTY,
    STRING_REF,
];

/// Texts: 10 `ticks`, 11 `m`, 12 `t`, 13 `bytes`, 14 `name`, 15 `unit`, 16 `target`.
/// Descriptors: 20 in ticks, 21 in bytes. Sets: 30 empty, 31 name = m2 (17) and unit =
/// ticks, 32 target = m2 twice over and unit = bytes.
const DEPENDENCIES: &str = "
    00 0d000000 1000000000000000 7469636b73
    00 09000000 1100000000000000 6d
    00 09000000 1200000000000000 74
    00 0d000000 1300000000000000 6279746573
    00 0c000000 1400000000000000 6e616d65
    00 0c000000 1500000000000000 756e6974
    00 0e000000 1600000000000000 746172676574
    01 0f000000 1700000000000000 02 02000000 6d32
    01 11000000 1800000000000000 02 04000000 6e616d65
    01 11000000 1900000000000000 02 04000000 756e6974
    02 2000000000000000 1100000000000000 1000000000000000 1200000000000000 1200000000000000
       01000000 03000000
    02 2100000000000000 1100000000000000 1300000000000000 1200000000000000 1200000000000000
       01000000 03000000
    03 0c000000 3000000000000000 00000000
    03 4c000000 3100000000000000 02000000
       1800000000000000 0000000000000000  1700000000000000 0000000000000000
       1900000000000000 0000000000000000  1000000000000000 0000000000000000
    03 6c000000 3200000000000000 03000000
       1600000000000000 0000000000000000  1100000000000000 0000000000000000
       1600000000000000 0000000000000000  1700000000000000 0000000000000000
       1500000000000000 0000000000000000  1300000000000000 0000000000000000";

fn block(objects: &str) -> Block {
    Block {
        table: EventTable::Measures,
        dependencies_metadata: metadata(RUST_DEPENDENCIES),
        objects_metadata: metadata(OBJECTS),
        dependencies: unhex(DEPENDENCIES),
        objects: unhex(objects),
        process: process(),
        info: block_info(),
    }
}

fn check(objects: &str, expected: &[&str]) {
    assert_eq!(block(objects).rows().expect("valid"), expected, "{objects}");
}

const TIME: &str = "4a420f0000000000";

#[test]
fn untagged_metrics() {
    check(
        &format!("00 2100000000000000 2a00000000000000 {TIME}"),
        &["1 | t | m | bytes | 42 | {}"],
    );
    check(
        &format!("00 2100000000000000 ffffffffffffffff {TIME}"),
        &["1 | t | m | bytes | 18446744073709552000 | {}"],
    );
    check(
        &format!("01 2100000000000000 000000000000f83f {TIME}"),
        &["1 | t | m | bytes | 1.5 | {}"],
    );
    check(
        &format!("01 2100000000000000 000000000000f87f {TIME}"),
        &["1 | t | m | bytes | NaN | {}"],
    );
}

#[test]
fn integer_ticks_become_seconds() {
    check(
        &format!("00 2000000000000000 8813000000000000 {TIME}"),
        &["1 | t | m | seconds | 0.5 | {}"],
    );
    check(
        &format!("01 2000000000000000 000000000000f83f {TIME}"),
        &["1 | t | m | ticks | 1.5 | {}"],
    );
}

#[test]
fn properties_override_the_descriptor() {
    check(
        &format!("03 2100000000000000 3000000000000000 0700000000000000 {TIME}"),
        &["1 | t | m | bytes | 7 | {}"],
    );
    check(
        &format!("03 2100000000000000 3100000000000000 8813000000000000 {TIME}"),
        &[r#"1 | t | m2 | seconds | 0.5 | {"name":"m2","unit":"ticks"}"#],
    );
    check(
        &format!("02 2100000000000000 3100000000000000 000000000000f83f {TIME}"),
        &[r#"1 | t | m2 | ticks | 1.5 | {"name":"m2","unit":"ticks"}"#],
    );
    check(
        &format!("03 2000000000000000 3200000000000000 0700000000000000 {TIME}"),
        &[r#"1 | m2 | m | bytes | 7 | {"target":"m2","unit":"bytes"}"#],
    );
}

#[test]
fn an_unknown_frequency_is_estimated_from_the_block() {
    let mut block = block(&format!("00 2000000000000000 8813000000000000 {TIME}"));
    block.process.tsc_frequency = 0;
    // 10,000 ticks in one second, as if the frequency were known.
    assert_eq!(
        block.rows().expect("valid"),
        ["1 | t | m | seconds | 0.5 | {}"]
    );
    for (end_ticks, end_time) in [(10_000, 0), (0, 5), (-10_000, 5), (10_000, -5)] {
        block.info.end_ticks = end_ticks;
        block.info.end_time = block.process.start_time + end_time;
        assert_eq!(
            block.error(),
            "the tick frequency is unknown and can not be estimated"
        );
    }
}

#[test]
fn the_layout_of_unreal_is_read_by_name() {
    let types: &[Type<'_>] = &[(
        "TaggedIntegerMetricEvent",
        32,
        &[
            ("desc", "MetricMetadata", 0, 8, true),
            ("properties", "PropertySet", 8, 8, true),
            ("value", "uint64", 16, 8, false),
            ("time", "uint64", 24, 8, false),
        ],
    )];
    let dependencies: &[Type<'_>] = &[
        ("StaticStringDependency", 0, &[]),
        (
            "MetricMetadataDependency",
            56,
            &[
                ("id", "uint64", 0, 8, false),
                ("lod", "uint8", 8, 1, false),
                ("name", "StaticStringRef", 16, 8, true),
                ("unit", "StaticStringRef", 24, 8, true),
                ("target", "StaticStringRef", 32, 8, true),
                ("file", "StaticStringRef", 40, 8, true),
                ("line", "uint32", 48, 4, false),
            ],
        ),
        ("PropertySetDependency", 0, &[]),
    ];
    let mut block = block("00 0300000000000000 0400000000000000 0500000000000000 f6ffffffffffffff");
    block.objects_metadata = metadata(types);
    block.dependencies_metadata = metadata(dependencies);
    block.dependencies = unhex(
        "00 0f000000 0100000000000000 01 02000000 6e00
         00 0f000000 0200000000000000 01 02000000 7500
         01 0300000000000000 02 eeeeeeeeeeeeee 0100000000000000 0200000000000000
            0100000000000000 0100000000000000 07000000 eeeeeeee",
    );
    // A set without properties needs no description of a property... but the type is
    // looked up all the same.
    block
        .dependencies
        .extend(unhex("02 0c000000 0400000000000000 00000000"));
    assert!(block.error().contains("there is no type `Property`"));
    let with_property = [dependencies, &[PROPERTY, STRING_REF]].concat();
    block.dependencies_metadata = metadata(&with_property);
    // Times are unsigned there: -10 as i64, ten ticks before the counter wrapped.
    block.process.start_ticks = -20;
    assert_eq!(block.rows().expect("valid"), ["1 | n | n | u | 5 | {}"]);
}

#[test]
fn corrupt_metrics_fail_the_block() {
    for (objects, expected) in [
        (
            format!("00 9900000000000000 0000000000000000 {TIME}"),
            "unknown id 0x99",
        ),
        (
            format!("00 1000000000000000 0000000000000000 {TIME}"),
            "refer to a descriptor",
        ),
        (
            format!("03 2000000000000000 2000000000000000 0000000000000000 {TIME}"),
            "refer to a property set",
        ),
        (
            "00 2000000000000000".to_owned(),
            "past the end of the buffer",
        ),
    ] {
        let error = block(&objects).error();
        assert!(
            error.contains(expected),
            "{error}\nshould contain {expected}"
        );
    }
}

#[test]
fn events_of_the_other_table_are_ignored() {
    let mut block = block(&format!("00 2100000000000000 2a00000000000000 {TIME}"));
    block.table = EventTable::LogEntries;
    let batches = block.open(&crate::support::ALL).expect("valid");
    assert_eq!(batches.ignored_events(), 1);
    assert_eq!(batches.count(), 0);
}
