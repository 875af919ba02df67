//! Commits of partitions: what they refuse and what they replace.

use bytes::Bytes;
use catalog::{Error, PartitionCommit, PartitionId};
use model::{InsertTime, TimeRange};

use crate::fixture::{Fixture, for_each_catalog};
use crate::partition_fixture::{partition, plain};

#[tokio::test]
async fn ranges_that_are_empty_or_not_closed_are_refused() {
    for_each_catalog(async |fixture: &Fixture| {
        let now = fixture.catalog.advance().await.unwrap().0;
        for open in [(5, 5), (5, 4), (now, now + 2), (0, i64::MAX)] {
            let new = [partition(1, 2, "fine"), partition(open.0, open.1, "open")];
            let result = fixture.catalog.commit_partitions(&new, &[]).await;
            let error = result.unwrap_err();
            assert!(matches!(error, Error::OpenRange), "{open:?}: {error}");
            assert!(!error.is_retryable());
        }
        assert_eq!(fixture.snapshot().await.0, now);
        assert!(fixture.active().await.is_empty());
        // The time of the commit itself: later ones are later.
        fixture.add(&[partition(5, now + 1, "a")], &[]).await;
        assert_eq!(fixture.snapshot().await.0, now + 1);
    })
    .await;
}

#[tokio::test]
async fn inconsistent_partitions_are_refused() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.catalog.advance().await.unwrap();
        let mut wrong = vec![partition(1, 2, "a"); 6];
        wrong[0].rows = 0;
        wrong[1].file = None;
        wrong[2].event_range = None;
        wrong[3].event_range = Some(TimeRange { begin: 2, end: 1 });
        wrong[4].source_count = u64::MAX;
        wrong[5].file.as_mut().unwrap().bytes = 1 << 63;
        for new in wrong {
            let result = fixture.catalog.commit_partitions(&[new], &[]).await;
            let error = result.unwrap_err();
            let expected = matches!(error, Error::InconsistentPartition { .. });
            assert!(expected, "{error}");
        }
        assert!(fixture.active().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn overlaps_and_stale_replacements_are_conflicts() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        catalog.advance().await.unwrap();
        let (_, ids) = fixture
            .add(&[partition(10, 20, "a"), partition(20, 30, "b")], &[])
            .await;
        for (begin, end) in [(10, 20), (5, 11), (19, 25), (12, 13), (0, 100), (29, 31)] {
            fixture
                .assert_conflict(&[partition(begin, end, "c")], &[])
                .await;
        }
        // What is not replaced stays in the way; what is replaced must be active.
        fixture
            .assert_conflict(&[partition(10, 30, "c")], &ids[..1])
            .await;
        let unknown = PartitionId(ids[1].0 + 1000);
        fixture
            .assert_conflict(&[partition(10, 20, "c")], &[ids[0], unknown])
            .await;
        let overlapping = [partition(40, 50, "c"), partition(45, 46, "d")];
        fixture.assert_conflict(&overlapping, &[]).await;

        let (_, merged) = fixture
            .add(&[partition(10, 30, "c")], &[ids[1], ids[0], ids[0]])
            .await;
        fixture
            .assert_conflict(&[partition(10, 20, "d")], &ids)
            .await;
        fixture.assert_conflict(&[], &ids[..1]).await;
        assert_eq!(catalog.retire_partitions(&ids).await.unwrap(), 0);
        assert_eq!(fixture.active_ids().await, merged);
        // Neighbours, and other views, are not in the way.
        let mut other = partition(5, 40, "f");
        other.view_instance = "a process".to_owned();
        let neighbours = [partition(5, 10, "d"), other, partition(30, 31, "e")];
        fixture.add(&neighbours, &[]).await;
    })
    .await;
}

#[tokio::test]
async fn a_new_version_replaces_the_old_ones_inside_its_range() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.catalog.advance().await.unwrap();
        let old = [
            partition(10, 20, "a"),
            partition(20, 30, "b"),
            partition(30, 45, "c"),
        ];
        let (before, _) = fixture.add(&old, &[]).await;
        let mut new = partition(10, 40, "new");
        new.schema_hash = Bytes::from_static(b"\x02");
        fixture.add(std::slice::from_ref(&new), &[]).await;
        // The last one has rows that the new one does not have.
        assert_eq!(plain(&fixture.active().await), [new, old[2].clone()]);
        assert_eq!(plain(&fixture.seen_at(before).await), old);
    })
    .await;
}

/// Two instances, many tasks: of those that want the same range exactly one wins, and
/// no snapshot ever sees an overlap.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_writers_of_a_range_one_wins() {
    const WRITERS: i64 = 6;
    const RANGES: i64 = 8;
    for_each_catalog(async |fixture: &Fixture| {
        fixture.catalog.advance().await.unwrap();
        let instances = [fixture.catalog.clone(), fixture.another_catalog().await];
        let writers = (0..WRITERS).map(|writer| {
            let catalog = instances[writer as usize % 2].clone();
            tokio::spawn(async move {
                let mut won = Vec::new();
                for n in 0..RANGES {
                    // Not the same bounds, so that no index can tell.
                    let (begin, end) = (n * 100 + writer, n * 100 + 50 + writer);
                    let new = [partition(begin, end, &format!("{n}-{writer}"))];
                    let outcome = catalog.commit_partitions(&new, &[]).await.unwrap();
                    if let PartitionCommit::Committed { time, .. } = outcome {
                        won.push((n, time));
                    }
                }
                won
            })
        });
        let mut won = Vec::new();
        for writer in writers.collect::<Vec<_>>() {
            won.extend(writer.await.unwrap());
        }
        won.sort_unstable();
        let ranges: Vec<_> = won.iter().map(|(n, _)| *n).collect();
        assert_eq!(ranges, (0..RANGES).collect::<Vec<_>>());
        assert_disjoint_at(fixture, won.iter().map(|(_, time)| *time)).await;

        // The same for those that replace all of them by one.
        let ids = fixture.active_ids().await;
        let mergers = (0..WRITERS).map(|writer| {
            let (catalog, ids) = (instances[writer as usize % 2].clone(), ids.clone());
            tokio::spawn(async move {
                let new = [partition(0, 1000, &format!("merged-{writer}"))];
                catalog.commit_partitions(&new, &ids).await.unwrap()
            })
        });
        let mut winners = 0;
        for merger in mergers.collect::<Vec<_>>() {
            let outcome = merger.await.unwrap();
            winners += usize::from(outcome != PartitionCommit::Conflict);
        }
        assert_eq!((winners, fixture.active().await.len()), (1, 1));
        instances[1].close().await;
    })
    .await;
}

async fn assert_disjoint_at(fixture: &Fixture, snapshots: impl Iterator<Item = InsertTime>) {
    for snapshot in snapshots {
        let seen = fixture.seen_at(snapshot).await;
        assert!(!seen.is_empty());
        for pair in seen.windows(2) {
            let ranges = [&pair[0], &pair[1]].map(|s| s.partition.insert_range);
            assert!(!ranges[0].overlaps(&ranges[1]), "{snapshot:?} {ranges:?}");
        }
    }
}
