//! The commit of partitions: all of its changes become visible at one time.
//!
//! Everything is checked after the tick has taken the lock of the commit clock. Every
//! transaction that changes partitions or horizons takes it first, in both databases,
//! so what the plain SELECTs after it read can not change before the commit.

use model::{InsertRange, InsertTime};

use super::record::{NewPartition, PartitionCommit, PartitionId};
use super::retire::{BLOCKS_VIEW, hold_archived_blocks, retire};
use crate::database::WriteTransaction;
use crate::sql::{Statement, Value};
use crate::text::{list_json, without_nul};
use crate::{Catalog, Error, Result};

const COMMITTING: &str = "committing partitions";

impl Catalog {
    /// One transaction: take the next time, retire `replaces`, add `new`. All or nothing.
    ///
    /// Active partitions of the same view instance with another schema hash that lie
    /// inside a new range are retired as well: a rebuilt version replaces the old one.
    ///
    /// It is a [`PartitionCommit::Conflict`] when one of `replaces` is not active, when a
    /// new partition would overlap an active one of the same view instance and schema
    /// hash or another new one, or when a new one begins before the expiry horizon.
    ///
    /// After an error that left the outcome unknown, [`Catalog::partition_by_file`] tells
    /// whether the commit happened.
    ///
    /// # Errors
    /// [`Error::OpenRange`] when a range of insert times is empty or ends after the commit;
    /// [`Error::InconsistentPartition`] when rows, file and event times do not agree;
    /// [`Error::HoldsArchivedBlocks`] when partitions of `blocks` with the only rows of some
    /// blocks are replaced by nothing.
    pub async fn commit_partitions(
        &self,
        new: &[NewPartition],
        replaces: &[PartitionId],
    ) -> Result<PartitionCommit> {
        new.iter().try_for_each(NewPartition::check)?;
        let mut transaction = self.database().begin(COMMITTING).await?;
        let time = self.tick(&mut transaction).await?;
        let is_closed = |range: &InsertRange| !range.is_empty() && range.end <= time;
        if !new.iter().all(|new| is_closed(&new.insert_range)) {
            transaction.rollback(COMMITTING).await?;
            return Err(Error::OpenRange);
        }
        let is_replaced = new.iter().any(|new| new.view_set == BLOCKS_VIEW);
        if !is_replaced && hold_archived_blocks(&mut transaction, replaces, time).await? {
            transaction.rollback(COMMITTING).await?;
            return Err(Error::HoldsArchivedBlocks);
        }
        let updated = self.clock().now();
        match write(&mut transaction, time, updated, new, replaces).await? {
            Some(ids) => {
                transaction.commit(COMMITTING).await?;
                Ok(PartitionCommit::Committed { time, ids })
            }
            None => {
                transaction.rollback(COMMITTING).await?;
                Ok(PartitionCommit::Conflict)
            }
        }
    }
}

/// Whether two of the partitions concern the same times of one view instance. What
/// their schema hashes are does not matter: one would have to replace the other.
fn overlap_each_other(new: &[NewPartition]) -> bool {
    let ranges = new.iter();
    let mut ranges: Vec<_> = ranges
        .map(|new| (&new.view_set, &new.view_instance, new.insert_range))
        .collect();
    ranges.sort_unstable();
    ranges.windows(2).any(|pair| {
        let [first, second] = pair else { return false };
        (first.0, first.1) == (second.0, second.1) && second.2.begin < first.2.end
    })
}

/// The ids of the new partitions; `None` when there is a conflict.
async fn write(
    transaction: &mut WriteTransaction,
    time: InsertTime,
    updated: i64,
    new: &[NewPartition],
    replaces: &[PartitionId],
) -> Result<Option<Vec<PartitionId>>> {
    if overlap_each_other(new) {
        return Ok(None);
    }
    let horizons = transaction.horizons_at(COMMITTING, time).await?;
    if new
        .iter()
        .any(|new| new.insert_range.begin < horizons.expired_before)
    {
        return Ok(None);
    }
    let mut replaces = replaces.to_vec();
    replaces.sort_unstable();
    replaces.dedup();
    if retire(transaction, COMMITTING, &replaces, time).await? != replaces.len() as u64 {
        return Ok(None);
    }
    let mut ids = Vec::with_capacity(new.len());
    for new in new {
        let statement = retire_other_versions(new, time);
        transaction.execute(COMMITTING, statement).await?;
        let statement = insert_unless_overlapping(new, time, updated);
        let inserted: Vec<(i64,)> = transaction.fetch_all(COMMITTING, statement).await?;
        match inserted.first() {
            Some((id,)) => ids.push(PartitionId(*id)),
            None => return Ok(None),
        }
    }
    Ok(Some(ids))
}

fn retire_other_versions(new: &NewPartition, time: InsertTime) -> Statement {
    Statement::new(
        "UPDATE partitions SET retired = $1
         WHERE retired IS NULL AND view_set = $2 AND view_instance = $3 AND schema_hash <> $4
           AND insert_begin >= $5 AND insert_end > $5 AND insert_end <= $6",
    )
    .bind(time.0)
    .bind(without_nul(&new.view_set).into_owned())
    .bind(without_nul(&new.view_instance).into_owned())
    .bind(new.schema_hash.clone())
    .bind(new.insert_range.begin.0)
    .bind(new.insert_range.end.0)
}

/// Inserts nothing, and returns no id, when an active partition is in the way. The plus
/// makes SQLite look for those that end after the new one begins: mostly, it is the last.
fn insert_unless_overlapping(new: &NewPartition, time: InsertTime, updated: i64) -> Statement {
    let signed = |count| i64::try_from(count).expect("counts were checked");
    let file = new.file.as_ref();
    let key = file.map(|file| without_nul(&file.key).into_owned());
    Statement::new(
        "INSERT INTO partitions (view_set, view_instance, schema_hash, insert_begin, insert_end,
             event_begin, event_end, row_count, file_key, file_bytes, source_count, sort_order,
             updated, added)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
         WHERE NOT EXISTS (
             SELECT 1 FROM partitions
             WHERE retired IS NULL AND view_set = $1 AND view_instance = $2
               AND schema_hash = $3 AND insert_end > $4 AND +insert_begin < $5)
         RETURNING partition_id",
    )
    .bind(without_nul(&new.view_set).into_owned())
    .bind(without_nul(&new.view_instance).into_owned())
    .bind(new.schema_hash.clone())
    .bind(new.insert_range.begin.0)
    .bind(new.insert_range.end.0)
    .bind(Value::OptionalInt(new.event_range.map(|range| range.begin)))
    .bind(Value::OptionalInt(new.event_range.map(|range| range.end)))
    .bind(signed(new.rows))
    .bind(Value::OptionalText(key))
    .bind(Value::OptionalInt(file.map(|file| signed(file.bytes))))
    .bind(signed(new.source_count))
    .bind(list_json(&new.sort_order))
    .bind(updated)
    .bind(time.0)
}
