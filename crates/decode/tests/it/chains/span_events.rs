//! Thread span events, byte for byte, as both kinds of producers lay them out.

use decode::{ChainError, ChainTable};

use super::rust_thread::{PLAIN, RUST_DEPENDENCIES, RUST_OBJECTS};
use super::support::{Chain, ChainPart, show, spans};
use crate::support::{Type, metadata, unhex};

/// Texts `work`, `app`, `a.rs`, `load`; scope 0x2000, location 0x3000 on line 9.
const RUST_TEXTS: &str = "
    02 0c000000 0010000000000000 776f726b
    02 0b000000 1010000000000000 617070
    02 0c000000 2010000000000000 612e7273
    02 0c000000 3010000000000000 6c6f6164
    00 0020000000000000 0010000000000000 1010000000000000 1010000000000000 2010000000000000
       07000000 03000000
    01 0030000000000000 1010000000000000 1010000000000000 2010000000000000 09000000 03000000";

fn rust(objects: &str) -> Chain {
    let objects = unhex(objects);
    let dependencies = unhex(RUST_TEXTS);
    Chain {
        process: model::ProcessInfo {
            start_ticks: 0,
            tsc_frequency: 1_000_000_000,
            ..crate::support::process()
        },
        properties: vec![("thread-name", "main"), ("thread-id", "1234")],
        ticks: (400, 1000),
        blocks: vec![ChainPart {
            dependencies,
            objects,
            object_offset: 70,
        }],
        ..Chain::new(
            ChainTable::ThreadSpans,
            metadata(RUST_DEPENDENCIES),
            metadata(RUST_OBJECTS),
        )
    }
}

const WORK: &str = "
    00 0020000000000000 f401000000000000
    01 0020000000000000 8403000000000000";

#[test]
fn the_rust_thread_stream() {
    let rows = spans(&rust(WORK).batch());
    let shown: Vec<String> = rows.iter().map(super::support::Span::show).collect();
    assert_eq!(
        shown,
        [
            "-1 in 0 at 0: main-1234 400-1000",
            "70 in -1 at 1: work 500-900"
        ]
    );
    let identity = |row: usize| {
        let row = &rows[row];
        (row.hash, row.target.as_str(), row.file.as_str(), row.line)
    };
    assert_eq!(identity(0), (838_012_402, "", "", 0));
    assert_eq!(identity(1), (0x815c_44ff, "app", "a.rs", 7));
}

#[test]
fn threads_go_by_what_is_known_of_them() {
    for (properties, expected) in [
        (
            vec![("thread-name", "main"), ("thread-id", "1234")],
            "main-1234",
        ),
        (vec![("thread-id", "1234")], "1234"),
        (
            vec![("thread-name", "main")],
            "main-22222222-2222-2222-2222-222222222222",
        ),
        (vec![], "22222222-2222-2222-2222-222222222222"),
    ] {
        let chain = Chain {
            properties,
            ..rust(WORK)
        };
        assert_eq!(spans(&chain.batch())[0].name, expected);
    }
}

#[test]
fn named_spans_bring_their_names() {
    let chain = rust(
        "02 0030000000000000 3010000000000000 04000000 deadbeef f401000000000000
         02 0030000000000000 0010000000000000 04000000 deadbeef 0102000000000000
         03 0030000000000000 0010000000000000 04000000 00000000 0202000000000000
         03 0030000000000000 3010000000000000 04000000 cafecafe 0302000000000000",
    );
    let rows = spans(&chain.batch());
    let names: Vec<(&str, &str, u32)> = rows
        .iter()
        .map(|row| (row.name.as_str(), row.file.as_str(), row.line))
        .collect();
    assert_eq!(
        names,
        [
            ("main-1234", "", 0),
            ("load", "a.rs", 9),
            ("work", "a.rs", 9)
        ]
    );
    assert_eq!(rows[2].show(), "71 in 70 at 2: work 513-514");
}

#[test]
fn many_names_do_not_get_mixed_up() {
    let mut chain = rust("");
    let block = &mut chain.blocks[0];
    for round in 0..3 {
        for index in 0..5_000u64 {
            let name = index.to_string();
            if round == 0 {
                block.dependencies.push(2);
                block
                    .dependencies
                    .extend((8 + name.len() as u32).to_le_bytes());
                block
                    .dependencies
                    .extend((0x10_0000 + 16 * index).to_le_bytes());
                block.dependencies.extend(name.as_bytes());
            }
            for type_index in [2, 3] {
                block.objects.push(type_index);
                let words = [0x3000, 0x10_0000 + 16 * index, 7, 500];
                block
                    .objects
                    .extend(words.into_iter().flat_map(u64::to_le_bytes));
            }
        }
    }
    let rows = spans(&chain.batch());
    assert_eq!(rows.len(), 15_001);
    for (index, row) in rows[1..].iter().enumerate() {
        assert_eq!(row.name, (index % 5_000).to_string());
    }
}

