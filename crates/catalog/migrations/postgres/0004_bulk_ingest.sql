-- What replication uploads: block rows and payloads, apart from each other and in any order.

-- When the lake that a block was copied from had received it; NULL for blocks that
-- their producer sent here. Nothing but a record: visibility follows insert_time.
ALTER TABLE blocks ADD COLUMN source_insert_time BIGINT;

-- Block rows that wait for their payload, since staged_time of the commit clock.
CREATE TABLE bulk_blocks (
    block_id BYTEA NOT NULL PRIMARY KEY,
    stream_id BYTEA NOT NULL,
    process_id BYTEA NOT NULL,
    begin_time BIGINT NOT NULL,
    begin_ticks BIGINT NOT NULL,
    end_time BIGINT NOT NULL,
    end_ticks BIGINT NOT NULL,
    object_offset BIGINT NOT NULL,
    nb_objects BIGINT NOT NULL,
    source_insert_time BIGINT NOT NULL,
    staged_time BIGINT NOT NULL
);

-- Payloads that wait for their block row, since the insert time of their segment, which
-- they refer to like a block.
CREATE TABLE bulk_payloads (
    block_id BYTEA NOT NULL PRIMARY KEY,
    segment_id BIGINT NOT NULL REFERENCES segments (segment_id),
    segment_offset BIGINT NOT NULL,
    payload_bytes BIGINT NOT NULL
);
CREATE INDEX bulk_payloads_by_segment ON bulk_payloads (segment_id);
