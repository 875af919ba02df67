//! Raising the horizons.

use model::InsertTime;

use crate::database::WriteTransaction;
use crate::partitions::all_active;
use crate::snapshot::Horizons;
use crate::sql::Statement;
use crate::{Catalog, Error, PartitionId, Result};

const EXPIRING: &str = "expiring insert times";
const ARCHIVING: &str = "archiving blocks";

impl Catalog {
    /// From the returned time on, snapshots see nothing that was inserted before
    /// `before`. Partitions that end at or before it are retired at that time. A horizon
    /// never goes back: an earlier `before` changes nothing.
    ///
    /// # Errors
    /// [`Error::OpenRange`] when a later commit could still get a time before `before`.
    pub async fn expire(&self, before: InsertTime) -> Result<InsertTime> {
        let mut transaction = self.database().begin(EXPIRING).await?;
        let time = self.tick(&mut transaction).await?;
        let mut horizons = transaction.horizons_at(EXPIRING, time).await?;
        if before <= horizons.expired_before {
            transaction.rollback(EXPIRING).await?;
            return self.snapshot().await;
        }
        horizons.expired_before = before;
        raise(transaction, EXPIRING, time, before, horizons).await
    }

    /// From the returned time on, readers look for blocks inserted before `before` in
    /// the partitions of the `blocks` view, so that [`Catalog::purge_blocks`] may delete
    /// their rows later; nothing is retired. The caller has made sure that the partitions
    /// `holders` hold them all: `None`, and nothing is changed, when one of those is not
    /// active any more. The same rules as for [`Catalog::expire`].
    pub async fn archive_blocks(
        &self,
        before: InsertTime,
        holders: &[PartitionId],
    ) -> Result<Option<InsertTime>> {
        let mut transaction = self.database().begin(ARCHIVING).await?;
        let time = self.tick(&mut transaction).await?;
        let mut horizons = transaction.horizons_at(ARCHIVING, time).await?;
        if before <= horizons.archived_before {
            transaction.rollback(ARCHIVING).await?;
            return self.snapshot().await.map(Some);
        }
        if !all_active(&mut transaction, ARCHIVING, holders).await? {
            transaction.rollback(ARCHIVING).await?;
            return Ok(None);
        }
        horizons.archived_before = before;
        let raised = raise(transaction, ARCHIVING, time, before, horizons).await;
        raised.map(Some)
    }
}

async fn raise(
    mut transaction: WriteTransaction,
    doing: &'static str,
    time: InsertTime,
    before: InsertTime,
    horizons: Horizons,
) -> Result<InsertTime> {
    if before > time {
        transaction.rollback(doing).await?;
        return Err(Error::OpenRange);
    }
    let insert = Statement::new(
        "INSERT INTO horizons (committed, expired_before, archived_before) VALUES ($1, $2, $3)",
    )
    .bind(time.0)
    .bind(horizons.expired_before.0)
    .bind(horizons.archived_before.0);
    transaction.execute(doing, insert).await?;
    let retire = Statement::new(
        "UPDATE partitions SET retired = $1 WHERE retired IS NULL AND insert_end <= $2",
    )
    .bind(time.0)
    .bind(horizons.expired_before.0);
    transaction.execute(doing, retire).await?;
    transaction.commit(doing).await?;
    Ok(time)
}
