//! Every type of log event, alone.

use crate::support::{Block, metadata, unhex};
use crate::vectors::{RUST_DEPENDENCIES, RUST_OBJECTS, rust_log};

/// More property sets: 0x3001 overrides target and level, 0x3002 has an unknown level,
/// 0x3003 is empty, 0x3004 overrides twice.
const MORE_DEPENDENCIES: &str = "
    01 13000000 0040000000000000 02 06000000 746172676574
    01 12000000 0140000000000000 02 05000000 6c6576656c
    01 14000000 0240000000000000 02 07000000 7761726e696e67
    01 11000000 0340000000000000 02 04000000 7761726e
    03 4c000000 0130000000000000 02000000
       0040000000000000 0000000000000000  3010000000000000 0000000000000000
       0140000000000000 0000000000000000  0240000000000000 0000000000000000
    03 2c000000 0230000000000000 01000000
       0140000000000000 0000000000000000  0340000000000000 0000000000000000
    03 0c000000 0330000000000000 00000000
    03 4c000000 0430000000000000 02000000
       0040000000000000 0000000000000000  3010000000000000 0000000000000000
       0040000000000000 0000000000000000  4010000000000000 0000000000000000";

fn with_objects(objects: &str) -> Block {
    let mut block = rust_log();
    block.dependencies.extend(unhex(MORE_DEPENDENCIES));
    block.objects = unhex(objects);
    block
}

fn check(objects: &str, expected: &[&str]) {
    let rows = with_objects(objects).rows().expect("valid");
    assert_eq!(rows, expected, "{objects}");
}

fn check_error(objects: &str, expected: &str) {
    let error = with_objects(objects).error();
    assert!(
        error.contains(expected),
        "{error}\nshould contain {expected}"
    );
}

#[test]
fn static_events() {
    check(
        "00 0020000000000000 40420f0000000000",
        &["0 | app | 4 | hi {} | {}"],
    );
    check(
        "02 3010000000000000eeeeeeeeeeeeeeee 4010000000000000eeeeeeeeeeeeeeee
            4a420f0000000000 02000000eeeeeeee",
        &["1 | env | 2 | dev | {}"],
    );
}

#[test]
fn texts_in_every_codec() {
    let event = |text: &str| format!("01 {text}");
    let head = "0020000000000000 40420f0000000000";
    check(
        &event(&format!("17000000 {head} 00 02000000 c3a9")),
        &["0 | app | 4 | é | {}"],
    );
    check(
        &event(&format!("18000000 {head} 02 03000000 61ff62")),
        &["0 | app | 4 | a\u{fffd}b | {}"],
    );
    check(
        &event(&format!("19000000 {head} 01 04000000 3dd880de")),
        &["0 | app | 4 | 🚀 | {}"],
    );
    check(
        &event(&format!("19000000 {head} 01 04000000 00dc6100")),
        &["0 | app | 4 | \u{fffd}a | {}"],
    );
    check(
        &event(&format!("15000000 {head} 02 00000000")),
        &["0 | app | 4 |  | {}"],
    );
    // Bytes behind the text, inside the event, are ignored.
    check(
        &event(&format!("17000000 {head} 02 01000000 6162")),
        &["0 | app | 4 | a | {}"],
    );
    check_error(
        &event(&format!("18000000 {head} 01 03000000 610062")),
        "3 bytes, an odd number",
    );
    check_error(
        &event(&format!("15000000 {head} 03 00000000")),
        "codec 3 is not known",
    );
    check_error(
        &event(&format!("16000000 {head} 02 02000000 61")),
        "too short for its content",
    );
    check_error(
        &event(&format!("16000000 {head} 02 ffffffff 61")),
        "too short for its content",
    );
}

#[test]
fn legacy_events() {
    check(
        "07 12000000 0020000000000000 40420f0000000000 6869",
        &["0 | app | 4 | hi | {}"],
    );
    check_error(
        "07 12000000 0020000000000000 40420f0000000000 68ff",
        "a text is not UTF-8",
    );
    check(
        "08 1e000000 40420f0000000000 05000000 3010000000000000 0300000000000000 6869",
        &["0 | env | 5 | hi | {}"],
    );
    check_error(
        "08 1e000000 40420f0000000000 05000000 3010000000000000 0300000000000000 ff69",
        "a text is not UTF-8",
    );
}

