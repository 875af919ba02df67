//! The keys of an issuer: when they are fetched, how long they are used, and what happens while
//! the issuer does not answer.

use std::sync::Arc;
use std::time::Duration;

use auth::{Admins, ApiKeys, Authenticator, Config, KeyTiming, Oidc, Provider, RequestView};
use http::StatusCode;
use serde_json::json;
use test_kit::wait_until;
use tokio::task::JoinSet;

use crate::asking::{GUARD, NEVER, Verdict, accepted, ask, guarded, oidc_config, verdict};
use crate::issuer::{Answer, Issuer};
use crate::signing::{SigningKey, claims, token, with};

/// Nothing happens by the clock: a test shortens what it is about.
pub fn patient() -> KeyTiming {
    KeyTiming {
        refresh: NEVER,
        lead: Duration::ZERO,
        stale_max: 2 * NEVER,
        failure_pause: NEVER,
        unknown_key_pause: NEVER,
        connect_timeout: GUARD,
        fetch_timeout: 2 * GUARD,
    }
}

/// Checks every token, since it keeps none.
pub fn oidc(issuers: &[&Issuer], timing: KeyTiming) -> Oidc {
    let issuers: Vec<(&str, &str)> = issuers
        .iter()
        .map(|issuer| (issuer.url.as_str(), "app"))
        .collect();
    let settings = json!({"token_cache_ttl_secs": 0});
    Oidc::new(oidc_config(&issuers, settings, timing), Admins::default())
}

pub fn ann() -> Verdict {
    accepted("ann")
}

#[tokio::test]
async fn nothing_is_fetched_before_a_token_needs_it() {
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    let claims = claims(&issuer.url);
    let oidc = oidc(&[&issuer], patient());
    for token in [
        "k".repeat(690),
        "a.b.c".to_owned(),
        token(&key, &with(claims.clone(), "iss", "https://a.example")),
        token(&key, &with(claims.clone(), "exp", 1)),
        token(&key, &with(claims.clone(), "aud", "x")),
    ] {
        assert_eq!(ask(&oidc, &token).await, Verdict::Refused);
    }
    assert_eq!(issuer.requests(), (0, 0));
    assert_eq!(ask(&oidc, &token(&key, &claims)).await, ann());
    assert_eq!(issuer.requests(), (1, 1));
}

#[tokio::test]
async fn concurrent_first_requests_share_one_fetch() {
    const REQUESTS: u64 = 20;
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    issuer.answer_key_set(Answer::Held);
    let oidc = Arc::new(oidc(&[&issuer], patient()));
    let mut asking = JoinSet::new();
    for _ in 0..REQUESTS {
        // Signatures of this kind are random, so the tokens differ.
        let (oidc, token) = (Arc::clone(&oidc), token(&key, &claims(&issuer.url)));
        asking.spawn(async move { ask(&*oidc, &token).await });
    }
    let all_wait = async || oidc.validations() == REQUESTS && issuer.requests() == (1, 1);
    wait_until(GUARD, all_wait).await.unwrap();
    issuer.release();
    let found = asking.join_all().await;
    assert!(found.iter().all(|found| *found == ann()), "{found:?}");
    assert_eq!(issuer.requests(), (1, 1));
}

#[tokio::test]
async fn a_client_that_goes_away_does_not_stop_the_fetch() {
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    issuer.answer_key_set(Answer::Held);
    let oidc = Arc::new(oidc(&[&issuer], patient()));
    let token = token(&key, &claims(&issuer.url));
    let (asked, sent) = (Arc::clone(&oidc), token.clone());
    let impatient = tokio::spawn(async move { ask(&*asked, &sent).await });
    let is_fetching = async || issuer.requests() == (1, 1);
    wait_until(GUARD, is_fetching).await.unwrap();
    impatient.abort();
    assert!(impatient.await.unwrap_err().is_cancelled());
    issuer.release();
    assert_eq!(ask(&*oidc, &token).await, ann());
    assert_eq!(issuer.requests(), (1, 1));
}

#[tokio::test]
async fn keys_are_fetched_anew_in_time_and_nobody_waits() {
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    let timing = KeyTiming {
        refresh: Duration::from_millis(30),
        lead: NEVER,
        ..patient()
    };
    let oidc = oidc(&[&issuer], timing);
    let token = token(&key, &claims(&issuer.url));
    assert_eq!(ask(&oidc, &token).await, ann());
    // The new keys do not come, and still every request is answered.
    issuer.answer_key_set(Answer::Held);
    let fetches_again = async || {
        assert_eq!(ask(&oidc, &token).await, ann());
        issuer.requests() == (2, 2)
    };
    wait_until(GUARD, fetches_again).await.unwrap();
    // A withdrawn key ends with the fetch.
    issuer.publish([SigningKey::p256("next").jwk()]);
    issuer.release();
    let is_withdrawn = async || ask(&oidc, &token).await == Verdict::Refused;
    wait_until(GUARD, is_withdrawn).await.unwrap();
}

