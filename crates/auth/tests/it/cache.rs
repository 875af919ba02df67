//! The cache of validated tokens: bounded, shared, and never a longer life for a token.

use std::sync::Arc;

use auth::{Admins, KeyTiming, Oidc};
use serde_json::{Value, json};
use test_kit::wait_until;
use tokio::task::JoinSet;

use crate::asking::{GUARD, Verdict, accepted, ask, oidc_config};
use crate::issuer::{Answer, Issuer};
use crate::keys::{ann, patient};
use crate::signing::{SigningKey, claims, now, token, with};

fn oidc(issuer: &Issuer, settings: Value, timing: KeyTiming) -> Oidc {
    let config = oidc_config(&[(&issuer.url, "app")], settings, timing);
    Oidc::new(config, Admins::default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_tokens_than_fit_are_all_accepted() {
    const REQUESTS: usize = 100_000;
    const TOKENS: usize = 5_000;
    const ENTRIES: u64 = 1_000;
    const TASKS: usize = 20;
    let key = SigningKey::ed25519("k");
    let issuer = Issuer::start(&[&key]).await;
    let settings = json!({"token_cache_size": ENTRIES});
    let oidc = Arc::new(oidc(&issuer, settings, patient()));
    let claims = claims(&issuer.url);
    let tokens =
        (0..TOKENS).map(|number| token(&key, &with(claims.clone(), "sub", number.to_string())));
    let tokens: Arc<Vec<String>> = Arc::new(tokens.collect());
    let mut asking = JoinSet::new();
    for task in 0..TASKS {
        let (oidc, tokens) = (Arc::clone(&oidc), Arc::clone(&tokens));
        asking.spawn(async move {
            for request in 0..REQUESTS / TASKS {
                // A stride without a common factor visits all of them, out of order.
                let number = (task * 31 + request * 1_237) % TOKENS;
                let found = ask(&*oidc, &tokens[number]).await;
                assert_eq!(found, accepted(&number.to_string()));
            }
        });
    }
    asking.join_all().await;
    oidc.settle_cache().await;
    assert!((1..=ENTRIES).contains(&oidc.cached_tokens()));
    assert!((TOKENS as u64..=REQUESTS as u64).contains(&oidc.validations()));
    assert_eq!(issuer.requests(), (1, 1));
}

#[tokio::test]
async fn a_token_is_validated_once() {
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    issuer.answer_key_set(Answer::Held);
    let oidc = Arc::new(oidc(&issuer, json!({}), patient()));
    let token = token(&key, &claims(&issuer.url));
    let mut asking = JoinSet::new();
    for _ in 0..50 {
        let (oidc, token) = (Arc::clone(&oidc), token.clone());
        asking.spawn(async move { ask(&*oidc, &token).await });
    }
    let is_fetching = async || issuer.requests() == (1, 1);
    wait_until(GUARD, is_fetching).await.unwrap();
    issuer.release();
    let found = asking.join_all().await;
    assert!(found.iter().all(|found| *found == ann()));
    assert_eq!(ask(&*oidc, &token).await, ann());
    assert_eq!(oidc.validations(), 1);
}

#[tokio::test]
async fn refusals_and_outages_are_not_kept() {
    let (old, new) = (SigningKey::p256("old"), SigningKey::p256("new"));
    let mut issuer = Issuer::stopped(&[&old]);
    let timing = KeyTiming {
        failure_pause: std::time::Duration::ZERO,
        unknown_key_pause: std::time::Duration::ZERO,
        ..patient()
    };
    let oidc = oidc(&issuer, json!({}), timing);
    let token = token(&new, &claims(&issuer.url));
    assert_eq!(ask(&oidc, &token).await, Verdict::Outage);
    issuer.come_back().await;
    assert_eq!(ask(&oidc, &token).await, Verdict::Refused);
    assert_eq!(ask(&oidc, &token).await, Verdict::Refused);
    issuer.publish([old.jwk(), new.jwk()]);
    assert_eq!(ask(&oidc, &token).await, ann());
    assert_eq!(oidc.validations(), 4);
    assert_eq!(ask(&oidc, &token).await, ann());
    assert_eq!(oidc.validations(), 4);
}

#[tokio::test]
async fn a_cache_may_be_off() {
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    for setting in ["token_cache_ttl_secs", "token_cache_size"] {
        let oidc = oidc(&issuer, json!({setting: 0}), patient());
        let token = token(&key, &claims(&issuer.url));
        for time in 1..=5 {
            assert_eq!(ask(&oidc, &token).await, ann());
            oidc.settle_cache().await;
            assert_eq!(oidc.validations(), time, "{setting}");
        }
        // One that has timed out may stay for a moment; it is not used.
        assert!(oidc.cached_tokens() <= 1);
    }
}

#[tokio::test]
async fn a_token_in_its_last_seconds_is_checked_every_time_until_it_ends() {
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    let oidc = oidc(&issuer, json!({}), patient());
    let expiring = |seconds: i64| token(&key, &with(claims(&issuer.url), "exp", now() + seconds));
    let soon = expiring(20);
    for time in 1..=3 {
        assert_eq!(ask(&oidc, &soon).await, ann());
        assert_eq!(oidc.validations(), time);
    }
    // At least three whole seconds.
    let sooner = expiring(4);
    assert_eq!(ask(&oidc, &sooner).await, ann());
    let has_ended = async || ask(&oidc, &sooner).await == Verdict::Refused;
    wait_until(GUARD, has_ended).await.unwrap();
}

#[tokio::test]
async fn tokens_that_differ_in_one_letter_are_different() {
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    let oidc = oidc(&issuer, json!({}), patient());
    let token = token(&key, &claims(&issuer.url));
    assert_eq!(ask(&oidc, &token).await, ann());
    let (start, last) = token.split_at(token.len() - 2);
    let other = if last == "AA" { "BA" } else { "AA" };
    assert_eq!(
        ask(&oidc, &format!("{start}{other}")).await,
        Verdict::Refused
    );
    assert_eq!(ask(&oidc, &format!(" {token} ")).await, ann());
    assert_eq!(oidc.validations(), 2);
}
