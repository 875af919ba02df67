//! The rules of the query deny list.

use catalog::{Catalog, Error, NewDenial, StoredDenial};
use model::DenialId;
use uuid::Uuid;

use crate::fixture::{Fixture, NOW, for_each_catalog};

const LIMIT: usize = 100;

fn rule(number: usize) -> NewDenial {
    NewDenial {
        created_by: "ann".to_owned(),
        reason: format!("reason {number} \u{1f680}"),
        match_expr: format!("email = 'user {number}'"),
    }
}

async fn insert(catalog: &Catalog, number: usize) -> StoredDenial {
    catalog.insert_denial(rule(number)).await.unwrap()
}

#[tokio::test]
async fn rules_come_back_oldest_first() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        assert_eq!(catalog.denials().await.unwrap(), []);
        let first = insert(catalog, 1).await;
        assert_eq!(
            first,
            StoredDenial {
                rule_id: first.rule_id,
                created_at: NOW,
                created_by: "ann".to_owned(),
                reason: "reason 1 \u{1f680}".to_owned(),
                match_expr: "email = 'user 1'".to_owned(),
                last_hit_at: None,
            }
        );
        // Another process whose clock is behind.
        fixture.set_clock(NOW - 1_000_000_000);
        let second = insert(&fixture.another_catalog().await, 2).await;
        assert!(second.created_at > first.created_at);
        let expected = [first.clone(), second.clone()];
        assert_eq!(catalog.denials().await.unwrap(), expected);

        assert!(catalog.remove_denial(first.rule_id).await.unwrap());
        assert!(!catalog.remove_denial(first.rule_id).await.unwrap());
        assert_eq!(catalog.denials().await.unwrap(), [second]);
    })
    .await;
}

#[tokio::test]
async fn long_names_are_cut_and_nul_is_replaced() {
    for_each_catalog(async |fixture: &Fixture| {
        let stored = fixture
            .catalog
            .insert_denial(NewDenial {
                created_by: "é".repeat(300),
                reason: "a\0b".to_owned(),
                match_expr: "sql = 'a\0b'".to_owned(),
            })
            .await
            .unwrap();
        assert_eq!(stored.created_by, "é".repeat(255));
        assert_eq!(stored.reason, "a\u{fffd}b");
        assert_eq!(fixture.catalog.denials().await.unwrap(), [stored]);
    })
    .await;
}

#[tokio::test]
async fn hits_never_move_back() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        let (hit, other) = (insert(catalog, 1).await, insert(catalog, 2).await);
        let gone = DenialId::new(Uuid::from_u128(7));
        for (times, expected) in [
            (vec![], None),
            (vec![(gone, NOW)], None),
            (vec![(hit.rule_id, NOW + 5), (gone, NOW)], Some(NOW + 5)),
            (vec![(hit.rule_id, NOW + 3)], Some(NOW + 5)),
            (
                vec![(hit.rule_id, NOW + 7), (hit.rule_id, NOW + 6)],
                Some(NOW + 7),
            ),
        ] {
            catalog.record_denial_hits(&times).await.unwrap();
            let rules = catalog.denials().await.unwrap();
            let last_hits: Vec<_> = rules.iter().map(|rule| rule.last_hit_at).collect();
            assert_eq!(last_hits, [expected, None], "{times:?}");
            assert_eq!(rules[1], other);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn there_are_never_more_than_the_limit() {
    for_each_catalog(async |fixture: &Fixture| {
        for number in 0..LIMIT - 4 {
            insert(&fixture.catalog, number).await;
        }
        let tasks = (0..8).map(|number| {
            let catalog = fixture.catalog.clone();
            tokio::spawn(async move { catalog.insert_denial(rule(number)).await })
        });
        let mut refused = 0;
        for task in tasks.collect::<Vec<_>>() {
            if let Err(error) = task.await.unwrap() {
                assert!(matches!(error, Error::TooManyDenials { limit: 100 }));
                assert!(!error.is_retryable());
                refused += 1;
            }
        }
        let rules = fixture.catalog.denials().await.unwrap();
        assert_eq!((rules.len(), refused), (LIMIT, 4));
        assert!(
            rules.is_sorted_by(|one, next| one.created_at < next.created_at),
            "creation times tell them apart"
        );
        let oldest = rules[0].rule_id;
        assert!(fixture.catalog.remove_denial(oldest).await.unwrap());
        insert(&fixture.catalog, LIMIT).await;
    })
    .await;
}