#[test]
fn other_events_only_count() {
    let asynchronous = "04 0020000000000000 0100000000000000 0000000000000000 f501000000000000
        00000000 00000000";
    let objects =
        format!("{asynchronous} 08 02000000 abcd 07 0020000000000000 {WORK} {asynchronous}");
    let chain = rust(&objects);
    assert_eq!(show(&chain.batch())[1], "73 in -1 at 1: work 500-900");
    assert!(chain.decode().expect("valid")[0].memory_bytes() > 2 * 16);
    // What they refer to must be known nonetheless.
    for unknown in [
        objects.replace("04 0020", "04 0021"),
        objects.replace("07 0020", "07 0021"),
    ] {
        let error = rust(&unknown).error();
        assert!(
            error.ends_with("it refers to the unknown id 0x2100"),
            "{error}"
        );
    }
}

#[test]
fn the_unreal_thread_stream() {
    let chain = Chain {
        dependencies_metadata: metadata(UNREAL_DEPENDENCIES),
        objects_metadata: metadata(UNREAL_OBJECTS),
        ..rust(
            "00 6000000000000000 f401000000000000
             02 6100000000000000 f501000000000000 5100000000000000 02000000 01 aabbcc
             03 6100000000000000 f601000000000000 5100000000000000 ffffffff ff ffffff
             01 6000000000000000 f701000000000000",
        )
    };
    let mut chain = chain;
    chain.blocks[0].dependencies = unhex(
        "00 15000000 5000000000000000 01 08000000 5400690063006b00
         00 11000000 5100000000000000 01 04000000 e9006100
         00 10000000 5200000000000000 00 03000000 617070
         00 12000000 5300000000000000 00 05000000 672e637070
         01 6000000000000000 5000000000000000 5200000000000000 5300000000000000 0c000000 aabbccdd
         02 6100000000000000 5200000000000000 5300000000000000 0d000000 aabbccdd",
    );
    let rows = spans(&chain.batch());
    assert_eq!(rows[1].show(), "70 in -1 at 1: Tick 500-503");
    assert_eq!(rows[2].show(), "71 in 70 at 2: éa 501-502");
    for (row, line) in [(1, 12), (2, 13)] {
        let row = &rows[row];
        assert_eq!(
            (row.target.as_str(), row.file.as_str(), row.line),
            ("app", "g.cpp", line)
        );
    }
}

const UNREAL_OBJECTS: &[Type<'_>] = &[
    ("BeginThreadSpanEvent", 16, UNREAL_PLAIN),
    ("EndThreadSpanEvent", 16, UNREAL_PLAIN),
    ("BeginThreadNamedSpanEvent", 32, UNREAL_NAMED),
    ("EndThreadNamedSpanEvent", 32, UNREAL_NAMED),
];

const UNREAL_PLAIN: &[(&str, &str, u32, u32, bool)] = &[
    ("thread_span_desc", "SpanMetadata*", 0, 8, true),
    ("time", "uint64", 8, 8, false),
];

const UNREAL_NAMED: &[(&str, &str, u32, u32, bool)] = &[
    ("thread_span_location", "SpanLocation*", 0, 8, true),
    ("time", "uint64", 8, 8, false),
    ("name", "StaticStringRef", 16, 16, true),
];

const UNREAL_DEPENDENCIES: &[Type<'_>] = &[
    ("StaticStringDependency", 0, &[]),
    (
        "SpanMetadataDependency",
        40,
        &[
            ("id", "uint64", 0, 8, false),
            ("name", "StaticStringRef", 8, 8, true),
            ("target", "StaticStringRef", 16, 8, true),
            ("file", "StaticStringRef", 24, 8, true),
            ("line", "uint32", 32, 4, false),
        ],
    ),
    (
        "SpanLocationDependency",
        32,
        &[
            ("id", "uint64", 0, 8, false),
            ("target", "StaticStringRef", 8, 8, true),
            ("file", "StaticStringRef", 16, 8, true),
            ("line", "uint32", 24, 4, false),
        ],
    ),
];

#[test]
fn layouts_are_free() {
    // Everything elsewhere, references of 16 bytes, a line of one byte, and `uint64`.
    let event: &[(&str, &str, u32, u32, bool)] = &[
        ("time", "u64", 3, 8, false),
        ("thread_span_desc", "SpanMetadata", 13, 16, true),
    ];
    let objects = [
        ("EndThreadSpanEvent", 30, event),
        ("BeginThreadSpanEvent", 30, event),
    ];
    let dependencies: &[Type<'_>] = &[
        (
            "AnyName",
            60,
            &[
                ("line", "u8", 1, 1, false),
                ("file", "StaticString", 4, 16, true),
                ("name", "StaticString", 20, 16, true),
                ("target", "StaticString", 36, 16, true),
                ("id", "i64", 52, 8, false),
            ],
        ),
        ("StaticString", 0, &[]),
    ];
    let mut chain = Chain {
        dependencies_metadata: metadata(dependencies),
        objects_metadata: metadata(&objects),
        ..rust(
            "01 eeeeee f401000000000000 eeee 0020000000000000 eeeeeeeeeeeeeeee ee
             00 eeeeee 8403000000000000 eeee 0020000000000000 eeeeeeeeeeeeeeee ee",
        )
    };
    chain.blocks[0].dependencies = unhex(
        "01 0c000000 0010000000000000 776f726b
         01 0b000000 1010000000000000 617070
         01 0c000000 2010000000000000 612e7273
         00 ee 07 eeee 2010000000000000 eeeeeeeeeeeeeeee 0010000000000000 eeeeeeeeeeeeeeee
            1010000000000000 eeeeeeeeeeeeeeee 0020000000000000",
    );
    assert_eq!(spans(&chain.batch()), spans(&rust(WORK).batch()));
}

