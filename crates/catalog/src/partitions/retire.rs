//! The end of a partition: retired, so that later snapshots do not see it, then
//! forgotten, once no query can still read its file.

use model::InsertTime;

use super::record::{PartitionId, RetiredPartition};
use super::row::RetiredRow;
use crate::database::WriteTransaction;
use crate::sql::{Builder, Statement};
use crate::{Catalog, Error, Result};

const RETIRING: &str = "retiring partitions";
const FORGETTING: &str = "forgetting partitions";
/// The view whose partitions archived blocks are in.
pub(super) const BLOCKS_VIEW: &str = "blocks";
/// Identifiers per statement.
const CHUNK: usize = 256;

impl Catalog {
    /// Retire partitions without replacement, in one transaction at one time; how many
    /// were active. The others are passed over.
    ///
    /// # Errors
    /// [`Error::HoldsArchivedBlocks`], and none is retired, when one of them has the only
    /// rows of some blocks.
    pub async fn retire_partitions(&self, ids: &[PartitionId]) -> Result<u64> {
        let mut transaction = self.database().begin(RETIRING).await?;
        let time = self.tick(&mut transaction).await?;
        if hold_archived_blocks(&mut transaction, ids, time).await? {
            transaction.rollback(RETIRING).await?;
            return Err(Error::HoldsArchivedBlocks);
        }
        let retired = retire(&mut transaction, RETIRING, ids, time).await?;
        if retired == 0 {
            transaction.rollback(RETIRING).await?;
        } else {
            transaction.commit(RETIRING).await?;
        }
        Ok(retired)
    }

    /// Partitions retired at or before `retired_by`, oldest first, at most `limit`. Their
    /// files may be deleted when no query runs at a snapshot before `retired_by`; after
    /// that, [`Catalog::forget_partitions`] takes them off this list.
    pub async fn retired_partitions(
        &self,
        retired_by: InsertTime,
        limit: u32,
    ) -> Result<Vec<RetiredPartition>> {
        let statement = Statement::new(
            "SELECT partition_id, file_key, file_bytes FROM partitions
             WHERE retired IS NOT NULL AND retired <= $1
             ORDER BY retired, partition_id LIMIT $2",
        );
        let statement = statement.bind(retired_by.0).bind(i64::from(limit));
        let rows: Vec<RetiredRow> = self
            .database()
            .fetch_all("listing retired partitions", statement)
            .await?;
        rows.into_iter().map(RetiredPartition::try_from).collect()
    }

    /// Forget partitions whose files are deleted; how many there were. Active ones are
    /// passed over.
    pub async fn forget_partitions(&self, ids: &[PartitionId]) -> Result<u64> {
        let mut transaction = self.database().begin(FORGETTING).await?;
        transaction.lock_commits(FORGETTING).await?;
        let mut forgotten = 0;
        for chunk in ids.chunks(CHUNK) {
            let mut sql = Builder::new("DELETE FROM partitions WHERE retired IS NOT NULL");
            push_ids(&mut sql, chunk);
            forgotten += transaction.execute(FORGETTING, sql.finish()).await?;
        }
        transaction.commit(FORGETTING).await?;
        Ok(forgotten)
    }
}

/// Returns how many of `ids` were active.
pub(super) async fn retire(
    transaction: &mut WriteTransaction,
    doing: &'static str,
    ids: &[PartitionId],
    time: InsertTime,
) -> Result<u64> {
    let mut retired = 0;
    for chunk in ids.chunks(CHUNK) {
        let mut sql = Builder::new("UPDATE partitions SET retired = ");
        sql.bind(time.0).push(" WHERE retired IS NULL");
        push_ids(&mut sql, chunk);
        retired += transaction.execute(doing, sql.finish()).await?;
    }
    Ok(retired)
}

/// Whether all of `ids` are active.
pub(crate) async fn all_active(
    transaction: &mut WriteTransaction,
    doing: &'static str,
    ids: &[PartitionId],
) -> Result<bool> {
    let mut active = 0;
    for chunk in ids.chunks(CHUNK) {
        let mut sql = Builder::new("SELECT COUNT(*) FROM partitions WHERE retired IS NULL");
        push_ids(&mut sql, chunk);
        let (count,): (i64,) = transaction.fetch_one(doing, sql.finish()).await?;
        active += count;
    }
    Ok(usize::try_from(active).is_ok_and(|active| active == ids.len()))
}

/// Archived blocks are in no other place than the partitions of this view.
pub(super) async fn hold_archived_blocks(
    transaction: &mut WriteTransaction,
    ids: &[PartitionId],
    time: InsertTime,
) -> Result<bool> {
    let horizons = transaction.horizons_at(RETIRING, time).await?;
    for chunk in ids.chunks(CHUNK) {
        let mut sql = Builder::new(
            "SELECT COUNT(*) FROM partitions WHERE retired IS NULL AND row_count > 0
             AND view_set = ",
        );
        sql.bind(BLOCKS_VIEW);
        sql.push(" AND insert_begin < ")
            .bind(horizons.archived_before.0);
        sql.push(" AND insert_end > ")
            .bind(horizons.expired_before.0);
        push_ids(&mut sql, chunk);
        let (count,): (i64,) = transaction.fetch_one(RETIRING, sql.finish()).await?;
        if count > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

fn push_ids(sql: &mut Builder, ids: &[PartitionId]) {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    sql.push(" AND partition_id IN ").bind_list(&ids);
}
