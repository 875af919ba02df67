//! The end of old data: first nobody sees it any more; what nobody has seen for long
//! enough is deleted. Each part is independent of the others' failures.

use catalog::{Catalog, PartitionId, RetiredPartition};
use futures::StreamExt;
use futures::stream;
use lake::{Lake, PartitionKey, SegmentKey};
use model::{InsertTime, TimeNs};
use server_kit::{ErrorChain, Shutdown};
use views::Lakehouse;

use crate::schedule::{DAY, floor};
use crate::{MaintenanceConfig, Report};

/// Rows that go in one transaction, while commits wait.
const ROWS: u32 = 2000;
/// Objects that are held in memory and go before the next ones are looked for.
const OBJECTS: u32 = 500;
/// Objects that are deleted at the same time.
const DELETIONS: usize = 8;

/// What can go wrong with one part.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the catalog did not answer")]
    Catalog(#[from] catalog::Error),
    #[error("some objects could not be deleted")]
    Objects,
}

type Result<T, E = Error> = std::result::Result<T, E>;

pub(crate) async fn run(
    house: &Lakehouse,
    config: &MaintenanceConfig,
    stop: &Shutdown,
    report: &mut Report,
) {
    let now = house.catalog().clock().now();
    let before = |age| InsertTime(now.saturating_sub(nanoseconds(age)));
    let retention = Retention {
        catalog: house.catalog(),
        lake: house.lake(),
        by: before(config.grace),
        stop,
    };
    let expired = i64::from(config.retention_days).saturating_mul(DAY);
    let expired = InsertTime(floor(now.saturating_sub(expired), DAY));
    if let Err(error) = retention.expire(expired).await {
        report.failed("expiring old data", &error);
    }
    let archived = i64::from(config.catalog_days).saturating_mul(DAY);
    let archived = InsertTime(floor(now.saturating_sub(archived), DAY));
    if let Err(error) = house.archive_blocks(archived).await {
        report.failed("archiving old block rows", &error);
    }
    let (blocks, outcome) = retention.blocks().await;
    report.cleaned.blocks += blocks;
    told(report, "deleting expired and archived block rows", outcome);
    let (staged, outcome) = retention.staged(before(config.staged_age)).await;
    report.cleaned.staged += staged;
    told(report, "deleting staged uploads", outcome);
    let (segments, outcome) = retention.segments().await;
    report.cleaned.segments += segments;
    told(report, "deleting expired segments", outcome);
    let (owners, outcome) = retention.owners().await;
    report.cleaned.owners += owners;
    told(report, "deleting streams and processes", outcome);
    let (partitions, outcome) = retention.partitions().await;
    report.cleaned.partitions += partitions;
    told(report, "deleting retired partitions", outcome);
}

fn told(report: &mut Report, doing: &'static str, outcome: Result<()>) {
    if let Err(error) = outcome {
        report.failed(doing, &error);
    }
}

pub(crate) fn nanoseconds(age: std::time::Duration) -> TimeNs {
    TimeNs::try_from(age.as_nanos()).unwrap_or(TimeNs::MAX)
}

struct Retention<'a> {
    catalog: &'a Catalog,
    lake: &'a Lake,
    /// No query runs at an earlier snapshot.
    by: InsertTime,
    stop: &'a Shutdown,
}

/// What was deleted, also before a failure.
type Deleted = (u64, Result<()>);

impl Retention<'_> {
    async fn expire(&self, before: InsertTime) -> Result<()> {
        let snapshot = self.catalog.current_snapshot().await?;
        if before > snapshot.expired_before {
            self.catalog.expire(before).await?;
        }
        Ok(())
    }

    async fn blocks(&self) -> Deleted {
        self.rows(|| self.catalog.purge_blocks(self.by, ROWS)).await
    }

    async fn owners(&self) -> Deleted {
        self.rows(|| self.catalog.purge_owners(self.by, ROWS)).await
    }

    async fn staged(&self, before: InsertTime) -> Deleted {
        self.rows(|| self.catalog.purge_staged(before, ROWS)).await
    }

    /// Batch by batch, so that commits come between them.
    async fn rows<F>(&self, purge: impl Fn() -> F) -> Deleted
    where
        F: Future<Output = catalog::Result<u64>>,
    {
        let mut total = 0;
        while !self.stop.is_triggered() {
            match purge().await {
                Ok(0) => break,
                Ok(rows) => total += rows,
                Err(error) => return (total, Err(error.into())),
            }
            tokio::task::yield_now().await;
        }
        (total, Ok(()))
    }

    /// Forgets segments, then deletes their objects: what is left over by a failure in
    /// between is an orphan.
    async fn segments(&self) -> Deleted {
        let (mut total, mut outcome) = (0, Ok(()));
        while !self.stop.is_triggered() {
            let keys = match self.catalog.purge_segments(self.by, OBJECTS).await {
                Ok(keys) => keys,
                Err(error) => return (total, Err(error.into())),
            };
            if keys.is_empty() {
                break;
            }
            total += keys.len() as u64;
            let deleted = stream::iter(keys)
                .map(async |key| self.delete_segment(&key).await)
                .buffer_unordered(DELETIONS);
            let deleted: Vec<bool> = deleted.collect().await;
            if deleted.contains(&false) {
                outcome = Err(Error::Objects);
            }
        }
        (total, outcome)
    }

    async fn delete_segment(&self, key: &str) -> bool {
        let deleted = match SegmentKey::parse(key) {
            Ok(key) => self.lake.delete_segment(&key).await,
            Err(error) => Err(error),
        };
        was_deleted(key, deleted)
    }

    /// Deletes files, then forgets the partitions whose files are gone.
    async fn partitions(&self) -> Deleted {
        let (mut total, mut outcome) = (0, Ok(()));
        while !self.stop.is_triggered() {
            let retired = match self.catalog.retired_partitions(self.by, OBJECTS).await {
                Ok(retired) => retired,
                Err(error) => return (total, Err(error.into())),
            };
            let count = retired.len();
            let gone = self.without_files(retired).await;
            if gone.len() < count {
                outcome = Err(Error::Objects);
            }
            if gone.is_empty() {
                break;
            }
            match self.catalog.forget_partitions(&gone).await {
                Ok(forgotten) => total += forgotten,
                Err(error) => return (total, Err(error.into())),
            }
        }
        (total, outcome)
    }

    async fn without_files(&self, retired: Vec<RetiredPartition>) -> Vec<PartitionId> {
        let gone = stream::iter(retired)
            .map(async |partition| {
                let is_gone = match &partition.file {
                    Some(file) => self.delete_partition(&file.key).await,
                    None => true,
                };
                is_gone.then_some(partition.id)
            })
            .buffer_unordered(DELETIONS);
        let gone: Vec<Option<PartitionId>> = gone.collect().await;
        gone.into_iter().flatten().collect()
    }

    async fn delete_partition(&self, key: &str) -> bool {
        let deleted = match PartitionKey::parse(key) {
            Ok(key) => self.lake.delete_partition(&key).await,
            Err(error) => Err(error),
        };
        was_deleted(key, deleted)
    }
}

fn was_deleted(key: &str, deleted: lake::Result<()>) -> bool {
    match deleted {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(key, error = %ErrorChain(&error), "an object could not be deleted");
            false
        }
    }
}
