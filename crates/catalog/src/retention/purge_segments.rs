//! Forgetting segments.

use model::InsertTime;

use crate::sql::Statement;
use crate::{Catalog, Result};

const PURGING: &str = "purging segments";

impl Catalog {
    /// Forget segments, at most `limit`, that neither a block row nor a staged payload
    /// refers to and whose blocks, archived ones included, all expired in a horizon
    /// committed at or before `by`.
    /// Returns their keys in order: the objects are the caller's to delete. A crash in
    /// between leaves objects that nothing refers to, which the check finds.
    pub async fn purge_segments(&self, by: InsertTime, limit: u32) -> Result<Vec<String>> {
        let mut transaction = self.database().begin(PURGING).await?;
        transaction.lock_commits(PURGING).await?;
        let horizons = transaction.horizons_at(PURGING, by).await?;
        // Blocks are never older than their segment.
        let statement = Statement::new(
            "DELETE FROM segments WHERE segment_id IN (
                 SELECT s.segment_id FROM segments s
                 WHERE s.insert_time < $1
                   AND (s.archived_until IS NULL OR s.archived_until < $1)
                   AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.segment_id = s.segment_id)
                   AND NOT EXISTS (SELECT 1 FROM bulk_payloads w
                                   WHERE w.segment_id = s.segment_id)
                 ORDER BY s.insert_time LIMIT $2)
             RETURNING key",
        );
        let statement = statement
            .bind(horizons.expired_before.0)
            .bind(i64::from(limit));
        let keys: Vec<(String,)> = transaction.fetch_all(PURGING, statement).await?;
        transaction.commit(PURGING).await?;
        let mut keys: Vec<String> = keys.into_iter().map(|(key,)| key).collect();
        keys.sort_unstable();
        Ok(keys)
    }
}
