//! The bytes of the requests. They are written by hand: what is under test must not make its
//! own input.

use std::io::Write;

use lz4_flex::frame::FrameEncoder;
use minicbor::Encoder;
use uuid::Uuid;

use super::{SCOPES_OF_TREE, START_TICKS, SpanProgram, TICKS_OF_EVENT, TREE_NAMES};

/// The type, the scope and the ticks.
pub(super) const EVENT_BYTES: usize = 1 + 8 + 8;
/// Ids of dependencies.
const SCOPE: u64 = 0x1_0000;
const TEXT: u64 = 0x2_0000;
const TARGET: u64 = 0x3_0000;
const FILE: u64 = 0x3_0001;

/// Name, size, members with name, type, offset, size and whether they refer.
type Type = (
    &'static str,
    u32,
    &'static [(&'static str, &'static str, u32, u32, bool)],
);

const EVENTS: [Type; 2] = [
    ("BeginThreadSpanEvent", 16, EVENT),
    ("EndThreadSpanEvent", 16, EVENT),
];
const EVENT: &[(&str, &str, u32, u32, bool)] = &[
    ("thread_span_desc", "SpanMetadata", 0, 8, true),
    ("time", "i64", 8, 8, false),
];
const DEPENDENCIES: [Type; 2] = [
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
    ("StaticString", 0, &[]),
];

pub(super) fn event(buffer: &mut Vec<u8>, is_begin: bool, scope: u64, ticks: u64) {
    buffer.push(u8::from(!is_begin));
    buffer.extend_from_slice(&(SCOPE + scope).to_le_bytes());
    buffer.extend_from_slice(&ticks.to_le_bytes());
}

fn dependencies() -> Vec<u8> {
    let mut buffer = Vec::new();
    let mut text = |id: u64, text: &str| {
        buffer.push(1);
        buffer.extend_from_slice(&(8 + text.len() as u32).to_le_bytes());
        buffer.extend_from_slice(&id.to_le_bytes());
        buffer.extend_from_slice(text.as_bytes());
    };
    text(TARGET, "span_program::work");
    text(FILE, "src/work.rs");
    let scopes = TREE_NAMES * SCOPES_OF_TREE;
    for scope in 0..scopes {
        let (tree, place) = (scope / SCOPES_OF_TREE, scope % SCOPES_OF_TREE);
        text(TEXT + scope, &format!("tree_{tree}::place_{place}"));
    }
    for scope in 0..scopes {
        buffer.push(0);
        for word in [SCOPE + scope, TEXT + scope, TARGET, TARGET, FILE, scope + 1] {
            buffer.extend_from_slice(&word.to_le_bytes());
        }
    }
    buffer
}

pub(super) fn process(program: &SpanProgram) -> Vec<u8> {
    let mut out = Map::new(12);
    out.text("process_id", &program.process_id.to_string());
    for name in [
        "exe",
        "username",
        "realname",
        "computer",
        "distro",
        "cpu_brand",
    ] {
        out.text(name, "span-program");
    }
    out.number("tsc_frequency", 1_000_000_000);
    out.text("start_time", &time(program.begin));
    out.number("start_ticks", START_TICKS);
    out.text("parent_process_id", "");
    out.map("properties", &[]);
    out.finish()
}

/// A thread of the program.
pub(super) struct Stream<'a> {
    pub program: &'a SpanProgram,
    pub id: &'a Uuid,
}

impl Stream<'_> {
    pub(super) fn encode(&self, thread_name: &str) -> Vec<u8> {
        let mut out = Map::new(6);
        out.text("process_id", &self.program.process_id.to_string());
        out.text("stream_id", &self.id.to_string());
        out.types("dependencies_metadata", &DEPENDENCIES);
        out.types("objects_metadata", &EVENTS);
        out.list("tags", &["cpu"]);
        out.map(
            "properties",
            &[("thread-name", thread_name), ("thread-id", "7")],
        );
        out.finish()
    }
}

