//! The types of events and dependencies, as streams describe them.

use bytes::Bytes;
use wire::transit::{MemberDefinition, TypeDefinition, encode_types};

use super::Kind;

/// Tag, dependencies and objects of a stream.
pub fn of_stream(kind: Kind) -> (&'static str, Bytes, Bytes) {
    let (tag, dependencies, objects) = match kind {
        Kind::Log => ("log", log_descriptor(), LOG_EVENTS),
        Kind::Metric => ("metrics", metric_descriptor(), METRIC_EVENTS),
        Kind::Span => ("cpu", span_descriptor(), SPAN_EVENTS),
    };
    let dependencies = metadata(&[DEPENDENCIES, &[dependencies]].concat());
    (tag, dependencies, metadata(objects))
}

/// Name, type, offset, size and whether it refers to a dependency.
type Member = (&'static str, &'static str, u32, u32, bool);

/// Name, size, members.
type Type = (&'static str, u32, &'static [Member]);

/// Texts are of type 0, property sets of type 1, and descriptors come last.
const DEPENDENCIES: &[Type] = &[
    ("StaticStringDependency", 0, &[]),
    ("PropertySetDependency", 0, &[]),
    (
        "Property",
        32,
        &[
            ("name", "StaticStringRef", 0, 16, false),
            ("value", "StaticStringRef", 16, 16, false),
        ],
    ),
    STRING_REF,
];
pub const DESCRIPTOR_TYPE: u8 = 4;
const STRING_REF: Type = ("StaticStringRef", 16, &[("id", "usize", 0, 8, true)]);

const fn log_descriptor() -> Type {
    (
        "LogMetadataRecord",
        32,
        &[
            ("id", "u64", 0, 8, false),
            ("fmt_str", "StaticString", 8, 8, true),
            ("target", "StaticString", 16, 8, true),
            ("line", "u32", 24, 4, false),
            ("level", "u32", 28, 4, false),
        ],
    )
}

const fn metric_descriptor() -> Type {
    (
        "MetricMetadataDependency",
        32,
        &[
            ("id", "u64", 0, 8, false),
            ("name", "StaticString", 8, 8, true),
            ("unit", "StaticString", 16, 8, true),
            ("target", "StaticString", 24, 8, true),
        ],
    )
}

const fn span_descriptor() -> Type {
    (
        "SpanMetadataDependency",
        40,
        &[
            ("id", "u64", 0, 8, false),
            ("name", "StaticString", 8, 8, true),
            ("target", "StaticString", 16, 8, true),
            ("file", "StaticString", 24, 8, true),
            ("line", "u32", 32, 4, false),
        ],
    )
}

const LOG_EVENTS: &[Type] = &[
    ("LogStringEventV2", 0, &[]),
    ("TaggedLogString", 0, &[]),
    STRING_REF,
];

const METRIC_EVENTS: &[Type] = &[
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
        "TaggedFloatMetricEvent",
        32,
        &[
            ("desc", "MetricMetadata", 0, 8, true),
            ("properties", "PropertySet", 8, 8, true),
            ("value", "f64", 16, 8, false),
            ("time", "i64", 24, 8, false),
        ],
    ),
];

const SPAN_EVENT: &[Member] = &[
    ("thread_span_desc", "SpanMetadata", 0, 8, true),
    ("time", "i64", 8, 8, false),
];

const SPAN_EVENTS: &[Type] = &[
    ("BeginThreadSpanEvent", 16, SPAN_EVENT),
    ("EndThreadSpanEvent", 16, SPAN_EVENT),
];

fn metadata(types: &[Type]) -> Bytes {
    let definitions = types.iter().map(|&(name, size, members)| TypeDefinition {
        name: name.to_owned(),
        size,
        members: members
            .iter()
            .map(
                |&(name, type_name, offset, size, is_reference)| MemberDefinition {
                    name: name.to_owned(),
                    type_name: type_name.to_owned(),
                    offset,
                    size,
                    is_reference,
                },
            )
            .collect(),
        is_reference: name == STRING_REF.0,
    });
    encode_types(&definitions.collect::<Vec<_>>()).into()
}
