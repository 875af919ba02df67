//! Network events, byte for byte.

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, TimestampNanosecondType, UInt32Type};
use decode::ChainTable;

use super::support::{Chain, ChainPart, numbers, texts};
use crate::support::{START, Type, metadata, unhex};

const SIZED: &[(&str, &str, u32, u32, bool)] = &[
    ("time", "uint64", 0, 8, false),
    ("bit_size", "uint32", 8, 4, false),
];

const OBJECTS: &[Type<'_>] = &[
    (
        "NetConnectionBeginEvent",
        32,
        &[
            ("time", "uint64", 0, 8, false),
            ("connection_name", "StaticStringRef", 8, 16, true),
            ("is_outgoing", "uint8", 24, 1, false),
        ],
    ),
    ("NetConnectionEndEvent", 16, SIZED),
    (
        "NetObjectBeginEvent",
        24,
        &[
            ("time", "uint64", 0, 8, false),
            ("object_name", "StaticStringRef", 8, 16, true),
        ],
    ),
    ("NetObjectEndEvent", 16, SIZED),
    (
        "NetPropertyEvent",
        32,
        &[
            ("time", "uint64", 0, 8, false),
            ("property_name", "StaticStringRef", 8, 16, true),
            ("bit_size", "uint32", 24, 4, false),
        ],
    ),
    (
        "NetRPCBeginEvent",
        24,
        &[
            ("time", "uint64", 0, 8, false),
            ("function_name", "StaticStringRef", 8, 16, true),
        ],
    ),
    ("NetRPCEndEvent", 16, SIZED),
    ("Mystery", 0, &[]),
];

const NAMES: [&str; 5] = ["conn", "Actor", "Hp", "Fire", "two"];

fn name_id(name: &str) -> u64 {
    let position = NAMES.iter().position(|candidate| *candidate == name);
    0x50 + position.expect("a name") as u64
}

fn dependencies() -> Vec<u8> {
    let mut dependencies = Vec::new();
    for name in NAMES {
        dependencies.push(0);
        dependencies.extend_from_slice(&(13 + name.len() as u32).to_le_bytes());
        dependencies.extend_from_slice(&name_id(name).to_le_bytes());
        dependencies.push(0);
        dependencies.extend_from_slice(&(name.len() as u32).to_le_bytes());
        dependencies.extend_from_slice(name.as_bytes());
    }
    dependencies
}

/// One event per line: `(conn` or `)conn 12` for connections, likewise `[` for objects,
/// `{` for calls, `=Hp 8` for properties, `(>` for outgoing connections. The line
/// number is the time.
fn events(lines: &[&str], start: u64) -> Vec<u8> {
    let mut objects = Vec::new();
    for (time, line) in (start..).zip(lines) {
        let (mark, rest) = line.split_at(1);
        let (name, size) = rest.split_once(' ').unwrap_or((rest, "0"));
        let size: u32 = size.parse().expect("a size");
        let garbage = unhex("ffffffff 03 aabbcc");
        let (type_index, name) = match mark {
            "(" => (0, Some(name)),
            ")" => (1, None),
            "[" => (2, Some(name)),
            "]" => (3, None),
            "=" => (4, Some(name)),
            "{" => (5, Some(name)),
            "}" => (6, None),
            _ => {
                objects.extend(unhex("07 02000000 abcd"));
                continue;
            }
        };
        objects.push(type_index);
        objects.extend_from_slice(&time.to_le_bytes());
        if let Some(name) = name {
            let plain = name.trim_start_matches('>');
            objects.extend_from_slice(&name_id(plain).to_le_bytes());
            objects.extend_from_slice(&garbage);
            if type_index == 0 {
                objects.push(u8::from(name != plain));
                objects.extend_from_slice(&garbage[1..]);
            }
        }
        if matches!(type_index, 1 | 3 | 4 | 6) {
            objects.extend_from_slice(&size.to_le_bytes());
            objects.extend_from_slice(&garbage[..4]);
        }
    }
    objects
}