/// Some events of a thread, counted from its first one.
pub(super) struct Block<'a> {
    pub program: &'a SpanProgram,
    pub stream: &'a Uuid,
    pub first: u64,
    pub events: u64,
}

impl Block<'_> {
    pub(super) fn encode(&self, objects: &[u8]) -> Vec<u8> {
        let (begin, end) = (self.first, self.first + self.events);
        let (begin, end) = (begin * TICKS_OF_EVENT, end * TICKS_OF_EVENT);
        let mut out = Map::new(10);
        out.text("block_id", &Uuid::new_v4().to_string());
        out.text("stream_id", &self.stream.to_string());
        out.text("process_id", &self.program.process_id.to_string());
        out.text("begin_time", &time(self.program.begin + begin));
        out.number("begin_ticks", begin);
        out.text("end_time", &time(self.program.begin + end));
        out.number("end_ticks", end);
        out.payload(&compressed(&dependencies()), &compressed(objects));
        out.number("object_offset", self.first);
        out.number("nb_objects", self.events);
        out.finish()
    }
}

/// As RFC 3339.
pub(super) fn time(nanoseconds: u64) -> String {
    let time = chrono::DateTime::from_timestamp_nanos(nanoseconds.cast_signed());
    time.to_rfc3339_opts(chrono::SecondsFormat::Nanos, false)
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = FrameEncoder::new(Vec::new());
    let written = encoder.write_all(bytes).ok();
    let compressed = written.and_then(|()| encoder.finish().ok());
    compressed.expect("compressing in memory does not fail")
}

/// A CBOR map; writing into memory does not fail.
struct Map(Encoder<Vec<u8>>);

const WRITES: &str = "writing to memory does not fail";

impl Map {
    fn new(entries: u64) -> Self {
        let mut out = Encoder::new(Vec::new());
        out.map(entries).expect(WRITES);
        Self(out)
    }

    fn finish(self) -> Vec<u8> {
        self.0.into_writer()
    }

    fn key(&mut self, key: &str) -> &mut Encoder<Vec<u8>> {
        self.0.str(key).expect(WRITES)
    }

    fn text(&mut self, key: &str, text: &str) {
        self.key(key).str(text).expect(WRITES);
    }

    fn number(&mut self, key: &str, number: u64) {
        self.key(key).u64(number).expect(WRITES);
    }

    fn list(&mut self, key: &str, texts: &[&str]) {
        self.key(key).array(texts.len() as u64).expect(WRITES);
        for text in texts {
            self.0.str(text).expect(WRITES);
        }
    }

    fn map(&mut self, key: &str, entries: &[(&str, &str)]) {
        self.key(key).map(entries.len() as u64).expect(WRITES);
        for (key, value) in entries {
            self.text(key, value);
        }
    }

    fn payload(&mut self, dependencies: &[u8], objects: &[u8]) {
        self.key("payload").map(2).expect(WRITES);
        self.key("dependencies").bytes(dependencies).expect(WRITES);
        self.key("objects").bytes(objects).expect(WRITES);
    }

    fn types(&mut self, key: &str, types: &[Type]) {
        self.key(key).array(types.len() as u64).expect(WRITES);
        for &(name, size, members) in types {
            self.0.map(4).expect(WRITES);
            self.text("name", name);
            self.number("size", size.into());
            self.members(members);
            self.flag("is_reference", false);
        }
    }

    fn members(&mut self, members: &[(&str, &str, u32, u32, bool)]) {
        self.key("members")
            .array(members.len() as u64)
            .expect(WRITES);
        for &(name, type_name, offset, size, is_reference) in members {
            self.0.map(5).expect(WRITES);
            self.text("name", name);
            self.text("type_name", type_name);
            self.number("offset", offset.into());
            self.number("size", size.into());
            self.flag("is_reference", is_reference);
        }
    }

    fn flag(&mut self, key: &str, flag: bool) {
        self.key(key).bool(flag).expect(WRITES);
    }
}
