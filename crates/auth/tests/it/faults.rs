//! Issuers that answer what they should not: an outage with a reason, and no request to anybody
//! else.

use std::time::Duration;

use auth::KeyTiming;
use http::StatusCode;

use crate::asking::{Verdict, ask, reason};
use crate::issuer::{Answer, Issuer, Trap, discovery_document};
use crate::keys::{ann, oidc, patient};
use crate::signing::{SigningKey, claims, token};

/// Asks a few times while `break_it` holds, then after `mend_it`.
async fn check(
    name: &str,
    expected: &str,
    break_it: impl FnOnce(&Issuer, &Trap),
    requests: (u64, u64),
) {
    let key = SigningKey::p256("k");
    let (issuer, trap) = (Issuer::start(&[&key]).await, Trap::start().await);
    let timing = KeyTiming {
        failure_pause: Duration::ZERO,
        fetch_timeout: Duration::from_millis(500),
        ..patient()
    };
    let oidc = oidc(&[&issuer], timing);
    let token = token(&key, &claims(&issuer.url));
    break_it(&issuer, &trap);
    assert_eq!(ask(&oidc, &token).await, Verdict::Outage, "{name}");
    assert_eq!(issuer.requests(), requests, "{name}");
    let reason = reason(&oidc, &token).await;
    assert!(reason.contains(expected), "{name}: {reason}");
    assert_eq!(trap.visits(), 0, "{name}: somebody else was asked");
    issuer.answer_discovery(Answer::AsUsual);
    issuer.answer_key_set(Answer::AsUsual);
    issuer.name_key_set(None);
    issuer.publish([key.jwk()]);
    assert_eq!(ask(&oidc, &token).await, ann(), "{name}, mended");
}

/// Whatever is wrong with one of the two documents.
#[tokio::test]
async fn either_document_can_be_wrong() {
    type Fault = (&'static str, fn(&Trap) -> Answer, [&'static str; 2]);
    let faults: [Fault; 9] = [
        ("hangs", |_| Answer::Held, ["no answer within"; 2]),
        (
            "redirects",
            |trap| Answer::Redirect(format!("{}/x", trap.url)),
            ["answers 307"; 2],
        ),
        (
            "is large",
            |_| Answer::Large { is_chunked: false },
            ["larger than"; 2],
        ),
        (
            "is large, of unknown length",
            |_| Answer::Large { is_chunked: true },
            ["larger than"; 2],
        ),
        (
            "is HTML",
            |_| Answer::Text("<html>login</html>".into()),
            ["not one: expected value", "the key set is not one"],
        ),
        (
            "is another object",
            |_| Answer::Text("{}".into()),
            ["missing field `issuer`", "the key set is not one"],
        ),
        (
            "is empty",
            |_| Answer::Text(String::new()),
            ["not one: EOF", "the key set is not one"],
        ),
        (
            "fails",
            |_| Answer::Status(StatusCode::INTERNAL_SERVER_ERROR),
            ["answers 500"; 2],
        ),
        (
            "is another success",
            |_| Answer::Status(StatusCode::ACCEPTED),
            ["answers 202"; 2],
        ),
    ];
    for (name, answer, [discovery, key_set]) in faults {
        let name_of = |document| format!("{document} {name}");
        check(
            &name_of("discovery"),
            discovery,
            |issuer, trap| issuer.answer_discovery(answer(trap)),
            (1, 0),
        )
        .await;
        check(
            &name_of("key set"),
            key_set,
            |issuer, trap| issuer.answer_key_set(answer(trap)),
            (1, 1),
        )
        .await;
    }
}

#[tokio::test]
async fn a_discovery_document_must_be_the_issuers() {
    for other in ["https://accounts.example", "", "{url}/", "{URL}"] {
        let named = |issuer: &Issuer| {
            let upper = issuer.url.to_uppercase();
            other.replace("{url}", &issuer.url).replace("{URL}", &upper)
        };
        check(
            other,
            "that of another issuer",
            |issuer, trap| {
                let document = discovery_document(&named(issuer), &trap.url);
                issuer.answer_discovery(Answer::Text(document));
            },
            (1, 0),
        )
        .await;
    }
}

#[tokio::test]
async fn a_discovery_document_can_not_send_the_server_anywhere() {
    let insecure = "names a key set that is not on https";
    // Each but the last leads to the attacker's server, if it is followed.
    for (url, expected) in [
        ("http://[::ffff:127.0.0.1]:{port}/keys", insecure),
        ("http://0.0.0.0:{port}/keys", insecure),
        ("http://127.0.0.1.example:{port}/keys", insecure),
        ("http://user@0:{port}/keys", insecure),
        ("ftp://127.0.0.1:{port}/keys", insecure),
        ("file:///etc/passwd", insecure),
        ("data:application/json,{}", insecure),
        ("//127.0.0.1:{port}/keys", "jwks_uri is not a URL"),
        ("/keys", "jwks_uri is not a URL"),
        ("", "jwks_uri is not a URL"),
    ] {
        check(
            url,
            expected,
            |issuer, trap| {
                let port = trap.address.port().to_string();
                issuer.name_key_set(Some(url.replace("{port}", &port)));
            },
            (1, 0),
        )
        .await;
    }
}

#[tokio::test]
async fn a_key_set_needs_a_key_that_can_check_something() {
    let unusable = serde_json::json!([
        {"kty": "oct", "kid": "k", "k": "c2VjcmV0"},
        {"kty": "RSA", "kid": "k", "n": "AQAB", "e": "AQAB"},
        {"kty": "EC", "crv": "secp256k1", "kid": "k", "x": "AA", "y": "AA"},
        null,
    ]);
    for keys in [Vec::new(), unusable.as_array().unwrap().clone()] {
        let name = format!("{} keys", keys.len());
        let publish = |issuer: &Issuer, _: &Trap| issuer.publish(keys);
        check(&name, "no key that can check a token", publish, (1, 1)).await;
    }
}
