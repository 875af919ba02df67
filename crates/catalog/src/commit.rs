//! The group commit: one transaction for many blocks.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use model::InsertTime;
use sqlx::{AssertSqlSafe, SqlSafeStr};

use crate::database::WriteTransaction;
use crate::event_time::event_times;
use crate::sql::{Statement, Value, values_rows};
use crate::text::without_nul;
use crate::{Catalog, CommittedGroup, Error, NewBlock, NewSegment, Result};

const COMMITTING: &str = "committing blocks";
/// Blocks per statement, a power of two. More blocks save round trips to PostgreSQL.
/// SQLite has no round trips, and finds each parameter by walking through all of them.
const POSTGRES_CHUNK: usize = 256;
const SQLITE_CHUNK: usize = 16;
const BLOCK_PARAMETERS: usize = 11;
const SHARED_PARAMETERS: usize = 2;

impl Catalog {
    /// One transaction: take the next insert time, record the segment and its blocks.
    ///
    /// Blocks that are already known, also twice inside the group, are left as they
    /// are; when none is new nothing is written, neither segment nor clock. Repeating
    /// the call, for example after an error that left the outcome unknown, is safe.
    pub async fn commit_blocks(
        &self,
        segment: &NewSegment,
        blocks: &[NewBlock],
    ) -> Result<CommittedGroup> {
        let segment_bytes = check_ranges(segment, blocks)?;
        if blocks.is_empty() {
            return self.nothing_new().await;
        }
        let mut transaction = self.database().begin(COMMITTING).await?;
        let insert_time = self.tick(&mut transaction).await?;
        let (segment_id,): (i64,) = transaction
            .fetch_one(
                COMMITTING,
                insert_segment(segment, segment_bytes, insert_time),
            )
            .await?;
        let mut new_blocks = 0;
        for chunk in blocks.chunks(transaction.chunk()) {
            let statement = insert_chunk(segment_id, insert_time, chunk);
            new_blocks += transaction.execute(COMMITTING, statement).await?;
        }
        if new_blocks == 0 {
            transaction.rollback(COMMITTING).await?;
            return self.nothing_new().await;
        }
        transaction.commit(COMMITTING).await?;
        Ok(CommittedGroup {
            insert_time,
            new_blocks: usize::try_from(new_blocks).expect("no more rows than blocks"),
        })
    }

    async fn nothing_new(&self) -> Result<CommittedGroup> {
        Ok(CommittedGroup {
            insert_time: self.snapshot().await?,
            new_blocks: 0,
        })
    }
}

/// Returns the length of the segment as the database stores it.
fn check_ranges(segment: &NewSegment, blocks: &[NewBlock]) -> Result<i64> {
    let bytes = i64::try_from(segment.bytes).unwrap_or(i64::MAX);
    for block in blocks {
        let Range { start, end } = block.range;
        if start > end || end > bytes.unsigned_abs() {
            return Err(Error::BlockOutsideSegment {
                block_id: block.info.block_id,
            });
        }
    }
    Ok(bytes)
}

/// A repeated commit finds its segment recorded; the update returns the number then.
pub(crate) fn insert_segment(segment: &NewSegment, bytes: i64, time: InsertTime) -> Statement {
    Statement::new(
        "INSERT INTO segments (key, bytes, insert_time) VALUES ($1, $2, $3)
         ON CONFLICT (key) DO UPDATE SET bytes = segments.bytes
         RETURNING segment_id",
    )
    .bind(without_nul(&segment.key).into_owned())
    .bind(bytes)
    .bind(time.0)
}

impl WriteTransaction {
    /// Blocks of one statement.
    pub(crate) fn chunk(&self) -> usize {
        match self {
            Self::Sqlite(_) => SQLITE_CHUNK,
            Self::Postgres(_) => POSTGRES_CHUNK,
        }
    }
}

/// Rounded up to a power of two by repeating the last block, which changes nothing.
fn insert_chunk(segment_id: i64, insert_time: InsertTime, chunk: &[NewBlock]) -> Statement {
    let rows = chunk.len().next_power_of_two();
    let mut values = Vec::with_capacity(SHARED_PARAMETERS + rows * BLOCK_PARAMETERS);
    values.extend([Value::Int(segment_id), Value::Int(insert_time.0)]);
    let padding = chunk.last().into_iter().cycle();
    for block in chunk.iter().chain(padding).take(rows) {
        values.extend(block_values(block));
    }
    let text = Arc::clone(&INSERT_TEXTS[rows.trailing_zeros() as usize]);
    Statement::of(AssertSqlSafe(text).into_sql_str(), values)
}

fn block_values(block: &NewBlock) -> [Value; BLOCK_PARAMETERS] {
    let info = &block.info;
    let signed = |bytes| Value::Int(i64::try_from(bytes).expect("ranges were checked"));
    [
        Value::from(info.block_id.as_bytes()),
        Value::from(info.stream_id.as_bytes()),
        Value::from(info.process_id.as_bytes()),
        Value::Int(info.begin_time),
        Value::Int(info.begin_ticks),
        Value::Int(info.end_time),
        Value::Int(info.end_ticks),
        Value::Int(info.object_offset),
        Value::Int(info.nb_objects.into()),
        signed(block.range.start),
        signed(block.range.end - block.range.start),
    ]
}

/// The statements for 1, 2, 4, … rows.
static INSERT_TEXTS: LazyLock<Vec<Arc<str>>> = LazyLock::new(|| {
    (0..=POSTGRES_CHUNK.trailing_zeros())
        .map(|power| insert_text(1 << power).into())
        .collect()
});

/// A block gets the time of this commit when both its owners are registered, and
/// none otherwise. `WHERE 1 = 1` tells SQLite that `ON` belongs to the insert.
fn insert_text(rows: usize) -> String {
    let rows = values_rows(rows, BLOCK_PARAMETERS, SHARED_PARAMETERS);
    let (event_begin, event_end) = event_times("new");
    format!(
        "WITH new (block_id, stream_id, process_id, begin_time, begin_ticks, end_time, end_ticks,
             object_offset, nb_objects, segment_offset, payload_bytes) AS (VALUES {rows})
         INSERT INTO blocks (block_id, stream_id, process_id, begin_time, begin_ticks, end_time,
             end_ticks, object_offset, nb_objects, segment_offset, payload_bytes, segment_id,
             event_begin, event_end, insert_time)
         SELECT new.block_id, new.stream_id, new.process_id, new.begin_time, new.begin_ticks,
             new.end_time, new.end_ticks, new.object_offset, new.nb_objects, new.segment_offset,
             new.payload_bytes, $1, {event_begin}, {event_end},
             CASE WHEN s.stream_id IS NOT NULL AND p.process_id IS NOT NULL THEN $2 END
         FROM new
         LEFT JOIN streams s ON s.stream_id = new.stream_id
         LEFT JOIN processes p ON p.process_id = new.process_id
         WHERE 1 = 1
         ON CONFLICT (block_id) DO NOTHING"
    )
}