pub fn net(blocks: &[&[&str]]) -> Chain {
    let mut offset = 0;
    let mut chain = Chain::new(
        ChainTable::NetSpans,
        metadata(&[("StaticStringDependency", 0, &[])]),
        metadata(OBJECTS),
    );
    chain.process.start_ticks = 0;
    for lines in blocks {
        chain.blocks.push(ChainPart {
            dependencies: dependencies(),
            objects: events(lines, 1 + offset as u64),
            object_offset: offset,
        });
        offset += lines.len() as i64;
    }
    chain
}

/// `connection>`: the connection is an outgoing one.
fn show(chain: &Chain) -> Vec<String> {
    let batch = chain.batch();
    let ids = numbers::<Int64Type>(&batch, "span_id");
    let parents = numbers::<Int64Type>(&batch, "parent_span_id");
    let depths = numbers::<UInt32Type>(&batch, "depth");
    let begins = numbers::<TimestampNanosecondType>(&batch, "begin_time");
    let ends = numbers::<TimestampNanosecondType>(&batch, "end_time");
    let begin_bits = numbers::<Int64Type>(&batch, "begin_bits");
    let end_bits = numbers::<Int64Type>(&batch, "end_bits");
    let bit_sizes = numbers::<Int64Type>(&batch, "bit_size");
    let (kinds, names) = (texts(&batch, "kind"), texts(&batch, "name"));
    let connections = texts(&batch, "connection_name");
    let outgoing = batch.column_by_name("is_outgoing").expect("a column");
    (0..batch.num_rows())
        .map(|row| {
            assert_eq!(end_bits[row] - begin_bits[row], bit_sizes[row]);
            format!(
                "{} in {} at {}: {} {} of {}{} bits {}-{} time {}-{}",
                ids[row],
                parents[row],
                depths[row],
                kinds[row],
                names[row],
                connections[row],
                if outgoing.as_boolean().value(row) {
                    ">"
                } else {
                    ""
                },
                begin_bits[row],
                end_bits[row],
                begins[row] - START,
                ends[row] - START,
            )
        })
        .collect()
}

#[test]
fn the_unreal_net_stream() {
    let mut chain = net(&[&["(>conn", "[Actor", "=Hp 8", "] 12", ") 12"]]);
    let objects = "
        00 0100000000000000 5000000000000000 0000000003000000 0100000000000000
        02 0200000000000000 5100000000000000 0000000003000000
        04 0300000000000000 5200000000000000 0000000003000000 0800000000000000
        03 0400000000000000 0c00000000000000
        01 0500000000000000 0c00000000000000";
    let expected = [
        "2 in 1 at 2: property Hp of conn> bits 0-8 time 3-3",
        "1 in 0 at 1: object Actor of conn> bits 0-12 time 2-4",
        "0 in -1 at 0: connection conn of conn> bits 0-12 time 1-5",
    ];
    assert_eq!(show(&chain), expected);
    chain.blocks[0].objects = unhex(objects);
    assert_eq!(show(&chain), expected);
    let batch = chain.batch();
    for (column, expected) in [
        ("process_id", "33333333-3333-3333-3333-333333333333"),
        ("stream_id", "22222222-2222-2222-2222-222222222222"),
    ] {
        assert_eq!(texts(&batch, column), [expected; 3]);
    }
}

