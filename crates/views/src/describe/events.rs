//! Views of log entries, measurements and images.

use super::documentation::ViewSetDoc;

const PROCESS_ID: (&str, &str) = ("process_id", "The process that recorded it.");
const STREAM_ID: (&str, &str) = ("stream_id", "The stream of the process that it is from.");
const BLOCK_ID: (&str, &str) = ("block_id", "The block that it arrived in.");
const INSERT_TIME: (&str, &str) = ("insert_time", "When that block was stored.");
const EXE: (&str, &str) = ("exe", "The program: the path or name of its executable.");
const USERNAME: (&str, &str) = ("username", "The user that the process ran as.");
const COMPUTER: (&str, &str) = ("computer", "The host that it ran on.");
const PROCESS_PROPERTIES: (&str, &str) = (
    "process_properties",
    "The properties of the process, as a JSONB object.",
);
const BY_TIME: &str = "`B <= time <= E`";

pub(super) const LOG_ENTRIES: ViewSetDoc = ViewSetDoc {
    name: "log_entries",
    description: "A row per log entry, from streams with the tag `log`.",
    instance: Some("one process; `'global'` is the table itself"),
    range: BY_TIME,
    columns: &[
        PROCESS_ID,
        STREAM_ID,
        BLOCK_ID,
        INSERT_TIME,
        EXE,
        USERNAME,
        COMPUTER,
        ("time", "When the entry was logged."),
        (
            "target",
            "Which part of the program logged it, such as a module or category.",
        ),
        (
            "level",
            "1 fatal, 2 error, 3 warning, 4 info, 5 debug, 6 trace.",
        ),
        ("msg", "The message."),
        (
            "properties",
            "What the entry carries beside its message, as a JSONB object.",
        ),
        PROCESS_PROPERTIES,
    ],
    example: "SELECT target, level, count(*) AS entries, min(msg) AS first\n\
              FROM log_entries\n\
              WHERE level <= 3 AND target LIKE 'ledger::%'\n\
              GROUP BY target, level\n\
              ORDER BY level",
};

pub(super) const MEASURES: ViewSetDoc = ViewSetDoc {
    name: "measures",
    description: "A row per value that a metric had, from streams with the tag `metrics`.",
    instance: Some("one process; `'global'` is the table itself"),
    range: BY_TIME,
    columns: &[
        PROCESS_ID,
        STREAM_ID,
        BLOCK_ID,
        INSERT_TIME,
        EXE,
        USERNAME,
        COMPUTER,
        ("time", "When it was measured."),
        (
            "target",
            "Which part of the program measured it, such as a module or category.",
        ),
        ("name", "The metric."),
        (
            "unit",
            "What the value counts. Values that a program recorded in `ticks` of its clock are shown \
             in `seconds`.",
        ),
        ("value", "The value. Whole numbers are converted."),
        ("properties", "The tags of the value, as a JSONB object."),
        PROCESS_PROPERTIES,
    ],
    example: "SELECT name, unit, count(*) AS points, sum(value) AS total\n\
              FROM measures\n\
              WHERE name LIKE 'ledger_tagged_%'\n\
              GROUP BY name, unit\n\
              ORDER BY name",
};

pub(super) const LOG_STATS: ViewSetDoc = ViewSetDoc {
    name: "log_stats",
    description: "How many log entries there are per minute, process, level and target: a table \
                  of counts that is much smaller than `log_entries`.",
    instance: None,
    range: "`B <= time_bin <= E`, so the minute in which B lies counts only if B is its begin",
    columns: &[
        (
            "time_bin",
            "The begin of the minute in which the entries were logged.",
        ),
        ("process_id", "The process that logged them."),
        ("level", "Their level, as in `log_entries`."),
        ("target", "Their target."),
        ("count", "How many there are."),
    ],
    example: "SELECT level, target, sum(count) AS entries\n\
              FROM log_stats\n\
              WHERE target LIKE 'ledger::%'\n\
              GROUP BY level, target\n\
              ORDER BY level",
};

pub(super) const IMAGES: ViewSetDoc = ViewSetDoc {
    name: "images",
    description: "A row per image that the process recorded, from its streams with the tag \
                  `image`.",
    instance: Some("one process"),
    range: BY_TIME,
    columns: &[
        PROCESS_ID,
        STREAM_ID,
        BLOCK_ID,
        INSERT_TIME,
        EXE,
        USERNAME,
        COMPUTER,
        ("time", "When it was recorded."),
        ("name", "What the program calls it."),
        ("format", "How `data` is encoded, such as `png`."),
        ("payload_size", "Bytes of `data`."),
        ("data", "The encoded image."),
    ],
    example: "SELECT time, name, format, payload_size\n\
              FROM view_instance('images', '8452901b-3c9f-4f28-bd50-5e9a198d40c4')\n\
              ORDER BY time",
};
