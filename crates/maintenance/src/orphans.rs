//! Objects that nothing refers to: left by writers that crashed between writing and
//! committing, or by deletions that failed.
//!
//! An object is written before it is recorded, so only what is far older than any write
//! can last is looked at, and the catalog is asked about it right before it is deleted.

use catalog::Catalog;
use futures::{Stream, TryStreamExt};
use lake::{Lake, PartitionObject, SegmentObject};
use model::TimeNs;
use server_kit::{ErrorChain, Shutdown};
use views::Lakehouse;

use crate::retention::nanoseconds;
use crate::{MaintenanceConfig, Report};

/// Objects that the catalog is asked about at once.
const PAGE: usize = 256;

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the catalog did not answer")]
    Catalog(#[from] catalog::Error),
    #[error("the object store did not answer")]
    Lake(#[from] lake::Error),
}

type Result<T, E = Error> = std::result::Result<T, E>;

pub(crate) async fn run(
    house: &Lakehouse,
    config: &MaintenanceConfig,
    stop: &Shutdown,
    report: &mut Report,
) {
    let now = house.catalog().clock().now();
    let search = Search {
        catalog: house.catalog(),
        lake: house.lake(),
        before: now.saturating_sub(nanoseconds(config.orphan_age)),
        stop,
    };
    match search.segments().await {
        Ok(count) => report.cleaned.orphan_segments += count,
        Err(error) => report.failed("looking for orphaned segments", &error),
    }
    match search.partitions().await {
        Ok(count) => report.cleaned.orphan_partitions += count,
        Err(error) => report.failed("looking for orphaned partitions", &error),
    }
    let stale = house.lake().remove_stale_temporary_files(config.orphan_age);
    match stale.await {
        Ok(count) => report.cleaned.temporary_files += count,
        Err(error) => report.failed("removing temporary files", &error),
    }
}

struct Search<'a> {
    catalog: &'a Catalog,
    lake: &'a Lake,
    /// Only objects from before this time.
    before: TimeNs,
    stop: &'a Shutdown,
}

impl Search<'_> {
    async fn segments(&self) -> Result<u64> {
        let mut objects = self.lake.list_segments();
        let mut deleted = 0;
        loop {
            let is_old = |object: &SegmentObject| object.last_modified_ns < self.before;
            let page = self.page(&mut objects, is_old).await?;
            if page.is_empty() {
                return Ok(deleted);
            }
            let keys: Vec<&str> = page.iter().map(|object| object.key.as_str()).collect();
            let recorded = self.catalog.recorded_segments(&keys).await?;
            for SegmentObject { key, .. } in &page {
                if !recorded.contains(key.as_str()) {
                    let outcome = self.lake.delete_segment(key).await;
                    deleted += counted(key.as_str(), outcome);
                }
            }
        }
    }

    async fn partitions(&self) -> Result<u64> {
        let mut objects = self.lake.list_partitions();
        let mut deleted = 0;
        loop {
            let is_old = |object: &PartitionObject| object.last_modified_ns < self.before;
            let page = self.page(&mut objects, is_old).await?;
            if page.is_empty() {
                return Ok(deleted);
            }
            let keys: Vec<&str> = page.iter().map(|object| object.key.as_str()).collect();
            let recorded = self.catalog.recorded_partitions(&keys).await?;
            for PartitionObject { key, .. } in &page {
                if !recorded.contains(key.as_str()) {
                    let outcome = self.lake.delete_partition(key).await;
                    deleted += counted(key.as_str(), outcome);
                }
            }
        }
    }

    /// The next old objects; none at the end, or when the search is to stop.
    async fn page<T>(
        &self,
        objects: &mut (impl Stream<Item = lake::Result<T>> + Unpin),
        is_old: impl Fn(&T) -> bool,
    ) -> Result<Vec<T>> {
        let mut page = Vec::new();
        while page.len() < PAGE {
            if self.stop.is_triggered() {
                return Ok(Vec::new());
            }
            match objects.try_next().await? {
                Some(object) if is_old(&object) => page.push(object),
                Some(_) => {}
                None => break,
            }
        }
        Ok(page)
    }
}

fn counted(key: &str, outcome: lake::Result<()>) -> u64 {
    match outcome {
        Ok(()) => {
            tracing::info!(key, "deleted an object that nothing referred to");
            1
        }
        Err(error) => {
            tracing::warn!(key, error = %ErrorChain(&error), "an object could not be deleted");
            0
        }
    }
}
