//! Worked examples, byte for byte.

use crate::support::{
    Block, PROPERTY, STRING_ID, STRING_REF, Type, block_info, metadata, process, unhex,
};
use decode::EventTable;

/// The log stream of a Rust program, with the usual layouts.
pub const RUST_OBJECTS: &[Type<'_>] = &[
    (
        "LogStaticStrEvent",
        16,
        &[
            ("desc", "LogMetadata", 0, 8, true),
            ("time", "i64", 8, 8, false),
        ],
    ),
    ("LogStringEventV2", 0, &[]),
    (
        "LogStaticStrInteropEvent",
        48,
        &[
            ("time", "i64", 32, 8, false),
            ("level", "u32", 40, 4, false),
            ("target", "StringId", 0, 16, false),
            ("msg", "StringId", 16, 16, false),
        ],
    ),
    ("LogStringInteropEventV3", 0, &[]),
    ("TaggedLogString", 0, &[]),
    STRING_ID,
    STRING_REF,
    ("LogStringEvent", 0, &[]),
    ("LogStringInteropEventV2", 0, &[]),
    ("Mystery", 0, &[]),
    ("StaticMystery", 8, &[("r", "void*", 0, 8, true)]),
];

pub const RUST_DEPENDENCIES: &[Type<'_>] = &[
    ("StaticString", 0, &[]),
    ("StaticStringDependency", 0, &[]),
    (
        "LogMetadataRecord",
        48,
        &[
            ("id", "u64", 0, 8, false),
            ("fmt_str", "StaticString", 8, 8, true),
            ("target", "StaticString", 16, 8, true),
            ("module_path", "StaticString", 24, 8, true),
            ("file", "StaticString", 32, 8, true),
            ("line", "u32", 40, 4, false),
            ("level", "u32", 44, 4, false),
        ],
    ),
    ("PropertySetDependency", 0, &[]),
    PROPERTY,
    STRING_REF,
];

const RUST_LOG_DEPENDENCIES: &str = "
    00 0d000000 0010000000000000 6869207b7d
    00 0b000000 1010000000000000 617070
    00 0c000000 2010000000000000 612e7273
    02 0020000000000000 0010000000000000 1010000000000000 1010000000000000 2010000000000000
       07000000 04000000
    01 10000000 3010000000000000 02 03000000 656e76
    01 10000000 4010000000000000 02 03000000 646576
    03 2c000000 0030000000000000 01000000
       3010000000000000 03000000 02000000  4010000000000000 03000000 02000000";

const RUST_LOG_OBJECTS: &str = "
    00 0020000000000000 28460f0000000000
    01 1a000000 0020000000000000 104a0f0000000000 02 05000000 6869203432
    03 21000000 f84d0f0000000000 03 1010000000000000 03000000 02000000 02 03000000 657874
    04 23000000 0020000000000000 0030000000000000 e0510f0000000000 02 06000000 746167676564";

pub fn rust_log() -> Block {
    Block {
        table: EventTable::LogEntries,
        dependencies_metadata: metadata(RUST_DEPENDENCIES),
        objects_metadata: metadata(RUST_OBJECTS),
        dependencies: unhex(RUST_LOG_DEPENDENCIES),
        objects: unhex(RUST_LOG_OBJECTS),
        process: process(),
        info: block_info(),
    }
}

#[test]
fn the_rust_log_stream() {
    let block = rust_log();
    assert_eq!((block.dependencies.len(), block.objects.len()), (191, 126));
    assert_eq!(
        block.rows().expect("valid"),
        [
            "100 | app | 4 | hi {} | {}",
            "200 | app | 4 | hi 42 | {}",
            "300 | app | 3 | ext | {}",
            r#"400 | app | 4 | tagged | {"env":"dev"}"#,
        ]
    );
}

const UNREAL_OBJECTS: &[Type<'_>] = &[
    // Members of dynamic types say nothing about the wire: these do not even fit.
    (
        "TaggedLogInteropEvent",
        0,
        &[
            ("time", "uint64", 0, 8, false),
            ("level", "uint8", 8, 1, false),
        ],
    ),
    ("TaggedLogString", 0, &[("desc", "LogMetadata", 0, 8, true)]),
    ("StaticStringRef", 16, &[("id", "uint64", 0, 8, true)]),
];

const UNREAL_DEPENDENCIES: &[Type<'_>] = &[
    ("StaticStringDependency", 0, &[]),
    (
        "LogMetadataDependency",
        64,
        &[
            ("id", "uint64", 0, 8, false),
            ("target", "StaticStringRef", 8, 16, true),
            ("fmt_str", "StaticStringRef", 24, 16, true),
            ("file", "StaticStringRef", 40, 16, true),
            ("line", "uint32", 56, 4, false),
            ("level", "uint8", 60, 1, false),
        ],
    ),
    ("PropertySetDependency", 0, &[]),
    (
        "Property",
        32,
        &[
            ("name", "StaticStringRef", 0, 16, true),
            ("value", "StaticStringRef", 16, 16, true),
        ],
    ),
];

const UNREAL_LOG_DEPENDENCIES: &str = "
    00 13000000 5000000000000000 01 06000000 4e0065007400
    00 0d000000 5100000000000000 01 00000000
    00 12000000 5200000000000000 00 05000000 672e637070
    01 6000000000000000 5000000000000000 06000000 01000000 5100000000000000 00000000 01000000
       5200000000000000 05000000 00000000 09000000 03 000000
    00 10000000 5300000000000000 00 03000000 6d6170
    00 0f000000 5400000000000000 00 02000000 6d31
    02 2c000000 7000000000000000 01000000 5300000000000000 00000000 03000000
       5400000000000000 00000000 03000000";

const UNREAL_LOG_OBJECTS: &str = "
    00 2a000000 0700000000000000 04 5000000000000000 06000000 01000000 7000000000000000
       01 04000000 6800e900
    01 20000000 6000000000000000 7000000000000000 0800000000000000 00 03000000 6c6f77";

pub fn unreal_log() -> Block {
    let mut process = process();
    process.start_ticks = 0;
    process.tsc_frequency = 1000;
    Block {
        dependencies_metadata: metadata(UNREAL_DEPENDENCIES),
        objects_metadata: metadata(UNREAL_OBJECTS),
        dependencies: unhex(UNREAL_LOG_DEPENDENCIES),
        objects: unhex(UNREAL_LOG_OBJECTS),
        process,
        ..rust_log()
    }
}

#[test]
fn the_unreal_log_stream() {
    let block = unreal_log();
    assert_eq!((block.dependencies.len(), block.objects.len()), (220, 84));
    assert_eq!(
        block.rows().expect("valid"),
        [
            r#"7 | Net | 4 | hé | {"map":"m1"}"#,
            r#"8 | Net | 3 | low | {"map":"m1"}"#,
        ]
    );
}
