//! Valid tokens, changed a little: never accepted, never a panic.

use auth::{Admins, ApiKeys, Authenticator, Config, KeyTiming, RequestView};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config as Runs, TestRunner};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::asking::{Verdict, accepted, guarded, headers, oidc_config, verdict};
use crate::issuer::Issuer;
use crate::signing::{SigningKey, claims, token};

struct World {
    runtime: Runtime,
    /// Ends with the test.
    _issuer: Issuer,
    door: Authenticator,
    tokens: Vec<String>,
}

impl World {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let keys = [
            SigningKey::rsa("rsa"),
            SigningKey::p256("p256"),
            SigningKey::p384("p384"),
            SigningKey::ed25519("ed25519"),
        ];
        let issuer = runtime.block_on(Issuer::start(&keys.each_ref()));
        let tokens = keys.iter().map(|key| token(key, &claims(&issuer.url)));
        let issuers = [(issuer.url.as_str(), "app")];
        let api_keys = json!([{"name": "ci", "key": "k".repeat(690)}]).to_string();
        let config = Config {
            api_keys: Some(ApiKeys::parse(&api_keys, &Admins::default()).unwrap()),
            oidc: Some(oidc_config(&issuers, json!({}), KeyTiming::default())),
            admins: Admins::default(),
        };
        Self {
            tokens: tokens.collect(),
            door: config.authenticator(),
            _issuer: issuer,
            runtime,
        }
    }

    /// `None` if no header can carry it.
    fn ask(&self, token: &[u8]) -> Option<Verdict> {
        let headers = headers(&[[b"Bearer ", token].concat()])?;
        let view = RequestView::of_headers(&headers);
        let outcome = self
            .runtime
            .block_on(guarded(self.door.authenticate(&view)));
        Some(verdict(&outcome))
    }
}

#[test]
fn one_bit_makes_every_token_invalid() {
    let world = World::new();
    for token in &world.tokens {
        assert_eq!(world.ask(token.as_bytes()), Some(accepted("ann")));
        for position in 0..token.len() * 8 {
            let mut changed = token.clone().into_bytes();
            changed[position / 8] ^= 1 << (position % 8);
            let found = world.ask(&changed).unwrap_or(Verdict::Refused);
            assert_eq!(found, Verdict::Refused, "bit {position} of {token}");
        }
        assert_eq!(world.ask(token.as_bytes()), Some(accepted("ann")));
    }
}

/// One change of a text of bytes.
#[derive(Debug, Clone)]
enum Edit {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, Index),
    Repeat(Index, Index),
    Swap(Index, Index),
    /// A part of another token in the place of one.
    Transplant(Index, Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    // What tokens are made of comes more often than what they are not.
    let byte = || {
        prop_oneof![
            prop::sample::select(b"ABCxyz019-_.=+/ ".to_vec()),
            any::<u8>()
        ]
    };
    let index = any::<Index>;
    prop_oneof![
        (index(), byte()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        (index(), prop::collection::vec(byte(), 1..20)).prop_map(|(at, new)| Edit::Insert(at, new)),
        (index(), index()).prop_map(|(from, to)| Edit::Remove(from, to)),
        (index(), index()).prop_map(|(from, to)| Edit::Repeat(from, to)),
        (index(), index()).prop_map(|(one, two)| Edit::Swap(one, two)),
        (index(), index()).prop_map(|(part, token)| Edit::Transplant(part, token)),
    ]
}

fn apply(edit: &Edit, bytes: &mut Vec<u8>, tokens: &[String]) {
    if bytes.is_empty() {
        return;
    }
    let range = |from: &Index, to: &Index| {
        let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
        from.min(to)..from.max(to)
    };
    match edit {
        Edit::Replace(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Edit::Insert(at, new) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, new.iter().copied());
        }
        Edit::Remove(from, to) => {
            let range = range(from, to);
            bytes.drain(range);
        }
        Edit::Repeat(from, to) => {
            let range = range(from, to);
            let copy = bytes[range.clone()].to_vec();
            bytes.splice(range.end..range.end, copy);
        }
        Edit::Swap(one, two) => {
            let (one, two) = (one.index(bytes.len()), two.index(bytes.len()));
            bytes.swap(one, two);
        }
        Edit::Transplant(part, token) => {
            let other: Vec<&[u8]> = token.get(tokens).as_bytes().split(is_dot).collect();
            let mut parts: Vec<&[u8]> = bytes.split(is_dot).collect();
            let at = part.index(parts.len());
            parts[at] = other.get(at).copied().unwrap_or_default();
            *bytes = parts.join(&b'.');
        }
    }
}

fn is_dot(byte: &u8) -> bool {
    *byte == b'.'
}

#[test]
fn edited_tokens_are_not_accepted() {
    let world = World::new();
    let strategy = (any::<Index>(), prop::collection::vec(edit(), 1..5));
    let run = TestRunner::new(Runs::with_cases(3_000)).run(&strategy, |(token, edits)| {
        let mut bytes = token.get(&world.tokens).clone().into_bytes();
        for edit in &edits {
            apply(edit, &mut bytes, &world.tokens);
        }
        let is_one = world
            .tokens
            .iter()
            .any(|token| token.as_bytes() == bytes.trim_ascii());
        let found = world.ask(&bytes).unwrap_or(Verdict::Refused);
        prop_assert!(is_one || found == Verdict::Refused, "{found:?}");
        Ok(())
    });
    run.unwrap();
}

#[test]
fn random_bytes_are_not_accepted() {
    let world = World::new();
    let parts = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6);
    let run = TestRunner::new(Runs::with_cases(2_000)).run(&parts, |parts| {
        let plain = parts.join(&b'.');
        let encoded: Vec<String> = parts.iter().map(crate::signing::base64url).collect();
        for bytes in [plain, encoded.join(".").into_bytes()] {
            let found = world.ask(&bytes).unwrap_or(Verdict::Refused);
            prop_assert_eq!(found, Verdict::Refused);
        }
        Ok(())
    });
    run.unwrap();
}
