//! Which objects of the store are known.

use std::collections::HashSet;

use crate::fixture::{Fixture, block, for_each_catalog};
use crate::partition_fixture::{empty, partition};

fn set(keys: &[&str]) -> HashSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

#[tokio::test]
async fn segments_are_known_by_their_keys() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.commit(&[block(1, 1)]).await;
        fixture.commit(&[block(2, 1)]).await;
        let catalog = &fixture.catalog;
        let (first, second) = ("segments/000000.seg", "segments/000001.seg");
        for (keys, expected) in [
            (vec![], set(&[])),
            (vec![second], set(&[second])),
            (
                vec!["x", first, "segments/000002.seg", second],
                set(&[first, second]),
            ),
        ] {
            let recorded = catalog.recorded_segments(&keys).await.unwrap();
            assert_eq!(recorded, expected);
        }
        // More than one statement asks for.
        let many: Vec<String> = (0..1000).map(|n| format!("segments/{n:06}.seg")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let recorded = catalog.recorded_segments(&many).await.unwrap();
        assert_eq!(recorded, set(&[first, second]));
    })
    .await;
}

#[tokio::test]
async fn files_of_partitions_are_known_until_they_are_forgotten() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        let new = [partition(0, 10, "a"), partition(10, 20, "b"), empty(20, 30)];
        let (_, ids) = fixture.add(&new, &[]).await;
        let known = async || catalog.recorded_partitions(&["a", "b", "c"]).await.unwrap();
        assert_eq!(known().await, set(&["a", "b"]));
        catalog.retire_partitions(&ids[..1]).await.unwrap();
        assert_eq!(known().await, set(&["a", "b"]));
        catalog.forget_partitions(&ids).await.unwrap();
        assert_eq!(known().await, set(&["b"]));
        assert!(catalog.recorded_partitions(&[]).await.unwrap().is_empty());
    })
    .await;
}
