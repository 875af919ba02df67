//! The end of old data.

use anyhow::Result;
use lake::{PartitionKey, SegmentKey};
use model::InsertTime;

use super::super::telemetry::DAY;
use super::{BEGIN, PURGE_LIMIT, World};

impl World {
    /// Whether questions may be asked at this snapshot.
    pub fn is_kept(&self, snapshot: InsertTime) -> bool {
        snapshot >= self.purged_by
    }

    /// Mostly whole days, and not all there is.
    pub(super) async fn expire(&mut self) -> Result<()> {
        let horizon = self.now() - self.random.within(DAY..4 * DAY);
        let horizon = match self.random.one_in(4) {
            true => horizon,
            false => horizon - horizon.rem_euclid(DAY),
        };
        if horizon > BEGIN {
            self.catalog.expire(InsertTime(horizon)).await?;
            self.done.expired += 1;
        }
        Ok(())
    }

    pub(super) async fn purge(&mut self) -> Result<()> {
        if self.snapshots.is_empty() {
            return Ok(());
        }
        let by = *self.random.choose(&self.snapshots);
        self.purged_by = self.purged_by.max(by);
        let purged_by = self.purged_by;
        self.snapshots.retain(|snapshot| *snapshot >= purged_by);
        while self.catalog.purge_blocks(by, PURGE_LIMIT).await? > 0 {
            self.done.purged += 1;
        }
        for key in self.catalog.purge_segments(by, PURGE_LIMIT).await? {
            let key = SegmentKey::parse(&key)?;
            self.lake.delete_segment(&key).await?;
            self.done.purged += 1;
        }
        self.done.purged += self.catalog.purge_owners(by, PURGE_LIMIT).await?;
        self.forget_retired(by).await
    }

    pub(super) async fn forget_retired(&mut self, by: InsertTime) -> Result<()> {
        let retired = self.catalog.retired_partitions(by, PURGE_LIMIT).await?;
        for file in retired.iter().filter_map(|retired| retired.file.as_ref()) {
            let key = PartitionKey::parse(&file.key)?;
            self.lake.delete_partition(&key).await?;
        }
        let ids: Vec<_> = retired.iter().map(|retired| retired.id).collect();
        self.done.purged += self.catalog.forget_partitions(&ids).await?;
        Ok(())
    }
}
