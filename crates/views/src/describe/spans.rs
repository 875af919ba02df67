//! Views of spans.

use super::documentation::ViewSetDoc;

const HASH: (&str, &str) = (
    "hash",
    "Tells places in the code apart: a hash of name, file, target and line.",
);
const TARGET: (&str, &str) = ("target", "The part of the program that it belongs to.");
const FILENAME: (&str, &str) = ("filename", "The source file of the place in the code.");
const LINE: (&str, &str) = ("line", "The line in that file.");

pub(super) const THREAD_SPANS: ViewSetDoc = ViewSetDoc {
    name: "thread_spans",
    description: "A row per call that a thread was in: a tree of spans, parents before their \
                  children. Blocks that follow each other without a gap make one tree; where calls \
                  at its top were not recorded whole, a span with the name of the thread is their \
                  root. A span that had not ended ends with its tree. A query needs a time range.",
    instance: Some("one stream with the tag `cpu`, which is one thread"),
    range: "`begin <= E` and `end >= B`",
    columns: &[
        (
            "id",
            "The position of its first event in the stream; -1 for a root that stands for the thread.",
        ),
        ("parent", "The `id` of the span around it; 0 for a root."),
        ("depth", "How many spans are around it."),
        HASH,
        ("begin", "When the call began."),
        ("end", "When it returned."),
        ("duration", "Nanoseconds between the two."),
        ("name", "The name of the span, usually that of a function."),
        TARGET,
        FILENAME,
        LINE,
    ],
    example: "SELECT name, count(*) AS calls, max(depth) AS depth\n\
              FROM view_instance('thread_spans', '66cdb227-2e2f-488f-b1f5-27bcf59b1e5a')\n\
              GROUP BY name\n\
              ORDER BY depth",
};

pub(super) const ASYNC_EVENTS: ViewSetDoc = ViewSetDoc {
    name: "async_events",
    description: "A row per begin and per end of a span that may wait and move between threads, \
                  from all streams with the tag `cpu`. Both have the same `span_id` and may come \
                  from different streams; [`process_spans`](#process_spans) pairs them.",
    instance: Some("one process"),
    range: "`B <= time <= E`",
    columns: &[
        (
            "stream_id",
            "The stream of the thread on which it happened.",
        ),
        ("block_id", "The block that it arrived in."),
        ("time", "When it happened."),
        ("event_type", "`begin` or `end`."),
        ("span_id", "The span; unique in the process."),
        (
            "parent_span_id",
            "The span that started it; 0 if there is none.",
        ),
        ("depth", "How many spans are around it."),
        HASH,
        ("name", "The name of the span, usually that of a function."),
        FILENAME,
        TARGET,
        LINE,
    ],
    example: "SELECT name, event_type, count(*) AS events, max(depth) AS depth\n\
              FROM view_instance('async_events', 'e4f8e7c0-9b52-45fd-9179-2107f787fb35')\n\
              GROUP BY name, event_type\n\
              ORDER BY name, event_type\n\
              LIMIT 6",
};

pub(super) const NET_SPANS: ViewSetDoc = ViewSetDoc {
    name: "net_spans",
    description: "A row per part of what a process sent or received over its connections, from its \
                  streams with the tag `net`: connections, objects in them, properties and calls \
                  in those. Parts of which the end was not recorded are missing.",
    instance: Some("one process"),
    range: "`begin_time <= E` and `end_time >= B`",
    columns: &[
        ("process_id", "The process."),
        ("stream_id", "The stream that it is from."),
        ("span_id", "The part; unique in the stream."),
        ("parent_span_id", "The part around it; -1 for a connection."),
        ("depth", "How many parts are around it: 0 for a connection."),
        ("kind", "`connection`, `object`, `property` or `rpc`."),
        ("name", "What it is called."),
        ("connection_name", "The connection that it belongs to."),
        ("is_outgoing", "Whether the connection sends."),
        (
            "begin_bits",
            "Bits of the part around it that came before it.",
        ),
        ("end_bits", "`begin_bits + bit_size`."),
        (
            "bit_size",
            "How many bits it took, those within it included.",
        ),
        ("begin_time", "When it began."),
        ("end_time", "When it ended; for a property, the same."),
    ],
    example: "SELECT kind, name, bit_size\n\
              FROM view_instance('net_spans', '8452901b-3c9f-4f28-bd50-5e9a198d40c4')\n\
              ORDER BY bit_size DESC",
};
