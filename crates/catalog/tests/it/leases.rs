//! Leases.

use std::time::Duration;

use crate::fixture::{Fixture, NOW, for_each_catalog};

#[tokio::test]
async fn one_holder_at_a_time_until_it_expires_or_is_released() {
    const TTL: Duration = Duration::from_secs(10);
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        let acquire = async |name: &str, holder: &str| {
            catalog.acquire_lease(name, holder, TTL).await.unwrap()
        };
        assert!(acquire("merge", "a").await);
        assert!(acquire("other", "b").await);
        assert!(!acquire("merge", "b").await);
        fixture.set_clock(NOW + 9_000_000_000);
        assert!(acquire("merge", "a").await, "the holder renews");
        fixture.set_clock(NOW + 18_000_000_000);
        assert!(!acquire("merge", "b").await);
        fixture.set_clock(NOW + 19_000_000_000);
        assert!(acquire("merge", "b").await, "expired");
        assert!(!acquire("merge", "a").await);
        catalog.release_lease("merge", "a").await.unwrap();
        assert!(!acquire("merge", "a").await, "not the holder's release");
        catalog.release_lease("merge", "b").await.unwrap();
        assert!(acquire("merge", "a").await);
        assert!(
            catalog
                .acquire_lease("long", "a", Duration::MAX)
                .await
                .unwrap()
        );
        assert!(acquire("nul\0", "a\0").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_gets_it() {
    for_each_catalog(async |fixture: &Fixture| {
        let tasks = (0..8).map(|number| {
            let catalog = fixture.catalog.clone();
            let holder = format!("holder-{number}");
            tokio::spawn(async move {
                let minute = Duration::from_secs(60);
                catalog.acquire_lease("one", &holder, minute).await.unwrap()
            })
        });
        let mut holders = 0;
        for task in tasks.collect::<Vec<_>>() {
            holders += usize::from(task.await.unwrap());
        }
        assert_eq!(holders, 1);
    })
    .await;
}
