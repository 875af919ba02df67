//! Views of who sent what.

use super::documentation::ViewSetDoc;

pub(super) const PROCESSES: ViewSetDoc = ViewSetDoc {
    name: "processes",
    description: "A row per process of which at least one block has arrived.",
    instance: None,
    range: "`insert_time <= E`, and at least one block that arrived at B or later; the `last_…` \
            columns then speak of those blocks",
    columns: &[
        ("process_id", "The process: one run of a program."),
        ("exe", "The program: the path or name of its executable."),
        ("username", "The user that it ran as."),
        ("realname", "The full name of that user."),
        ("computer", "The host that it ran on."),
        ("distro", "The operating system of the host."),
        ("cpu_brand", "The processor of the host."),
        (
            "tsc_frequency",
            "Ticks per second of the clock that its events have; 0 is unknown.",
        ),
        ("start_time", "When it started."),
        ("start_ticks", "What its clock showed at that time."),
        ("insert_time", "When it was registered in the lake."),
        (
            "parent_process_id",
            "The process that started it; empty if there is none.",
        ),
        (
            "properties",
            "What else it told of itself, as a JSONB object.",
        ),
        (
            "last_update_time",
            "When the last of its blocks was stored.",
        ),
        (
            "last_block_end_ticks",
            "The largest `end_ticks` of its blocks.",
        ),
        (
            "last_block_end_time",
            "The latest `end_time` of its blocks.",
        ),
    ],
    example: "SELECT process_id, exe, computer, start_time\n\
              FROM processes\n\
              ORDER BY start_time DESC\n\
              LIMIT 10",
};

pub(super) const STREAMS: ViewSetDoc = ViewSetDoc {
    name: "streams",
    description: "A row per stream of which at least one block has arrived. A stream is a sequence \
                  of blocks of one process, such as its log or the spans of one of its threads.",
    instance: None,
    range: "`insert_time <= E`, and at least one block that arrived at B or later",
    columns: &[
        ("stream_id", "The stream."),
        ("process_id", "The process that sends it."),
        (
            "dependencies_metadata",
            "The types of what events refer to, as CBOR.",
        ),
        ("objects_metadata", "The types of the events, as CBOR."),
        (
            "tags",
            "What the stream holds: `log`, `metrics`, `cpu` (spans of a thread), `net`, `image`.",
        ),
        (
            "properties",
            "What the stream told of itself, such as the name of its thread, as a JSONB object.",
        ),
        ("insert_time", "When it was registered in the lake."),
        ("format", "How payloads are encoded: `micromegas-transit`."),
        (
            "last_update_time",
            "When the last of its blocks was stored.",
        ),
    ],
    example: "SELECT stream_id, property_get(properties, 'thread-name') AS thread\n\
              FROM streams\n\
              WHERE array_has(tags, 'cpu')\n  \
              AND process_id = '8452901b-3c9f-4f28-bd50-5e9a198d40c4'\n\
              ORDER BY thread",
};

pub(super) const BLOCKS: ViewSetDoc = ViewSetDoc {
    name: "blocks",
    description: "A row per block: a buffer of events as it was sent. Columns of its stream and of \
                  its process stand beside it; their names hold dots and need double quotes, as in \
                  `\"streams.tags\"`.",
    instance: None,
    range: "`begin_time <= E` and `insert_time >= B`",
    columns: &[
        ("block_id", "The block."),
        ("stream_id", "The stream that it is a part of."),
        ("process_id", "The process that sent it."),
        ("begin_time", "When the program began to fill it."),
        (
            "begin_ticks",
            "The same on the clock of the process, counted from its start.",
        ),
        ("end_time", "When the program stopped to fill it."),
        (
            "end_ticks",
            "The same on the clock of the process, counted from its start.",
        ),
        ("nb_objects", "How many events it holds."),
        (
            "object_offset",
            "How many events of the stream come before it.",
        ),
        ("payload_size", "Bytes of its payload, as stored."),
        (
            "insert_time",
            "When it was stored. Blocks that were stored together have the same.",
        ),
        ("streams.dependencies_metadata", "As in `streams`."),
        ("streams.objects_metadata", "As in `streams`."),
        ("streams.tags", "As in `streams`."),
        ("streams.properties", "As in `streams`."),
        ("streams.insert_time", "As in `streams`."),
        ("streams.format", "As in `streams`."),
        ("processes.start_time", "As in `processes`."),
        ("processes.start_ticks", "As in `processes`."),
        ("processes.tsc_frequency", "As in `processes`."),
        ("processes.exe", "As in `processes`."),
        ("processes.username", "As in `processes`."),
        ("processes.realname", "As in `processes`."),
        ("processes.computer", "As in `processes`."),
        ("processes.distro", "As in `processes`."),
        ("processes.cpu_brand", "As in `processes`."),
        ("processes.insert_time", "As in `processes`."),
        ("processes.parent_process_id", "As in `processes`."),
        ("processes.properties", "As in `processes`."),
        (
            "source_insert_time",
            "When the block was stored in the lake that it was copied from; null if it was not \
             copied.",
        ),
    ],
    example: "SELECT \"streams.tags\" AS tags, count(*) AS blocks, sum(nb_objects) AS events\n\
              FROM blocks\n\
              GROUP BY tags\n\
              ORDER BY events",
};
