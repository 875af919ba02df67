//! Partitions to put into a catalog.

use bytes::Bytes;
use catalog::{
    NewPartition, PartitionCommit, PartitionFile, PartitionFilter, PartitionId, StoredPartition,
};
use model::{InsertRange, InsertTime, TimeRange};

use crate::fixture::Fixture;

pub fn range(begin: i64, end: i64) -> InsertRange {
    InsertRange::new(InsertTime(begin), InsertTime(end))
}

/// A partition of `log_entries`/`global`, with a file of its own.
pub fn partition(begin: i64, end: i64, file: &str) -> NewPartition {
    NewPartition {
        view_set: "log_entries".to_owned(),
        view_instance: "global".to_owned(),
        schema_hash: Bytes::from_static(b"\x01"),
        insert_range: range(begin, end),
        event_range: Some(TimeRange {
            begin: begin - 5,
            end: end.max(begin) - 5,
        }),
        rows: 10,
        file: Some(PartitionFile {
            key: file.to_owned(),
            bytes: 1234,
        }),
        source_count: 11,
        sort_order: vec!["time".to_owned()],
    }
}

pub fn empty(begin: i64, end: i64) -> NewPartition {
    NewPartition {
        event_range: None,
        rows: 0,
        file: None,
        sort_order: Vec::new(),
        ..partition(begin, end, "")
    }
}

impl Fixture {
    /// A commit that must succeed.
    pub async fn add(
        &self,
        new: &[NewPartition],
        replaces: &[PartitionId],
    ) -> (InsertTime, Vec<PartitionId>) {
        match self.catalog.commit_partitions(new, replaces).await.unwrap() {
            PartitionCommit::Committed { time, ids } => (time, ids),
            PartitionCommit::Conflict => panic!("a conflict"),
        }
    }

    pub async fn assert_conflict(&self, new: &[NewPartition], replaces: &[PartitionId]) {
        let before = (self.snapshot().await, self.active().await);
        let outcome = self.catalog.commit_partitions(new, replaces).await.unwrap();
        assert_eq!(outcome, PartitionCommit::Conflict, "{new:?} {replaces:?}");
        assert_eq!((self.snapshot().await, self.active().await), before);
    }

    pub async fn active(&self) -> Vec<StoredPartition> {
        self.seen_at(self.snapshot().await).await
    }

    pub async fn seen_at(&self, snapshot: InsertTime) -> Vec<StoredPartition> {
        let filter = PartitionFilter::at(snapshot);
        self.catalog.partitions(filter).await.unwrap()
    }

    pub async fn active_ids(&self) -> Vec<PartitionId> {
        self.active().await.iter().map(|stored| stored.id).collect()
    }
}

pub fn plain(stored: &[StoredPartition]) -> Vec<NewPartition> {
    stored.iter().map(|s| s.partition.clone()).collect()
}