#[tokio::test]
async fn old_keys_are_used_while_the_issuer_is_down() {
    let key = SigningKey::p256("k");
    let mut issuer = Issuer::start(&[&key]).await;
    let timing = KeyTiming {
        refresh: Duration::ZERO,
        failure_pause: Duration::ZERO,
        ..patient()
    };
    let oidc = oidc(&[&issuer], timing);
    let token = token(&key, &claims(&issuer.url));
    assert_eq!(ask(&oidc, &token).await, ann());
    issuer.go_down().await;
    for _ in 0..3 {
        assert_eq!(ask(&oidc, &token).await, ann());
    }
}

#[tokio::test]
async fn an_issuer_that_stopped_answering_delays_nobody_twice() {
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    let timing = KeyTiming {
        refresh: Duration::ZERO,
        failure_pause: Duration::ZERO,
        ..patient()
    };
    let oidc = oidc(&[&issuer], timing);
    let token = token(&key, &claims(&issuer.url));
    assert_eq!(ask(&oidc, &token).await, ann());
    issuer.answer_discovery(Answer::Status(StatusCode::BAD_GATEWAY));
    assert_eq!(ask(&oidc, &token).await, ann());
    // From here on it answers nothing; what is known of it is enough.
    issuer.answer_discovery(Answer::Held);
    for _ in 0..3 {
        assert_eq!(ask(&oidc, &token).await, ann());
    }
    issuer.release();
}

#[tokio::test]
async fn old_keys_are_not_used_for_ever() {
    let key = SigningKey::p256("k");
    let mut issuer = Issuer::start(&[&key]).await;
    let timing = KeyTiming {
        refresh: Duration::ZERO,
        lead: NEVER,
        stale_max: Duration::from_millis(200),
        failure_pause: Duration::ZERO,
        ..patient()
    };
    let oidc = oidc(&[&issuer], timing);
    let token = token(&key, &claims(&issuer.url));
    assert_eq!(ask(&oidc, &token).await, ann());
    issuer.go_down().await;
    let is_outage = async || ask(&oidc, &token).await == Verdict::Outage;
    wait_until(GUARD, is_outage).await.unwrap();
    issuer.come_back().await;
    let is_back = async || ask(&oidc, &token).await == ann();
    wait_until(GUARD, is_back).await.unwrap();
}

#[tokio::test]
async fn after_a_failure_the_issuer_is_left_alone() {
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    issuer.answer_discovery(Answer::Status(StatusCode::INTERNAL_SERVER_ERROR));
    let patient = oidc(&[&issuer], patient());
    let token = token(&key, &claims(&issuer.url));
    for _ in 0..10 {
        assert_eq!(ask(&patient, &token).await, Verdict::Outage);
    }
    assert_eq!(issuer.requests(), (1, 0));
    // Not even its recovery is noticed before the pause ends.
    issuer.answer_discovery(Answer::AsUsual);
    assert_eq!(ask(&patient, &token).await, Verdict::Outage);
    assert_eq!(issuer.requests(), (1, 0));
}

#[tokio::test]
async fn an_issuer_that_comes_back_is_asked_again() {
    let key = SigningKey::p256("k");
    let mut issuer = Issuer::stopped(&[&key]);
    let timing = KeyTiming {
        failure_pause: Duration::from_millis(50),
        ..patient()
    };
    let oidc = oidc(&[&issuer], timing);
    let token = token(&key, &claims(&issuer.url));
    assert_eq!(ask(&oidc, &token).await, Verdict::Outage);
    issuer.come_back().await;
    let is_back = async || ask(&oidc, &token).await == ann();
    wait_until(GUARD, is_back).await.unwrap();
    assert_eq!(issuer.requests(), (1, 1));
}

#[tokio::test]
async fn unknown_key_ids_make_the_issuer_be_asked_once() {
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    let oidc = Arc::new(oidc(&[&issuer], patient()));
    let claims = claims(&issuer.url);
    assert_eq!(ask(&*oidc, &token(&key, &claims)).await, ann());
    let mut asking = JoinSet::new();
    for number in 0..100 {
        let stranger = SigningKey::p256(&format!("stranger {number}"));
        let (oidc, token) = (Arc::clone(&oidc), token(&stranger, &claims));
        asking.spawn(async move { ask(&*oidc, &token).await });
    }
    let found = asking.join_all().await;
    assert!(found.iter().all(|found| *found == Verdict::Refused));
    let latecomer = SigningKey::p256("latecomer");
    let found = ask(&*oidc, &token(&latecomer, &claims)).await;
    assert_eq!(found, Verdict::Refused);
    assert_eq!(issuer.requests(), (2, 2));
    assert_eq!(ask(&*oidc, &token(&key, &claims)).await, ann());
}