#[test]
fn tagged_events_override_their_descriptor() {
    let tagged = |set: &str| {
        format!("04 1e000000 0020000000000000 {set}30000000000000 40420f0000000000 02 01000000 6d")
    };
    check(
        &tagged("01"),
        &[r#"0 | env | 3 | m | {"level":"warning","target":"env"}"#],
    );
    check(&tagged("03"), &["0 | app | 4 | m | {}"]);
    check(&tagged("04"), &[r#"0 | dev | 4 | m | {"target":"dev"}"#]);
    check_error(&tagged("02"), "the level `warn` is not known");
    check_error(&tagged("05"), "unknown id 0x3005");
}

#[test]
fn corrupt_events_fail_the_block() {
    for (objects, expected) in [
        ("00 9920000000000000 40420f0000000000", "unknown id 0x2099"),
        (
            "00 1010000000000000 40420f0000000000",
            "does not refer to a descriptor",
        ),
        ("00 0020000000000000", "past the end of the buffer"),
        ("0b", "the type table has only 11 types"),
        (
            "02 0020000000000000 0000000000000000 4010000000000000 0000000000000000
                4a420f0000000000 02000000 00000000",
            "does not refer to a text",
        ),
        (
            "04 1e000000 0020000000000000 1010000000000000 40420f0000000000 02 01000000 6d",
            "does not refer to a property set",
        ),
        ("01 08000000 0020000000000000", "too short for its content"),
        ("03 ffffffff", "past the end of the buffer"),
    ] {
        check_error(objects, expected);
    }
    check_error(
        "01 15000000 0020000000000000 40420f0000000000 02 00000000 0b",
        "the objects are corrupt: entry of type 11 at byte 26 is corrupt",
    );
    check_error(
        "01 15000000 0020000000000000 40420f0000000000 02 00000000
         07 00000000",
        "event 1 (type 7, byte 26) can not be decoded",
    );
}

#[test]
fn unknown_events_are_counted_but_static_ones_must_resolve() {
    let known = "00 0020000000000000 40420f0000000000";
    let block = with_objects(&format!(
        "09 02000000 ffff {known} 0a 1010000000000000 {known}"
    ));
    let batches = block.open(&crate::support::ALL).expect("valid");
    assert_eq!(batches.ignored_events(), 2);
    let rows: usize = batches.map(|batch| batch.expect("valid").num_rows()).sum();
    assert_eq!(rows, 2);
    check_error("0a 9910000000000000", "unknown id 0x1099");
    // A helper type at top level is a reference, not an event.
    check("05 1010000000000000 0000000000000000", &[]);
    check_error("06 9910000000000000 0000000000000000", "unknown id 0x1099");
}

#[test]
fn helper_types_are_needed_only_by_the_events_that_use_them() {
    let objects: Vec<_> = RUST_OBJECTS
        .iter()
        .copied()
        .filter(|t| t.0 != "StaticStringRef")
        .collect();
    let mut block = rust_log();
    block.objects_metadata = metadata(&objects);
    let error = block.error();
    assert!(
        error.contains("there is no type `StaticStringRef`"),
        "{error}"
    );
    block.objects.truncate(48);
    assert_eq!(block.rows().map(|rows| rows.len()).ok(), Some(2));
}

#[test]
fn descriptors_need_only_what_is_used() {
    let mut types = RUST_DEPENDENCIES.to_vec();
    types[2].2 = &[
        ("id", "u64", 0, 8, false),
        ("target", "StaticString", 16, 8, true),
        ("level", "uint8", 44, 1, false),
    ];
    let mut block = with_objects("01 15000000 0020000000000000 40420f0000000000 02 00000000");
    block.dependencies_metadata = metadata(&types);
    assert_eq!(block.rows().expect("valid"), ["0 | app | 4 |  | {}"]);
    block.objects = unhex("00 0020000000000000 40420f0000000000");
    assert!(
        block
            .error()
            .contains("its descriptor 0x2000 has no text to show")
    );
    types[2].2 = &[("id", "u64", 0, 8, false), ("level", "u64", 40, 8, false)];
    block.dependencies_metadata = metadata(&types);
    let error = block.error();
    assert!(error.contains("has no usable member `target`"), "{error}");
}

#[test]
fn known_names_of_the_wrong_kind_are_not_events() {
    let mut types = RUST_OBJECTS.to_vec();
    types[0] = ("LogStaticStrEvent", 0, &[]);
    types[1] = ("LogStringEventV2", 8, &[("time", "i64", 0, 8, false)]);
    let mut block = with_objects("00 00000000 01 40420f0000000000");
    block.objects_metadata = metadata(&types);
    let batches = block.open(&crate::support::ALL).expect("valid");
    assert_eq!(batches.ignored_events(), 2);
}

#[test]
fn a_known_event_without_its_members_is_an_error_once_it_occurs() {
    let mut types = RUST_OBJECTS.to_vec();
    types[0].2 = &[
        ("desc", "LogMetadata", 0, 8, true),
        ("time", "u32", 8, 4, false),
    ];
    let mut block = rust_log();
    block.objects_metadata = metadata(&types);
    assert!(block.error().contains("has no usable member `time`"));
    types[0].2 = &[
        ("desc", "LogMetadata", 0, 8, true),
        ("time", "i64", 9, 8, false),
    ];
    block.objects_metadata = metadata(&types);
    assert!(
        block
            .error()
            .contains("reaches outside of type `LogStaticStrEvent`")
    );
    block.objects.drain(..17);
    assert_eq!(block.rows().map(|rows| rows.len()).ok(), Some(3));
}
