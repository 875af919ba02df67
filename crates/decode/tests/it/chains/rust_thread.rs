//! The type tables of the thread streams of Rust programs, with the usual layouts.

use crate::support::{STRING_ID, Type};

/// The thread stream of a Rust program.
pub const RUST_OBJECTS: &[Type<'_>] = &[
    ("BeginThreadSpanEvent", 16, PLAIN),
    ("EndThreadSpanEvent", 16, PLAIN),
    ("BeginThreadNamedSpanEvent", 32, NAMED),
    ("EndThreadNamedSpanEvent", 32, NAMED),
    ("BeginAsyncSpanEvent", 40, ASYNC),
    ("EndAsyncSpanEvent", 40, ASYNC),
    STRING_ID,
    ("StaticMystery", 8, &[("r", "void*", 0, 8, true)]),
    ("Mystery", 0, &[]),
];

pub const PLAIN: &[(&str, &str, u32, u32, bool)] = &[
    ("thread_span_desc", "SpanMetadata", 0, 8, true),
    ("time", "i64", 8, 8, false),
];

const NAMED: &[(&str, &str, u32, u32, bool)] = &[
    ("thread_span_location", "SpanLocation", 0, 8, true),
    ("name", "StringId", 8, 16, false),
    ("time", "i64", 24, 8, false),
];

const ASYNC: &[(&str, &str, u32, u32, bool)] = &[
    ("span_desc", "SpanMetadata", 0, 8, true),
    ("span_id", "u64", 8, 8, false),
    ("parent_span_id", "u64", 16, 8, false),
    ("depth", "u32", 32, 4, false),
    ("time", "i64", 24, 8, false),
];

pub const RUST_DEPENDENCIES: &[Type<'_>] = &[
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
