//! Horizons: what snapshots know of them and what expiry retires.

use catalog::{Error, NewPartition, Snapshot};
use model::InsertTime;

use crate::fixture::{Fixture, for_each_catalog};
use crate::partition_fixture::{partition, plain};

#[tokio::test]
async fn horizons_belong_to_snapshots() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        let start = catalog.advance().await.unwrap();
        let snapshot = |time, expired, archived| Snapshot {
            time,
            expired_before: InsertTime(expired),
            archived_before: InsertTime(archived),
        };
        assert_eq!(
            catalog.current_snapshot().await.unwrap(),
            snapshot(start, 0, 0)
        );
        let archived = catalog
            .archive_blocks(InsertTime(50), &[])
            .await
            .unwrap()
            .unwrap();
        let expired = catalog.expire(InsertTime(30)).await.unwrap();
        assert!(start < archived && archived < expired);
        // A horizon never goes back, and needs no commit to stay.
        for earlier in [30, 29, -1] {
            assert_eq!(catalog.expire(InsertTime(earlier)).await.unwrap(), expired);
            let time = catalog
                .archive_blocks(InsertTime(earlier), &[])
                .await
                .unwrap()
                .unwrap();
            assert_eq!(time, expired);
        }
        let last = catalog.expire(InsertTime(60)).await.unwrap();
        let current = catalog.current_snapshot().await.unwrap();
        assert_eq!(current, snapshot(last, 60, 50));
        for (time, expired_before, archived_before) in [
            (start.0, 0, 0),
            (archived.0 - 1, 0, 0),
            (archived.0, 0, 50),
            (expired.0 - 1, 0, 50),
            (expired.0, 30, 50),
            (last.0, 60, 50),
        ] {
            let at = catalog.snapshot_at(InsertTime(time)).await.unwrap();
            let expected = snapshot(InsertTime(time), expired_before, archived_before);
            assert_eq!(at, expected);
        }
        // What is not over can not expire.
        for result in [
            catalog.expire(InsertTime(last.0 + 2)).await,
            catalog
                .archive_blocks(InsertTime(i64::MAX), &[])
                .await
                .map(Option::unwrap),
        ] {
            assert!(matches!(result.unwrap_err(), Error::OpenRange));
        }
        assert_eq!(catalog.current_snapshot().await.unwrap(), current);
        let all = catalog.expire(InsertTime(last.0 + 1)).await.unwrap();
        assert_eq!(all.0, last.0 + 1);
    })
    .await;
}

#[tokio::test]
async fn expiry_retires_what_lies_before_the_horizon() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        catalog.advance().await.unwrap();
        let new = [
            partition(10, 20, "a"),
            partition(20, 30, "b"),
            partition(30, 40, "c"),
        ];
        let (before, ids) = fixture.add(&new, &[]).await;
        let time = catalog.expire(InsertTime(35)).await.unwrap();
        assert_eq!(fixture.active_ids().await, ids[2..]);
        assert_eq!(plain(&fixture.seen_at(before).await), new);
        let retired = catalog.retired_partitions(time, 10).await.unwrap();
        let retired: Vec<_> = retired.iter().map(|r| r.id).collect();
        assert_eq!(retired, ids[..2]);
        let sooner = InsertTime(time.0 - 1);
        assert!(
            catalog
                .retired_partitions(sooner, 10)
                .await
                .unwrap()
                .is_empty()
        );
        // Nothing comes back before the horizon.
        fixture
            .assert_conflict(&[partition(10, 20, "d")], &[])
            .await;
        fixture
            .assert_conflict(&[partition(34, 50, "d")], &ids[2..])
            .await;
        fixture.add(&[partition(40, 50, "d")], &[]).await;
    })
    .await;
}

#[tokio::test]
async fn partitions_with_the_only_rows_of_blocks_stay() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        catalog.advance().await.unwrap();
        let blocks = |begin, end| NewPartition {
            view_set: "blocks".to_owned(),
            ..partition(begin, end, &format!("blocks-{begin}-{end}"))
        };
        let (_, ids) = fixture.add(&[blocks(0, 10), blocks(10, 20)], &[]).await;
        let (_, others) = fixture.add(&[partition(0, 20, "log")], &[]).await;
        // A partition that is gone holds nothing.
        assert_eq!(catalog.retire_partitions(&ids[1..]).await.unwrap(), 1);
        let refused = catalog.archive_blocks(InsertTime(20), &ids).await.unwrap();
        assert_eq!(refused, None);
        let current = catalog.current_snapshot().await.unwrap();
        assert_eq!(current.archived_before, InsertTime(0));
        let archived = catalog.archive_blocks(InsertTime(10), &ids[..1]).await;
        assert!(archived.unwrap().is_some());

        let both = [ids[0], others[0]];
        let error = catalog.retire_partitions(&both).await.unwrap_err();
        assert!(matches!(error, Error::HoldsArchivedBlocks), "{error}");
        assert_eq!(fixture.active_ids().await, both);
        assert_eq!(catalog.retire_partitions(&others).await.unwrap(), 1);
        // Another partition may take their place, and what expires may go.
        let (_, ids) = fixture.add(&[blocks(0, 15)], &ids[..1]).await;
        catalog.expire(InsertTime(15)).await.unwrap();
        assert_eq!(fixture.active_ids().await, []);
        assert_eq!(catalog.retire_partitions(&ids).await.unwrap(), 0);
    })
    .await;
}
