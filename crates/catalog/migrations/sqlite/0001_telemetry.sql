-- The same tables, columns and numbers as migrations/postgres.
-- Times are nanoseconds since the Unix epoch; identifiers are 16 bytes.

-- One row: the last insert time handed out. Updating it serialises the commits.
CREATE TABLE commit_clock (
    singleton BIGINT NOT NULL PRIMARY KEY CHECK (singleton = 1),
    last_time BIGINT NOT NULL
);
INSERT INTO commit_clock (singleton, last_time) VALUES (1, 0);

CREATE TABLE processes (
    process_id BLOB NOT NULL PRIMARY KEY,
    exe TEXT NOT NULL,
    username TEXT NOT NULL,
    realname TEXT NOT NULL,
    computer TEXT NOT NULL,
    distro TEXT NOT NULL,
    cpu_brand TEXT NOT NULL,
    tsc_frequency BIGINT NOT NULL,
    start_time BIGINT NOT NULL,
    start_ticks BIGINT NOT NULL,
    parent_process_id BLOB,
    properties TEXT NOT NULL,
    insert_time BIGINT NOT NULL
);

CREATE TABLE streams (
    stream_id BLOB NOT NULL PRIMARY KEY,
    process_id BLOB NOT NULL,
    tags TEXT NOT NULL,
    properties TEXT NOT NULL,
    format TEXT NOT NULL,
    insert_time BIGINT NOT NULL,
    dependencies_metadata BLOB NOT NULL,
    objects_metadata BLOB NOT NULL
);
CREATE INDEX streams_by_process ON streams (process_id);

-- The tags of streams once more, cut to a length that can be indexed.
CREATE TABLE stream_tags (
    stream_id BLOB NOT NULL REFERENCES streams (stream_id),
    tag TEXT NOT NULL,
    PRIMARY KEY (stream_id, tag)
) WITHOUT ROWID;

CREATE TABLE segments (
    segment_id INTEGER NOT NULL PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    bytes BIGINT NOT NULL,
    insert_time BIGINT NOT NULL
);

-- insert_time is NULL, and the block invisible, until its process and its stream
-- are registered. event_begin and event_end are the times between which its events
-- lie, final from that moment on; as floating-point numbers, because ticks can
-- convert to times that no integer holds.
CREATE TABLE blocks (
    block_id BLOB NOT NULL UNIQUE,
    stream_id BLOB NOT NULL,
    process_id BLOB NOT NULL,
    begin_time BIGINT NOT NULL,
    begin_ticks BIGINT NOT NULL,
    end_time BIGINT NOT NULL,
    end_ticks BIGINT NOT NULL,
    object_offset BIGINT NOT NULL,
    nb_objects BIGINT NOT NULL,
    segment_id BIGINT NOT NULL REFERENCES segments (segment_id),
    segment_offset BIGINT NOT NULL,
    payload_bytes BIGINT NOT NULL,
    event_begin DOUBLE PRECISION NOT NULL,
    event_end DOUBLE PRECISION NOT NULL,
    insert_time BIGINT
);
CREATE INDEX blocks_by_insert_time ON blocks (insert_time, block_id);
CREATE INDEX blocks_by_process ON blocks (process_id, insert_time, block_id);
CREATE INDEX blocks_by_stream ON blocks (stream_id, insert_time, block_id);
CREATE INDEX blocks_by_event_end ON blocks (event_end, insert_time);
CREATE INDEX blocks_by_segment ON blocks (segment_id);

CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    expires BIGINT NOT NULL
);
