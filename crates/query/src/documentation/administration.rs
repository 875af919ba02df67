//! Functions that only administrators have.

use sql_functions::{FunctionDoc, TableFunctionDoc};

use super::ADMINISTRATION;

const VIEW_SET: (&str, &str) = (
    "view_set",
    "A view set with a global table: a literal text.",
);
const BEGIN: (&str, &str) = (
    "begin",
    "The first insert time: a literal timestamp, or a literal text as in RFC 3339.",
);
const END: (&str, &str) = ("end", "The first insert time behind the range.");
const DELTA: (&str, &str) = (
    "delta_seconds",
    "How much each partition covers: a literal whole number that divides a day, such as 3600.",
);
const PROGRESS: &[(&str, &str, &str)] = &[
    (
        "time",
        "Timestamp(ns, \"+00:00\")",
        "When the step was done.",
    ),
    ("msg", "Utf8", "What was done."),
];

pub(super) const TABLE_FUNCTIONS: [TableFunctionDoc; 5] = [
    TableFunctionDoc {
        name: "materialize_partitions",
        syntax: "materialize_partitions(view_set, begin, end, delta_seconds)",
        description: "Makes what partitions of a global view are missing within the range, and \
            merges those that there are, slot by slot. Slots that are not over are skipped. A slot \
            that fails is reported, and the others go on.",
        arguments: &[VIEW_SET, BEGIN, END, DELTA],
        columns: PROGRESS,
        example: "SELECT regexp_replace(msg, '[0-9]+ bytes', 'N bytes') AS msg\n\
            FROM materialize_partitions('measures', '2026-11-22T00:00:00Z', \
            '2026-11-22T01:00:00Z', 3600)\n\
            ORDER BY msg DESC",
    },
    TableFunctionDoc {
        name: "regenerate_partitions",
        syntax: "regenerate_partitions(view_set, begin, end, delta_seconds)",
        description: "Makes the partitions of a global view within the range again from their \
            source, whatever they hold, and replaces those that there are. `end - begin` must be a \
            multiple of the delta, and every partition that touches a slot must lie within it; \
            otherwise the query fails.",
        arguments: &[VIEW_SET, BEGIN, END, DELTA],
        columns: PROGRESS,
        example: "SELECT regexp_replace(msg, '[0-9]+ bytes', 'N bytes') AS msg\n\
            FROM regenerate_partitions('measures', '2026-11-22T00:00:00Z', \
            '2026-11-22T01:00:00Z', 3600)\n\
            ORDER BY msg DESC",
    },
    TableFunctionDoc {
        name: "retire_partitions",
        syntax: "retire_partitions(view_set, instance_id, begin, end)",
        description: "Lets the partitions go whose range lies within `[begin, end)`, whatever \
            version of the view made them; when both are equal, those whose range is exactly that. \
            Their rows come from blocks again, so no answer changes. Partitions that \
            are all that is left of archived blocks are kept.",
        arguments: &[
            (
                "view_set",
                "The view set, which need not exist any more: a literal text.",
            ),
            (
                "instance_id",
                "`'global'`, or the id of a process or stream: a literal text.",
            ),
            BEGIN,
            END,
        ],
        columns: PROGRESS,
        example: "SELECT msg\n\
            FROM retire_partitions('measures', 'global', '2026-11-22', '2026-11-23')",
    },
    TableFunctionDoc {
        name: "deny_queries",
        syntax: "deny_queries(match_expr, reason)",
        description: "Refuses queries from now on: those for which the expression is true. It may \
            name the columns `user_id`, `email`, `service_account`, `client`, `agent`, `entrypoint`, \
            `session`, `notebook`, `cell`, `client_ip`, `sql` and `sql_hash`, all of them texts that \
            may be null. Other servers of the lake follow within seconds. Statements of \
            administrators that name a function of the deny list are never refused.",
        arguments: &[
            ("match_expr", "A Boolean SQL expression: a literal text."),
            ("reason", "What refused callers are told: a literal text."),
        ],
        columns: &[
            (
                "time",
                "Timestamp(ns, \"+00:00\")",
                "When the rule was recorded.",
            ),
            ("msg", "Utf8", "The id of the rule."),
        ],
        example: "SELECT count(*) AS rules\n\
            FROM deny_queries('client = ''grafana'' AND sql NOT LIKE ''%LIMIT%''', 'set a limit')",
    },
    TableFunctionDoc {
        name: "list_query_denials",
        syntax: "list_query_denials()",
        description: "The rules of the deny list.",
        arguments: &[],
        columns: &[
            ("rule_id", "Utf8", "The rule."),
            (
                "created_at",
                "Timestamp(ns, \"+00:00\")",
                "When it was recorded.",
            ),
            ("created_by", "Utf8", "The administrator who recorded it."),
            ("reason", "Utf8", "What refused callers are told."),
            ("match_expr", "Utf8", "Which queries it refuses."),
            (
                "last_hit_at",
                "Timestamp(ns, \"+00:00\")",
                "When it refused a query last; null if it never did.",
            ),
        ],
        example: "SELECT created_by, match_expr, reason, last_hit_at\n\
            FROM list_query_denials()",
    },
];

pub(super) const FUNCTIONS: [(&str, FunctionDoc); 3] = [
    (
        "retire_partition_by_metadata",
        FunctionDoc {
            section: ADMINISTRATION,
            syntax: "retire_partition_by_metadata(view_set, instance_id, begin, end[, schema_hash])",
            description: "Lets the partition with exactly this range of insert times go. Text that begins \
            with `SUCCESS:` or `ERROR:`; of the rows of one batch, all partitions go or none.",
            arguments: &[
                ("view_set", "The view set, a text."),
                (
                    "instance_id",
                    "`'global'`, or the id of a process or stream, a text.",
                ),
                ("begin", "Where the range begins, a timestamp."),
                ("end", "Where it ends."),
                (
                    "schema_hash",
                    "The version of the view that made it, as bytes; needed where there are several.",
                ),
            ],
            example: "SELECT retire_partition_by_metadata('log_entries', 'global',\n  \
              TIMESTAMP '2026-11-22T00:00:00Z', TIMESTAMP '2026-11-22T01:00:00Z') AS answer",
        },
    ),
    (
        "retire_partition_by_file",
        FunctionDoc {
            section: ADMINISTRATION,
            syntax: "retire_partition_by_file(path)",
            description: "Lets the partition with this file go. Text that begins with `SUCCESS:` or \
            `ERROR:`; of the rows of one batch, all partitions go or none.",
            arguments: &[("path", "The file, as `list_partitions` shows it.")],
            example: "SELECT split_part(retire_partition_by_file(file_path), ':', 1) AS answer\n\
            FROM list_partitions()\n\
            WHERE view_set_name = 'blocks'",
        },
    ),
    (
        "remove_query_denial",
        FunctionDoc {
            section: ADMINISTRATION,
            syntax: "remove_query_denial(rule_id)",
            description: "Lifts a rule of the deny list. Text that begins with `SUCCESS:` or `ERROR:`.",
            arguments: &[("rule_id", "The id of the rule, a text.")],
            example: "SELECT split_part(remove_query_denial(rule_id), ':', 1) AS answer\n\
            FROM list_query_denials()",
        },
    ),
];
