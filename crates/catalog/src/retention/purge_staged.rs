//! Giving up on replicated blocks whose other half never came.

use model::InsertTime;

use crate::sql::Statement;
use crate::{Catalog, Result};

const PURGING: &str = "purging staged uploads";

const BLOCKS: &str = "DELETE FROM bulk_blocks WHERE block_id IN (
         SELECT w.block_id FROM bulk_blocks w WHERE w.staged_time < $1 LIMIT $2)";

/// Walks from the staged payloads, which are few, and not from the old segments.
const PAYLOADS: &str = "DELETE FROM bulk_payloads WHERE block_id IN (
         SELECT w.block_id FROM bulk_payloads w CROSS JOIN segments s
         WHERE s.segment_id = w.segment_id AND s.insert_time < $1 LIMIT $2)";

impl Catalog {
    /// Delete block rows and payloads that were staged before `before`, at most `limit`;
    /// how many. No snapshot ever saw them. The segment of a payload goes when it
    /// expires. Uploading the half again stages it again.
    pub async fn purge_staged(&self, before: InsertTime, limit: u32) -> Result<u64> {
        let mut transaction = self.database().begin(PURGING).await?;
        transaction.lock_commits(PURGING).await?;
        let statement = |sql, limit: u64| {
            let limit = i64::try_from(limit).expect("limits have 32 bits");
            Statement::new(sql).bind(before.0).bind(limit)
        };
        let limit = u64::from(limit);
        let blocks = transaction
            .execute(PURGING, statement(BLOCKS, limit))
            .await?;
        let payloads = statement(PAYLOADS, limit - blocks);
        let payloads = transaction.execute(PURGING, payloads).await?;
        transaction.commit(PURGING).await?;
        Ok(blocks + payloads)
    }
}