#[test]
fn unusable_types_matter_once_they_occur() {
    let mut objects = RUST_OBJECTS.to_vec();
    objects[2] = ("BeginThreadNamedSpanEvent", 32, PLAIN);
    objects[3] = ("EndThreadNamedSpanEvent", 4, PLAIN);
    let chain = |objects_hex: &str| Chain {
        objects_metadata: metadata(&objects),
        ..rust(objects_hex)
    };
    assert_eq!(show(&chain(WORK).batch()), show(&rust(WORK).batch()));
    for (event, expected) in [
        (
            "02 0030000000000000 3010000000000000 04000000 00000000 f401000000000000",
            "type `BeginThreadNamedSpanEvent` has no usable member `thread_span_location`",
        ),
        (
            "03 00300000",
            "member `thread_span_desc` reaches outside of type `EndThreadNamedSpanEvent`",
        ),
        (
            "00 0010000000000000 f401000000000000",
            "the id 0x1000 does not refer to a descriptor",
        ),
        (
            "00 0030000000000000 f401000000000000",
            "type `SpanLocationRecord` has no usable member `name`",
        ),
        (
            "00 0040000000000000 f401000000000000",
            "it refers to the unknown id 0x4000",
        ),
        (
            "00 0040000000000000 f4010000000000",
            "it reaches past the end of the buffer",
        ),
    ] {
        let error = chain(event).error();
        assert!(error.ends_with(expected), "{error}");
    }
}

#[test]
fn names_of_named_events_are_texts() {
    let chain = rust("02 0030000000000000 0030000000000000 04000000 00000000 f401000000000000");
    let error = chain.error();
    assert!(
        error.ends_with("the id 0x3000 does not refer to a text"),
        "{error}"
    );
}

/// The hash of a scope is its identity, even where two scopes share one.
#[test]
fn scopes_are_compared_by_their_hash() {
    let mut chain = rust(
        "02 0030000000000000 0050000000000000 00000000 00000000 f401000000000000
         03 0030000000000000 0060000000000000 00000000 00000000 f501000000000000",
    );
    for (id, name) in [
        (0x5000u64, "580f6022a88146ed"),
        (0x6000, "22fdd4d67086594e"),
    ] {
        let dependencies = &mut chain.blocks[0].dependencies;
        dependencies.push(2);
        dependencies.extend((8 + name.len() as u32).to_le_bytes());
        dependencies.extend(id.to_le_bytes());
        dependencies.extend(name.as_bytes());
    }
    let rows = spans(&chain.batch());
    assert_eq!(rows[1].show(), "70 in -1 at 1: 580f6022a88146ed 500-501");
    assert_eq!(rows[1].hash, 0xb9c0_c780);
}

#[test]
fn mismatches_name_both_scopes() {
    let chain = rust(
        "00 0020000000000000 f401000000000000
         03 0030000000000000 3010000000000000 04000000 00000000 0302000000000000",
    );
    let (block, error) = chain.build().expect_err("a mismatch");
    assert_eq!(block, 0);
    assert!(matches!(error, ChainError::Mismatch { event: 71, .. }));
    assert_eq!(
        error.to_string(),
        "event 71 closes `load` (a.rs:9) while the innermost open scope is `work` (a.rs:7)"
    );
}

#[test]
fn long_texts_are_cut_in_messages() {
    let mut chain = rust(
        "02 0030000000000000 0050000000000000 04000000 00000000 f401000000000000
         01 0020000000000000 8403000000000000",
    );
    let text = "é".repeat(100_000);
    let dependencies = &mut chain.blocks[0].dependencies;
    dependencies.push(2);
    dependencies.extend_from_slice(&(text.len() as u32 + 8).to_le_bytes());
    dependencies.extend_from_slice(&0x5000u64.to_le_bytes());
    dependencies.extend_from_slice(text.as_bytes());
    let (_, error) = chain.build().expect_err("a mismatch");
    assert!(error.to_string().len() < 1000);
}

#[test]
fn a_clock_that_runs_backwards_is_refused() {
    let chain = rust(
        "00 0020000000000000 f401000000000000
         00 0020000000000000 f301000000000000",
    );
    let (_, error) = chain.build().expect_err("backwards");
    assert_eq!(error, ChainError::Backwards { event: 71 });
}

#[test]
fn offsets_of_producers_wrap() {
    for (offset, expected) in [(i64::MAX, i64::MIN + 1), (i64::MIN, i64::MIN + 2), (-3, -1)] {
        let mut chain = rust(&format!("08 00000000 08 00000000 {WORK}"));
        chain.blocks[0].object_offset = offset;
        assert_eq!(spans(&chain.batch())[1].id, expected);
    }
}
