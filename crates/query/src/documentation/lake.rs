//! Functions that everybody has.

use sql_functions::{FunctionDoc, TableFunctionDoc};

use super::LAKE;

const PROCESS: (&str, &str) = ("process_id", "The id of a process: a literal text.");
const SPAN_TYPES: (&str, &str) = (
    "span_types",
    "`'thread'` for calls on threads, `'async'` for spans that may wait, or `'both'`.",
);

pub(super) const TABLE_FUNCTIONS: [TableFunctionDoc; 6] = [
    TableFunctionDoc {
        name: "view_instance",
        syntax: "view_instance(view_set, instance_id)",
        description: "The rows of one instance of a view set. They are the rows that the global \
            table has of that process, and asking for one process this way is much cheaper than \
            filtering the global table. Spans and images exist only so. The time range of the query \
            applies as in the table.",
        arguments: &[
            ("view_set", "A view set that has instances: a literal text."),
            (
                "instance_id",
                "The id of a process, or of a stream for `thread_spans`, or `'global'`: a literal \
                 text.",
            ),
        ],
        columns: &[],
        example: "SELECT target, count(*) AS entries\n\
            FROM view_instance('log_entries', '8452901b-3c9f-4f28-bd50-5e9a198d40c4')\n\
            WHERE target LIKE 'ledger::%'\n\
            GROUP BY target\n\
            ORDER BY target",
    },
    TableFunctionDoc {
        name: "process_spans",
        syntax: "process_spans(process_id, span_types)",
        description: "The spans of all threads of a process, thread by thread, and those that move \
            between threads, of which begin and end are paired. Of the latter only those appear \
            whose begin and end both lie in the time range. Spans of threads need a time range.",
        arguments: &[PROCESS, SPAN_TYPES],
        columns: &[
            (
                "stream_id",
                "Dictionary(Int16, Utf8)",
                "The stream of the thread; empty for asynchronous spans.",
            ),
            (
                "thread_name",
                "Dictionary(Int16, Utf8)",
                "The name of the thread with its id; `async` for asynchronous spans.",
            ),
            (
                "id",
                "Int64",
                "As in `thread_spans`; of an asynchronous span its `span_id`.",
            ),
            ("parent", "Int64", "The `id` of the span around it."),
            ("depth", "UInt32", "How many spans are around it."),
            ("hash", "UInt32", "Tells places in the code apart."),
            ("begin", "Timestamp(ns, \"+00:00\")", "When it began."),
            ("end", "Timestamp(ns, \"+00:00\")", "When it ended."),
            ("duration", "Int64", "Nanoseconds between the two."),
            ("name", "Dictionary(Int32, Utf8)", "The name of the span."),
            (
                "target",
                "Dictionary(Int32, Utf8)",
                "The part of the program.",
            ),
            ("filename", "Dictionary(Int32, Utf8)", "The source file."),
            ("line", "UInt32", "The line in that file."),
        ],
        example: "SELECT name, count(*) AS calls, count(DISTINCT stream_id) AS threads\n\
            FROM process_spans('8452901b-3c9f-4f28-bd50-5e9a198d40c4', 'thread')\n\
            WHERE name LIKE 'ledger_producer::%'\n\
            GROUP BY name\n\
            ORDER BY calls",
    },
    TableFunctionDoc {
        name: "perfetto_trace_chunks",
        syntax: "perfetto_trace_chunks(process_id, span_types, begin, end)",
        description: "The spans of a process as a Perfetto trace, in pieces: joined in the order of \
            `chunk_id` they are a file that [ui.perfetto.dev](https://ui.perfetto.dev) opens. Pieces \
            come in that order as they are made. A process that has nothing in the range is an error.",
        arguments: &[
            PROCESS,
            SPAN_TYPES,
            (
                "begin",
                "Where the trace begins: a literal timestamp, or a literal text as in RFC 3339. The \
                 time range of the query does not count.",
            ),
            ("end", "Where it ends."),
        ],
        columns: &[
            (
                "chunk_id",
                "Int32",
                "The number of the piece, counted from 0.",
            ),
            ("chunk_data", "Binary", "The bytes of the piece."),
        ],
        example: "SELECT min(chunk_id) AS first, count(*) = max(chunk_id) + 1 AS complete\n\
            FROM perfetto_trace_chunks('8452901b-3c9f-4f28-bd50-5e9a198d40c4', 'thread',\n  \
              '2020-01-01T00:00:00Z', '2030-01-01T00:00:00Z')",
    },
    TableFunctionDoc {
        name: "parse_block",
        syntax: "parse_block(block_id)",
        description: "Whatever is in a block, event by event, for looking at what no view shows. A \
            block that does not exist, that is of a format that is not known, or that can not be \
            decoded, is an error.",
        arguments: &[("block_id", "The id of the block: a literal text.")],
        columns: &[
            (
                "object_index",
                "Int64",
                "The position of the event in its stream; the first one is at the block's \
                 `object_offset`.",
            ),
            (
                "type_name",
                "Utf8",
                "The type of the event, as its program calls it.",
            ),
            (
                "value",
                "Binary",
                "The event as a JSONB object: its type as `__type`, and its members, in which \
                 references are replaced by what they refer to. Of bytes only their number is told.",
            ),
        ],
        example: "SELECT object_index, type_name, jsonb_as_string(jsonb_get(value, 'msg')) AS msg\n\
            FROM parse_block('cb321b24-4f5e-40e2-bbaf-594850d3dc87')\n\
            ORDER BY object_index\n\
            LIMIT 3",
    },
    TableFunctionDoc {
        name: "list_view_sets",
        syntax: "list_view_sets()",
        description: "What can be queried: every view set, those with a global table first.",
        arguments: &[],
        columns: &[
            ("view_set_name", "Utf8", "The view set."),
            (
                "current_schema_hash",
                "Binary",
                "Tells versions of its rows apart; partitions of other versions are not read.",
            ),
            ("schema", "Utf8", "Its columns, for people."),
            (
                "has_view_maker",
                "Boolean",
                "Whether `view_instance` has instances of single processes or streams.",
            ),
            (
                "global_instance_available",
                "Boolean",
                "Whether there is a global table.",
            ),
        ],
        example: "SELECT view_set_name, has_view_maker, global_instance_available\n\
            FROM list_view_sets()\n\
            ORDER BY view_set_name",
    },
    TableFunctionDoc {
        name: "list_partitions",
        syntax: "list_partitions()",
        description: "Every partition that the query may read: files that hold the rows of a view \
            instance for a range of insert times. What no partition covers is answered from blocks.",
        arguments: &[],
        columns: &[
            ("view_set_name", "Utf8", "The view set."),
            (
                "view_instance_id",
                "Utf8",
                "The instance: `global`, or the id of a process or stream.",
            ),
            (
                "begin_insert_time",
                "Timestamp(ns, \"+00:00\")",
                "The first insert time that it covers.",
            ),
            (
                "end_insert_time",
                "Timestamp(ns, \"+00:00\")",
                "The first one after it.",
            ),
            (
                "min_event_time",
                "Timestamp(ns, \"+00:00\")",
                "The earliest time of its rows; null without rows.",
            ),
            (
                "max_event_time",
                "Timestamp(ns, \"+00:00\")",
                "The latest time of its rows; null without rows.",
            ),
            ("updated", "Timestamp(ns, \"+00:00\")", "When it was made."),
            (
                "file_path",
                "Utf8",
                "Its file below the root of the lake; null without rows.",
            ),
            ("file_size", "Int64", "Bytes of the file."),
            (
                "file_schema_hash",
                "Binary",
                "The version of the view that it was made by.",
            ),
            (
                "source_data_hash",
                "Binary",
                "How many blocks or rows it was made from: 8 bytes, the lowest first.",
            ),
            ("num_rows", "Int64", "How many rows it holds."),
            (
                "partition_format_version",
                "Int32",
                "The version of the file's format.",
            ),
            (
                "sort_order",
                "List(non-null Utf8, field: 'tag')",
                "The columns that its rows are sorted by.",
            ),
            (
                "max_sort_key_time",
                "Timestamp(ns, \"+00:00\")",
                "The latest time of the column it is sorted by; null if that is no time.",
            ),
        ],
        example: "SELECT view_set_name, begin_insert_time, end_insert_time, num_rows\n\
            FROM list_partitions()\n\
            WHERE view_set_name = 'log_entries' AND view_instance_id = 'global'",
    },
];

pub(super) const FUNCTIONS: [(&str, FunctionDoc); 1] = [(
    "get_payload",
    FunctionDoc {
        section: LAKE,
        syntax: "get_payload(process_id, stream_id, block_id)",
        description: "What is stored of a block, byte for byte: a CBOR map of two compressed \
            buffers. NULL when an argument is. A block that does not exist, or is not of that process \
            and stream, is an error.",
        arguments: &[
            ("process_id", "The process of the block, a text."),
            ("stream_id", "The stream of the block, a text."),
            ("block_id", "The block, a text."),
        ],
        example: "SELECT payload_size,\n  \
            length(encode(get_payload(process_id, stream_id, block_id), 'hex')) / 2 AS bytes\n\
            FROM blocks\n\
            WHERE block_id = 'cb321b24-4f5e-40e2-bbaf-594850d3dc87'",
    },
)];
