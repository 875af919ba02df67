//! Partitions: what which snapshot sees, and what is listed.

use bytes::Bytes;
use catalog::{NewPartition, PartitionFilter};
use model::{InsertTime, TimeRange};

use crate::fixture::{Fixture, NOW, for_each_catalog};
use crate::partition_fixture::{empty, partition, plain, range};

#[tokio::test]
async fn a_snapshot_sees_what_was_active_then() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        let start = catalog.advance().await.unwrap();
        let small = [
            partition(10, 20, "a"),
            partition(20, 30, "b"),
            empty(30, 40),
        ];
        let (added, ids) = fixture.add(&small, &[]).await;
        assert!(added > start);
        assert_eq!(added, fixture.snapshot().await);
        let merged = partition(10, 40, "merged");
        let (merged_at, merged_ids) = fixture.add(std::slice::from_ref(&merged), &ids).await;
        assert_eq!(catalog.retire_partitions(&merged_ids).await.unwrap(), 1);
        let end = fixture.snapshot().await;

        assert!(fixture.seen_at(start).await.is_empty());
        assert!(fixture.seen_at(InsertTime(added.0 - 1)).await.is_empty());
        for snapshot in [added.0, merged_at.0 - 1] {
            let seen = fixture.seen_at(InsertTime(snapshot)).await;
            assert_eq!(plain(&seen), small);
            let seen_ids: Vec<_> = seen.iter().map(|s| s.id).collect();
            assert_eq!(seen_ids, ids);
            for stored in seen {
                assert_eq!((stored.added, stored.updated), (added, NOW));
            }
        }
        for snapshot in [merged_at.0, end.0 - 1] {
            let seen = fixture.seen_at(InsertTime(snapshot)).await;
            assert_eq!(plain(&seen), std::slice::from_ref(&merged));
        }
        assert!(fixture.seen_at(end).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn filters_restrict_the_scan() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.catalog.advance().await.unwrap();
        let mut other_view = partition(100, 200, "c");
        other_view.view_set = "measures".to_owned();
        let mut other_instance = partition(100, 200, "d");
        other_instance.view_instance = "a process".to_owned();
        let mut other_hash = partition(150, 250, "e");
        other_hash.schema_hash = Bytes::from_static(b"\x02");
        let a = partition(100, 200, "a");
        let b = empty(200, 300);
        let all = [&other_view, &other_hash, &b, &other_instance, &a].map(Clone::clone);
        fixture.add(&all[..1], &[]).await;
        for new in &all[1..] {
            fixture.add(std::slice::from_ref(new), &[]).await;
        }
        let everything = PartitionFilter::at(fixture.snapshot().await);
        let logs = || PartitionFilter {
            view_set: Some("log_entries".to_owned()),
            view_instance: Some("global".to_owned()),
            ..everything.clone()
        };
        let current = || PartitionFilter {
            schema_hash: Some(Bytes::from_static(b"\x01")),
            ..logs()
        };
        let inserted = |begin, end| PartitionFilter {
            insert_range: Some(range(begin, end)),
            ..current()
        };
        let happened = |begin, end| PartitionFilter {
            event_range: Some(TimeRange { begin, end }),
            ..current()
        };
        let cases: [(PartitionFilter, Vec<&NewPartition>); 14] = [
            (
                everything.clone(),
                vec![&other_instance, &a, &other_hash, &b, &other_view],
            ),
            (logs(), vec![&a, &other_hash, &b]),
            (current(), vec![&a, &b]),
            (inserted(0, 100), vec![]),
            (inserted(0, 101), vec![&a]),
            (inserted(199, 200), vec![&a]),
            (inserted(199, 201), vec![&a, &b]),
            (inserted(300, 301), vec![]),
            (inserted(150, 150), vec![]),
            (happened(0, 94), vec![]),
            (happened(0, 95), vec![&a]),
            (happened(195, 195), vec![&a]),
            (happened(196, 250), vec![]),
            (happened(i64::MIN, i64::MAX), vec![&a]),
        ];
        for (filter, expected) in cases {
            let found = fixture.catalog.partitions(filter.clone()).await.unwrap();
            let expected: Vec<_> = expected.into_iter().cloned().collect();
            assert_eq!(plain(&found), expected, "{filter:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.catalog.advance().await.unwrap();
        let new: Vec<_> = (0..2100)
            .map(|n| partition(n * 10, n * 10 + 10, &format!("file-{n}")))
            .collect();
        let (time, ids) = fixture.add(&new, &[]).await;
        let mut pages = fixture.catalog.partition_pages(PartitionFilter::at(time));
        let mut lengths = Vec::new();
        let mut found = Vec::new();
        loop {
            let page = pages.next_page().await.unwrap();
            if page.is_empty() {
                break;
            }
            lengths.push(page.len());
            found.extend(page);
        }
        assert_eq!(lengths, [1000, 1000, 100]);
        assert_eq!(plain(&found), new);
        let one = partition(0, 21_000, "one");
        fixture.add(std::slice::from_ref(&one), &ids).await;
        assert_eq!(plain(&fixture.active().await), [one]);
        assert_eq!(fixture.seen_at(time).await.len(), 2100);
    })
    .await;
}

#[tokio::test]
async fn partitions_are_found_by_file_while_active() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        catalog.advance().await.unwrap();
        let (_, ids) = fixture
            .add(&[partition(10, 20, "a"), empty(20, 30)], &[])
            .await;
        let found = catalog.partition_by_file("a").await.unwrap().unwrap();
        assert_eq!(
            (found.id, found.partition),
            (ids[0], partition(10, 20, "a"))
        );
        assert!(catalog.partition_by_file("").await.unwrap().is_none());
        catalog.retire_partitions(&ids).await.unwrap();
        assert!(catalog.partition_by_file("a").await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn retired_partitions_are_listed_until_forgotten() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        catalog.advance().await.unwrap();
        let new = [
            partition(10, 20, "a"),
            empty(20, 30),
            partition(30, 40, "c"),
        ];
        let (_, ids) = fixture.add(&new, &[]).await;
        assert_eq!(catalog.retire_partitions(&ids[1..2]).await.unwrap(), 1);
        let first = fixture.snapshot().await;
        assert_eq!(catalog.retire_partitions(&ids[..2]).await.unwrap(), 1);
        let second = fixture.snapshot().await;
        let listed = async |by, limit| -> Vec<_> {
            let retired = catalog.retired_partitions(by, limit).await.unwrap();
            let pairs = retired.into_iter().map(|r| (r.id, r.file));
            pairs.collect()
        };
        let earlier = InsertTime(first.0 - 1);
        assert!(listed(earlier, 10).await.is_empty());
        assert_eq!(listed(first, 10).await, [(ids[1], None)]);
        let both = [(ids[1], None), (ids[0], new[0].file.clone())];
        assert_eq!(listed(second, 10).await, both);
        assert_eq!(listed(second, 1).await, both[..1]);
        // Only retired ones are forgotten.
        assert_eq!(catalog.forget_partitions(&ids).await.unwrap(), 2);
        assert_eq!(catalog.forget_partitions(&ids).await.unwrap(), 0);
        assert!(listed(second, 10).await.is_empty());
        assert_eq!(fixture.active_ids().await, ids[2..]);

        // An id does not come back, also when it was the last one.
        catalog.retire_partitions(&ids).await.unwrap();
        catalog.forget_partitions(&ids).await.unwrap();
        let (_, later) = fixture.add(&[partition(10, 20, "a")], &[]).await;
        assert!(!ids.contains(&later[0]));
    })
    .await;
}
