//! The statements that make blocks of halves, for any number of rows.

use crate::event_time::event_times;
use crate::sql::values_rows;

/// Of a block row, in the order of its columns.
pub(crate) const BLOCK_PARAMETERS: usize = 10;
/// Of a payload: block, offset, length.
pub(crate) const PAYLOAD_PARAMETERS: usize = 3;

const BLOCK_COLUMNS: &str = "block_id, stream_id, process_id, begin_time, begin_ticks, end_time, \
                             end_ticks, object_offset, nb_objects, source_insert_time";

/// Pairs of a row `row` and a payload `payload` become blocks, as in a group commit.
fn insert_pairs(row: &str, payload: &str, segment_id: &str) -> String {
    let columns: Vec<String> = BLOCK_COLUMNS
        .split(", ")
        .map(|column| format!("{row}.{column}"))
        .collect();
    let columns = columns.join(", ");
    let (event_begin, event_end) = event_times(row);
    format!(
        "INSERT INTO blocks ({BLOCK_COLUMNS}, segment_id, segment_offset, payload_bytes,
             event_begin, event_end, insert_time)
         SELECT {columns}, {segment_id}, {payload}.segment_offset, {payload}.payload_bytes,
             {event_begin}, {event_end},
             CASE WHEN s.stream_id IS NOT NULL AND p.process_id IS NOT NULL THEN $1 END
         FROM {row} JOIN {payload} ON {payload}.block_id = {row}.block_id
         LEFT JOIN streams s ON s.stream_id = {row}.stream_id
         LEFT JOIN processes p ON p.process_id = {row}.process_id
         WHERE 1 = 1
         ON CONFLICT (block_id) DO NOTHING"
    )
}

/// Parameters: insert time, rows. Those whose payload waits become blocks.
pub(crate) fn complete_blocks_text(rows: usize) -> String {
    let rows = values_rows(rows, BLOCK_PARAMETERS, 1);
    let insert = insert_pairs("new", "bulk_payloads", "bulk_payloads.segment_id");
    format!("WITH new ({BLOCK_COLUMNS}) AS (VALUES {rows}) {insert}")
}

/// Parameters: insert time, rows. Those that are no blocks wait.
pub(crate) fn stage_blocks_text(rows: usize) -> String {
    let rows = values_rows(rows, BLOCK_PARAMETERS, 1);
    format!(
        "WITH new ({BLOCK_COLUMNS}) AS (VALUES {rows})
         INSERT INTO bulk_blocks ({BLOCK_COLUMNS}, staged_time)
         SELECT {BLOCK_COLUMNS}, $1 FROM new
         WHERE NOT EXISTS (SELECT 1 FROM blocks b WHERE b.block_id = new.block_id)
         ON CONFLICT (block_id) DO NOTHING"
    )
}

/// Parameters: insert time, segment, payloads. Those whose row waits complete it.
pub(crate) fn complete_payloads_text(rows: usize) -> String {
    let rows = values_rows(rows, PAYLOAD_PARAMETERS, 2);
    let insert = insert_pairs("bulk_blocks", "new", "$2");
    format!("WITH new (block_id, segment_offset, payload_bytes) AS (VALUES {rows}) {insert}")
}

/// Parameters: segment, payloads. Those that are no blocks wait.
pub(crate) fn stage_payloads_text(rows: usize) -> String {
    let rows = values_rows(rows, PAYLOAD_PARAMETERS, 1);
    format!(
        "WITH new (block_id, segment_offset, payload_bytes) AS (VALUES {rows})
         INSERT INTO bulk_payloads (block_id, segment_id, segment_offset, payload_bytes)
         SELECT new.block_id, $1, new.segment_offset, new.payload_bytes FROM new
         WHERE NOT EXISTS (SELECT 1 FROM blocks b WHERE b.block_id = new.block_id)
         ON CONFLICT (block_id) DO NOTHING"
    )
}
