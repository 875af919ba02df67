//! Deleting block rows.

use model::InsertTime;
use sqlx::{AssertSqlSafe, SqlSafeStr};

use crate::database::WriteTransaction;
use crate::snapshot::Horizons;
use crate::sql::Statement;
use crate::{Catalog, Result};

const PURGING: &str = "purging blocks";

/// The visible blocks that go next, oldest first. Every statement of the transaction
/// that repeats it finds the same rows: the lock of the commit clock keeps others out.
const DOOMED: &str = "(SELECT b.block_id, b.segment_id, b.stream_id, b.process_id, b.insert_time,
         b.segment_offset + b.payload_bytes AS end_offset
     FROM blocks b WHERE b.insert_time < $1 ORDER BY b.insert_time, b.block_id LIMIT $2) doomed";

impl Catalog {
    /// Delete rows of blocks that had expired, or been archived, in a horizon committed at
    /// or before `by`, at most `limit`; how many. Rows that never were visible expire
    /// with the insert time of their segment. Commits wait meanwhile, so a limit of some
    /// thousand suits them.
    ///
    /// What belongs to archived rows is remembered: their segment and their owners stay
    /// until they expire. A block that its producer sends again later is a new one.
    pub async fn purge_blocks(&self, by: InsertTime, limit: u32) -> Result<u64> {
        let mut transaction = self.database().begin(PURGING).await?;
        transaction.lock_commits(PURGING).await?;
        let horizons = transaction.horizons_at(PURGING, by).await?;
        let visible = purge_visible(&mut transaction, horizons, limit).await?;
        let left = limit - u32::try_from(visible).expect("no more rows than the limit");
        let invisible = purge_invisible(&mut transaction, horizons, left).await?;
        transaction.commit(PURGING).await?;
        Ok(visible + invisible)
    }
}

async fn purge_visible(
    transaction: &mut WriteTransaction,
    horizons: Horizons,
    limit: u32,
) -> Result<u64> {
    let before = horizons.expired_before.max(horizons.archived_before);
    let over_doomed = |sql: String| {
        let statement = Statement::of(AssertSqlSafe(sql).into_sql_str(), Vec::new());
        statement.bind(before.0).bind(i64::from(limit))
    };
    if horizons.archived_before > horizons.expired_before {
        let remember = over_doomed(remember_in_segments()).bind(horizons.expired_before.0);
        transaction.execute(PURGING, remember).await?;
        for (table, id) in [("streams", "stream_id"), ("processes", "process_id")] {
            let remember = over_doomed(remember_in_owners(table, id))
                .bind(horizons.expired_before.0)
                .bind(horizons.archived_before.0);
            transaction.execute(PURGING, remember).await?;
        }
    }
    let delete = over_doomed(format!(
        "DELETE FROM blocks WHERE block_id IN (SELECT doomed.block_id FROM {DOOMED})"
    ));
    transaction.execute(PURGING, delete).await
}

/// $3 is the expiry horizon: nothing belongs to what has expired.
fn remember_in_segments() -> String {
    format!(
        "UPDATE segments
         SET archived_blocks = segments.archived_blocks + gone.block_count,
             archived_end = CASE WHEN segments.archived_end > gone.end_offset
                 THEN segments.archived_end ELSE gone.end_offset END,
             archived_until = CASE WHEN segments.archived_until > gone.last_time
                 THEN segments.archived_until ELSE gone.last_time END
         FROM (SELECT doomed.segment_id, COUNT(*) AS block_count,
                   MAX(doomed.end_offset) AS end_offset, MAX(doomed.insert_time) AS last_time
               FROM {DOOMED} WHERE doomed.insert_time >= $3
               GROUP BY doomed.segment_id) gone
         WHERE segments.segment_id = gone.segment_id"
    )
}

/// $4 is the archive horizon. The next calls with the same one find it there already.
fn remember_in_owners(table: &'static str, id: &'static str) -> String {
    format!(
        "UPDATE {table} SET archived_before = $4
         WHERE (archived_before IS NULL OR archived_before < $4)
           AND {id} IN (SELECT doomed.{id} FROM {DOOMED} WHERE doomed.insert_time >= $3)"
    )
}

/// Walks from the old segments, because any number of new blocks may be waiting.
async fn purge_invisible(
    transaction: &mut WriteTransaction,
    horizons: Horizons,
    limit: u32,
) -> Result<u64> {
    let statement = Statement::new(
        "DELETE FROM blocks WHERE block_id IN (
             SELECT b.block_id FROM segments s CROSS JOIN blocks b
             WHERE s.insert_time < $1 AND b.segment_id = s.segment_id AND b.insert_time IS NULL
             LIMIT $2)",
    );
    let statement = statement
        .bind(horizons.expired_before.0)
        .bind(i64::from(limit));
    transaction.execute(PURGING, statement).await
}