#[tokio::test]
async fn a_new_key_is_accepted_at_its_first_use() {
    let (old, new) = (SigningKey::p256("old"), SigningKey::ed25519("new"));
    let issuer = Issuer::start(&[&old]).await;
    let oidc = oidc(&[&issuer], patient());
    let claims = claims(&issuer.url);
    assert_eq!(ask(&oidc, &token(&old, &claims)).await, ann());
    issuer.publish([new.jwk()]);
    assert_eq!(ask(&oidc, &token(&new, &claims)).await, ann());
    assert_eq!(issuer.requests(), (2, 2));
    assert_eq!(ask(&oidc, &token(&old, &claims)).await, Verdict::Refused);
}

#[tokio::test]
async fn whether_a_key_is_unknown_can_not_be_told_during_an_outage() {
    let (old, new) = (SigningKey::p256("old"), SigningKey::p256("new"));
    let mut issuer = Issuer::start(&[&old]).await;
    let timing = KeyTiming {
        failure_pause: Duration::ZERO,
        ..patient()
    };
    let oidc = oidc(&[&issuer], timing);
    let claims = claims(&issuer.url);
    assert_eq!(ask(&oidc, &token(&old, &claims)).await, ann());
    issuer.go_down().await;
    for _ in 0..3 {
        assert_eq!(ask(&oidc, &token(&new, &claims)).await, Verdict::Outage);
        assert_eq!(ask(&oidc, &token(&old, &claims)).await, ann());
    }
    issuer.publish([old.jwk(), new.jwk()]);
    issuer.come_back().await;
    let is_known = async || ask(&oidc, &token(&new, &claims)).await == ann();
    wait_until(GUARD, is_known).await.unwrap();
}

#[tokio::test]
async fn an_issuer_whose_keys_never_stay_is_not_asked_without_end() {
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    issuer.publish_new_keys_every_time();
    let oidc = oidc(&[&issuer], patient());
    for _ in 0..20 {
        let token = token(&key, &claims(&issuer.url));
        assert_eq!(ask(&oidc, &token).await, Verdict::Refused);
    }
    // The first keys, and once those after them.
    assert_eq!(issuer.requests(), (2, 2));
}

#[tokio::test]
async fn an_issuer_that_hangs_concerns_nobody_else() {
    let key = SigningKey::p256("k");
    let (hanging, healthy) = (Issuer::start(&[&key]).await, Issuer::start(&[&key]).await);
    hanging.answer_discovery(Answer::Held);
    let door = door(&[&hanging, &healthy]);
    let mut waiting = JoinSet::new();
    for _ in 0..50 {
        let (door, token) = (door.clone(), token(&key, &claims(&hanging.url)));
        waiting.spawn(async move { ask_door(&door, &token).await });
    }
    let is_asked = async || hanging.requests() == (1, 0);
    wait_until(GUARD, is_asked).await.unwrap();
    let token = token(&key, &claims(&healthy.url));
    assert_eq!(ask_door(&door, &token).await, ann());
    assert_eq!(ask_door(&door, "k1").await, accepted("ci"));
    assert_eq!(ask_door(&door, "k2").await, Verdict::Refused);
    assert!(waiting.try_join_next().is_none(), "they still wait");
    hanging.release();
    let found = waiting.join_all().await;
    assert!(found.iter().all(|found| *found == ann()));
}

#[tokio::test]
async fn a_key_is_refused_and_not_an_outage_while_an_issuer_is_down() {
    let key = SigningKey::p256("k");
    let (down, up) = (Issuer::stopped(&[]), Issuer::start(&[&key]).await);
    let door = door(&[&down, &up]);
    let of_down = token(&key, &claims(&down.url));
    assert_eq!(ask_door(&door, &of_down).await, Verdict::Outage);
    assert_eq!(ask_door(&door, "k2").await, Verdict::Refused);
    assert_eq!(ask_door(&door, "k1").await, accepted("ci"));
    let of_up = token(&key, &claims(&up.url));
    assert_eq!(ask_door(&door, &of_up).await, ann());
}

/// A door that the key `k1` opens, and tokens of `issuers`.
fn door(issuers: &[&Issuer]) -> Authenticator {
    let keys = json!([{"name": "ci", "key": "k1"}]).to_string();
    let issuers: Vec<(&str, &str)> = issuers
        .iter()
        .map(|issuer| (issuer.url.as_str(), "app"))
        .collect();
    let config = Config {
        api_keys: Some(ApiKeys::parse(&keys, &Admins::default()).unwrap()),
        oidc: Some(oidc_config(&issuers, json!({}), patient())),
        admins: Admins::default(),
    };
    config.authenticator()
}

async fn ask_door(door: &Authenticator, token: &str) -> Verdict {
    let view = RequestView::of_token(token);
    verdict(&guarded(door.authenticate(&view)).await)
}

#[tokio::test]
async fn a_provider_can_be_shared_by_doors() {
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    let oidc: Box<dyn Provider> = Box::new(oidc(&[&issuer], patient()));
    let door = Authenticator::chain(vec![oidc]);
    let token = token(&key, &claims(&issuer.url));
    assert_eq!(ask_door(&door.clone(), &token).await, ann());
    assert_eq!(ask_door(&door, &token).await, ann());
    assert_eq!(issuer.requests(), (1, 1));
}
