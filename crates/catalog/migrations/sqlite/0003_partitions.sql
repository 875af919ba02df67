-- The same tables, columns and numbers as migrations/postgres.

-- Immutable files with the rows of one view instance for a half-open range of insert
-- times. A snapshot at T sees those with added <= T and no retired time up to T. Ids
-- are never used again: a replacement names what it replaces by id.
CREATE TABLE partitions (
    partition_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    view_set TEXT NOT NULL,
    view_instance TEXT NOT NULL,
    schema_hash BLOB NOT NULL,
    insert_begin BIGINT NOT NULL,
    insert_end BIGINT NOT NULL,
    -- The real minimum and maximum of the rows' event times.
    event_begin BIGINT,
    event_end BIGINT,
    row_count BIGINT NOT NULL,
    file_key TEXT UNIQUE,
    file_bytes BIGINT,
    source_count BIGINT NOT NULL,
    -- JSON array of column names.
    sort_order TEXT NOT NULL,
    -- Wall clock of the writer.
    updated BIGINT NOT NULL,
    added BIGINT NOT NULL,
    retired BIGINT,
    CHECK (insert_begin < insert_end AND insert_end <= added),
    CHECK (event_begin <= event_end),
    CHECK ((row_count = 0) = (file_key IS NULL) AND (row_count = 0) = (file_bytes IS NULL)
        AND (row_count = 0) = (event_begin IS NULL) AND (row_count = 0) = (event_end IS NULL))
);
CREATE INDEX partitions_by_view
    ON partitions (view_set, view_instance, insert_begin, partition_id);
-- Commits look here for what overlaps. That nothing does is checked by the commit;
-- these two refuse the plainest cases.
CREATE UNIQUE INDEX active_partitions_by_end
    ON partitions (view_set, view_instance, insert_end, schema_hash) WHERE retired IS NULL;
CREATE UNIQUE INDEX active_partitions_by_begin
    ON partitions (view_set, view_instance, insert_begin, schema_hash) WHERE retired IS NULL;
CREATE INDEX partitions_to_expire ON partitions (insert_end) WHERE retired IS NULL;
CREATE INDEX partitions_by_retirement
    ON partitions (retired, partition_id) WHERE retired IS NOT NULL;

-- From snapshot `committed` on, nothing inserted before expired_before is seen, and
-- partitions stand for the block rows inserted before archived_before. A row for every
-- change, so that old snapshots keep what they saw; both values only grow.
CREATE TABLE horizons (
    committed BIGINT NOT NULL PRIMARY KEY,
    expired_before BIGINT NOT NULL,
    archived_before BIGINT NOT NULL
);

-- Block rows that partitions stand for are deleted while their bytes are still needed.
-- A segment keeps how many they were, the largest end offset and the latest insert time.
ALTER TABLE segments ADD COLUMN archived_blocks BIGINT NOT NULL DEFAULT 0;
ALTER TABLE segments ADD COLUMN archived_end BIGINT NOT NULL DEFAULT 0;
ALTER TABLE segments ADD COLUMN archived_until BIGINT;
-- An owner keeps the horizon that its archived blocks were inserted before, which
-- changes far less often than their latest insert time.
ALTER TABLE streams ADD COLUMN archived_before BIGINT;
ALTER TABLE processes ADD COLUMN archived_before BIGINT;

CREATE INDEX segments_by_insert_time ON segments (insert_time);
CREATE INDEX streams_by_insert_time ON streams (insert_time);
CREATE INDEX processes_by_insert_time ON processes (insert_time);
