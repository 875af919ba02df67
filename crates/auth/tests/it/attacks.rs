//! The attack list: what is sent, and what the door answers.
//!
//! Every row is asked twice, since the first time may leave something in a cache, and none may
//! make the server contact anybody but the configured issuers.

mod contents;
mod forms;
mod signatures;

use auth::{Admins, ApiKeys, Authenticator, Config, KeyTiming, RequestView};
use aws_lc_rs::signature::RSA_PKCS1_SHA512;
use serde_json::{Value, json};

use crate::asking::{self, GUARD, Verdict, guarded, oidc_config, verdict};
use crate::issuer::{Issuer, Trap};
use crate::signing::{SigningKey, assemble, base64url, claims, header, now, token, with};

/// One attack, or one request that looks like one.
struct Row {
    name: String,
    /// Values of the authorization header.
    values: Vec<Vec<u8>>,
    expected: Verdict,
}

/// Two issuers, one that is down, an attacker, and the door of a service.
struct World {
    issuer: Issuer,
    other: Issuer,
    down: Issuer,
    trap: Trap,
    rsa: SigningKey,
    /// Published for RS512 only.
    rs512: SigningKey,
    p256: SigningKey,
    p384: SigningKey,
    ed25519: SigningKey,
    /// Of the other issuer.
    foreign: SigningKey,
    /// Published by nobody.
    stolen: SigningKey,
    door: Authenticator,
}

/// The shared secret in the issuer's key set.
const SECRET: &[u8] = b"a symmetric key that should not be published";

const API_KEY: &str = "kM3pQ+/=x";

impl World {
    async fn new() -> Self {
        let rsa = SigningKey::rsa("rsa");
        let rs512 = SigningKey::rsa("rs512");
        let p256 = SigningKey::p256("p256");
        let p384 = SigningKey::p384("p384");
        let ed25519 = SigningKey::ed25519("ed25519");
        let foreign = SigningKey::rsa("foreign");
        let issuer = Issuer::start(&[]).await;
        issuer.publish([
            rsa.jwk(),
            with(rs512.jwk(), "alg", "RS512"),
            p256.jwk(),
            p384.jwk(),
            ed25519.jwk(),
            json!({"kty": "oct", "kid": "oct", "k": base64url(SECRET)}),
        ]);
        let other = Issuer::start(&[&foreign]).await;
        let down = Issuer::stopped(&[]);
        let trap = Trap::start().await;
        let door = door(&issuer, &other, &down);
        Self {
            stolen: SigningKey::rsa("rsa"),
            issuer,
            other,
            down,
            trap,
            rsa,
            rs512,
            p256,
            p384,
            ed25519,
            foreign,
            door,
        }
    }

    fn claims(&self) -> Value {
        claims(&self.issuer.url)
    }

    /// A valid token but for one claim.
    fn claiming(&self, name: &str, value: impl Into<Value>) -> String {
        token(&self.rsa, &with(self.claims(), name, value))
    }

    /// A token with valid claims, and a header and signature of the attacker's choice.
    fn forged(&self, header: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        assemble(&header.to_string(), &self.claims().to_string(), sign)
    }

    async fn ask(&self, values: &[Vec<u8>]) -> Option<Verdict> {
        let headers = asking::headers(values)?;
        let view = RequestView::of_headers(&headers);
        Some(verdict(&guarded(self.door.authenticate(&view)).await))
    }

    async fn check(&self, row: &Row) {
        for time in ["first", "second"] {
            // What no header can carry does not reach the door.
            let found = self.ask(&row.values).await.unwrap_or(Verdict::Refused);
            assert_eq!(found, row.expected, "{}, the {time} time", row.name);
            assert_eq!(
                self.trap.visits(),
                0,
                "{}: the attacker was asked",
                row.name
            );
        }
    }
}

fn door(issuer: &Issuer, other: &Issuer, down: &Issuer) -> Authenticator {
    let keys = json!([{"name": "ci", "key": API_KEY}]).to_string();
    let issuers = [
        (issuer.url.as_str(), "app"),
        (issuer.url.as_str(), "api://app"),
        (other.url.as_str(), "other-app"),
        (down.url.as_str(), "app"),
    ];
    let timing = KeyTiming {
        fetch_timeout: GUARD / 4,
        ..KeyTiming::default()
    };
    let config = Config {
        api_keys: Some(ApiKeys::parse(&keys, &Admins::default()).unwrap()),
        oidc: Some(oidc_config(&issuers, json!({}), timing)),
        admins: Admins::default(),
    };
    config.authenticator()
}

/// A token in an authorization header.
fn row(name: impl Into<String>, token: impl AsRef<str>, expected: Verdict) -> Row {
    let value = format!("Bearer {}", token.as_ref());
    Row {
        name: name.into(),
        values: vec![value.into_bytes()],
        expected,
    }
}

async fn check_all(rows: impl FnOnce(&World) -> Vec<Row>) {
    let world = World::new().await;
    for row in rows(&world) {
        world.check(&row).await;
    }
}

#[tokio::test]
async fn honest_tokens_are_accepted() {
    check_all(signatures::honest).await;
}

#[tokio::test]
async fn the_algorithm_is_not_the_attackers_choice() {
    check_all(signatures::algorithms).await;
}

#[tokio::test]
async fn the_key_is_not_the_attackers_choice() {
    check_all(signatures::keys).await;
}

#[tokio::test]
async fn issuers_are_not_confused() {
    check_all(contents::issuers).await;
}

#[tokio::test]
async fn times_and_audiences_hold() {
    check_all(contents::times_and_audiences).await;
}

#[tokio::test]
async fn claims_of_any_type_and_size_are_decided() {
    check_all(contents::types_and_sizes).await;
}

#[tokio::test]
async fn headers_of_any_form_are_decided() {
    check_all(forms::headers).await;
}

#[tokio::test]
async fn tokens_of_any_form_are_decided() {
    check_all(forms::tokens).await;
}