#[test]
fn siblings_lie_side_by_side() {
    let chain = net(&[
        &["(conn", "[Actor", "=Hp 8", "=two 3", "[two", "=Hp 2", "] 4"],
        &["] 20", "{Fire", "=Hp 1", "} 5", "?", ") 25"],
    ]);
    assert_eq!(
        show(&chain),
        [
            "2 in 1 at 2: property Hp of conn bits 0-8 time 3-3",
            "3 in 1 at 2: property two of conn bits 8-11 time 4-4",
            "5 in 4 at 3: property Hp of conn bits 0-2 time 6-6",
            "4 in 1 at 2: object two of conn bits 11-15 time 5-7",
            "1 in 0 at 1: object Actor of conn bits 0-20 time 2-8",
            "9 in 8 at 2: property Hp of conn bits 0-1 time 10-10",
            "8 in 0 at 1: rpc Fire of conn bits 20-25 time 9-11",
            "0 in -1 at 0: connection conn of conn bits 0-25 time 1-13",
        ]
    );
    let ignored = |block: &decode::ChainBlock| block.ignored_events();
    let blocks = chain.decode().expect("valid");
    assert_eq!(blocks.iter().map(ignored).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn what_does_not_match_is_ignored_and_what_stays_open_is_dropped() {
    let chain = net(&[&[
        "] 3", ") 4", "[Actor", "} 5", ") 6", "=Hp 7", "] 8", "(conn", "{Fire",
    ]]);
    assert_eq!(
        show(&chain),
        [
            "5 in 2 at 1: property Hp of  bits 0-7 time 6-6",
            "2 in -1 at 0: object Actor of  bits 0-8 time 3-7",
        ]
    );
}

#[test]
fn connections_are_always_roots() {
    let chain = net(&[&[
        "(>conn", "=Hp 3", "(two", "=Hp 7", ") 8", "=two 1", ") 9", "=Hp 1",
    ]]);
    assert_eq!(
        show(&chain),
        [
            "1 in 0 at 1: property Hp of conn> bits 0-3 time 2-2",
            "3 in 2 at 1: property Hp of conn> bits 0-7 time 4-4",
            "2 in -1 at 0: connection two of conn> bits 3-11 time 3-5",
            "5 in 0 at 1: property two of conn> bits 11-12 time 6-6",
            "0 in -1 at 0: connection conn of conn> bits 0-9 time 1-7",
            "7 in -1 at 0: property Hp of  bits 0-1 time 8-8",
        ]
    );
}

#[test]
fn events_outside_of_the_chain_do_not_count() {
    let mut chain = net(&[&["=Hp 1", "=Hp 2", "=Hp 3", "=Hp 4"], &["=Hp 5"]]);
    chain.ticks = (2, 3);
    // The last block has times that lie in the chain again.
    chain.blocks[1].objects = events(&["=Hp 5"], 3);
    assert_eq!(
        show(&chain),
        [
            "1 in -1 at 0: property Hp of  bits 0-2 time 2-2",
            "2 in -1 at 0: property Hp of  bits 0-3 time 3-3",
            "4 in -1 at 0: property Hp of  bits 0-5 time 3-3",
        ]
    );
}

#[test]
fn sizes_and_offsets_may_be_anything() {
    let mut chain = net(&[&["(conn", "=Hp 4294967295", "=Hp 4294967295", ") 0"]]);
    chain.blocks[0].object_offset = i64::MAX - 1;
    let rows = show(&chain);
    assert_eq!(
        rows[1],
        format!(
            "{} in {} at 1: property Hp of conn bits 4294967295-8589934590 time 3-3",
            i64::MIN,
            i64::MAX - 1,
        )
    );
}

#[test]
fn unusable_events_are_refused() {
    for (objects, expected) in [
        (
            "02 0200000000000000 9900000000000000 0000000003000000",
            "the unknown id 0x99",
        ),
        (
            "03 0400000000000000 0c000000000000",
            "it reaches past the end of the buffer",
        ),
        ("09 00", "the type table has only 8 types"),
    ] {
        let mut chain = net(&[&[]]);
        chain.blocks[0].objects = unhex(objects);
        let error = chain.error();
        assert!(error.ends_with(expected), "{error}");
    }
    let mut types = OBJECTS.to_vec();
    types[3] = ("NetObjectEndEvent", 16, &[("time", "uint64", 0, 8, false)]);
    let mut chain = net(&[&["[Actor", "] 4"]]);
    chain.objects_metadata = metadata(&types);
    let error = chain.error();
    assert!(
        error.ends_with("type `NetObjectEndEvent` has no usable member `bit_size`"),
        "{error}"
    );
}
