//! The keys that an issuer signs with.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

use super::token::{ALGORITHMS, Quoted, Token, TokenError};

/// More keys are ignored: a token without a key id tries them all.
const KEYS_MAX: usize = 64;

/// RSA keys of other sizes are too weak, or too slow to check.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
const EXPONENT_BYTES_MAX: usize = 8;

const RSA: &[Algorithm] = &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512];

/// The usable keys of a JSON Web Key Set.
pub(crate) struct KeySet(Vec<Key>);

struct Key {
    id: Option<String>,
    /// What a signature with this key may be.
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Keys for other purposes, of unknown kinds or malformed are left out. `None` if the
    /// document is no key set.
    pub(crate) fn parse(json: &[u8]) -> Option<Self> {
        let document: Document = serde_json::from_slice(json).ok()?;
        let keys = document.keys.into_iter().filter_map(|value| {
            let jwk: Jwk = serde_json::from_value(value).ok()?;
            jwk.into_key()
        });
        Some(Self(keys.take(KEYS_MAX).collect()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Key ids, for the one who looks for a missing one.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|key| key.id.as_deref())
    }

    /// Whether a key has the id that the token names. A token without an id fits any set.
    pub(crate) fn knows(&self, key_id: Option<&str>) -> bool {
        self.candidates(key_id).next().is_some()
    }

    /// # Errors
    /// No key has the token's key id, none may be used with its algorithm, or the signature is
    /// wrong.
    pub(crate) fn verify(&self, token: &Token<'_>) -> Result<(), TokenError> {
        let key_id = token.key_id.as_deref();
        if !self.knows(key_id) {
            return Err(TokenError::UnknownKey(Quoted::new(key_id.unwrap_or(""))));
        }
        let mut fits = false;
        for key in self.candidates(key_id) {
            if key.algorithms.contains(&token.algorithm) {
                fits = true;
                if key.verifies(token) {
                    return Ok(());
                }
            }
        }
        Err(if fits {
            TokenError::Signature
        } else {
            TokenError::NoFittingKey(token.algorithm)
        })
    }

    fn candidates(&self, key_id: Option<&str>) -> impl Iterator<Item = &Key> {
        let fits = move |key: &&Key| key_id.is_none() || key.id.as_deref() == key_id;
        self.0.iter().filter(fits)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Key {
    fn verifies(&self, token: &Token<'_>) -> bool {
        let message = token.message.as_bytes();
        jsonwebtoken::crypto::verify(token.signature, message, &self.key, token.algorithm)
            .unwrap_or(false)
    }
}

impl Jwk {
    fn into_key(self) -> Option<Key> {
        let is_for_signatures = self.r#use.as_deref().is_none_or(|usage| usage == "sig");
        let operations = self.key_ops.as_deref();
        let verifies = operations.is_none_or(|all| all.iter().any(|one| one == "verify"));
        if !is_for_signatures || !verifies {
            return None;
        }
        let (key, possible) = self.public_key()?;
        let algorithms = match &self.alg {
            None => possible.to_vec(),
            Some(name) => {
                let (_, algorithm) = ALGORITHMS.iter().find(|(known, _)| known == name)?;
                possible.contains(algorithm).then(|| vec![*algorithm])?
            }
        };
        Some(Key {
            id: self.kid,
            algorithms,
            key,
        })
    }

    /// The key, and what its kind can sign with.
    fn public_key(&self) -> Option<(DecodingKey, &'static [Algorithm])> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Some((self.rsa()?, RSA)),
            ("EC", Some("P-256")) => Some((self.elliptic_curve(32)?, &[Algorithm::ES256])),
            ("EC", Some("P-384")) => Some((self.elliptic_curve(48)?, &[Algorithm::ES384])),
            ("OKP", Some("Ed25519")) => {
                let x = decoded(self.x.as_deref()?).filter(|x| x.len() == 32)?;
                Some((DecodingKey::from_ed_der(&x), &[Algorithm::EdDSA]))
            }
            _ => None,
        }
    }

    fn rsa(&self) -> Option<DecodingKey> {
        let modulus = decoded(self.n.as_deref()?)?;
        let exponent = decoded(self.e.as_deref()?)?;
        let significant = modulus.iter().skip_while(|byte| **byte == 0).count();
        let usable = MODULUS_BYTES.contains(&significant)
            && (1..=EXPONENT_BYTES_MAX).contains(&exponent.len());
        usable.then(|| DecodingKey::from_rsa_raw_components(&modulus, &exponent))
    }

    fn elliptic_curve(&self, coordinate_bytes: usize) -> Option<DecodingKey> {
        let (x, y) = (self.x.as_deref()?, self.y.as_deref()?);
        let is_whole =
            |text: &str| decoded(text).is_some_and(|bytes| bytes.len() == coordinate_bytes);
        if !is_whole(x) || !is_whole(y) {
            return None;
        }
        DecodingKey::from_ec_components(x, y).ok()
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rsa(bytes: usize) -> serde_json::Value {
        let modulus = URL_SAFE_NO_PAD.encode(vec![0xC5; bytes]);
        json!({"kty": "RSA", "kid": "k", "n": modulus, "e": "AQAB"})
    }

    fn usable(key: serde_json::Value) -> Option<Vec<Algorithm>> {
        let document = json!({"keys": [key]}).to_string();
        let set = KeySet::parse(document.as_bytes()).unwrap();
        set.0.into_iter().next().map(|key| key.algorithms)
    }

    fn with(mut key: serde_json::Value, name: &str, value: serde_json::Value) -> serde_json::Value {
        key[name] = value;
        key
    }

    #[test]
    fn the_kind_of_the_key_decides_about_algorithms() {
        let coordinate = |bytes: usize| URL_SAFE_NO_PAD.encode(vec![7; bytes]);
        let ec = |curve: &str, bytes: usize| json!({"kty": "EC", "crv": curve, "x": coordinate(bytes), "y": coordinate(bytes)});
        let ed = |bytes: usize| json!({"kty": "OKP", "crv": "Ed25519", "x": coordinate(bytes)});
        let alg = |key, name: &str| with(key, "alg", json!(name));
        for (key, expected) in [
            (rsa(256), Some(RSA.to_vec())),
            (alg(rsa(256), "RS384"), Some(vec![Algorithm::RS384])),
            (ec("P-256", 32), Some(vec![Algorithm::ES256])),
            (ec("P-384", 48), Some(vec![Algorithm::ES384])),
            (ed(32), Some(vec![Algorithm::EdDSA])),
            (alg(rsa(256), "HS256"), None),
            (alg(rsa(256), "PS256"), None),
            (alg(rsa(256), "ES256"), None),
            (alg(rsa(256), "RSA-OAEP"), None),
            (alg(ec("P-256", 32), "ES384"), None),
            (ec("P-521", 66), None),
            (ec("P-256", 31), None),
            (ed(33), None),
            (json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}), None),
        ] {
            assert_eq!(usable(key.clone()), expected, "{key}");
        }
    }

    #[test]
    fn keys_for_other_purposes_and_weak_keys_are_left_out() {
        for (key, is_usable) in [
            (with(rsa(256), "use", json!("sig")), true),
            (with(rsa(256), "use", json!("enc")), false),
            (with(rsa(256), "key_ops", json!(["verify"])), true),
            (with(rsa(256), "key_ops", json!(["encrypt"])), false),
            (rsa(128), false),
            (rsa(1024), true),
            (rsa(1025), false),
            (with(rsa(256), "e", json!("")), false),
            (with(rsa(256), "e", json!("*")), false),
            (with(rsa(256), "n", json!(5)), false),
            (with(rsa(256), "kid", json!(5)), false),
            (json!({"kid": "k"}), false),
            (json!("text"), false),
        ] {
            assert_eq!(usable(key.clone()).is_some(), is_usable, "{key}");
        }
    }

    #[test]
    fn a_set_is_bounded_and_one_bad_key_spoils_nothing() {
        let mut keys = vec![json!({"kty": "future"}), json!(null)];
        keys.extend((0..200).map(|id| with(rsa(256), "kid", json!(format!("k{id}")))));
        let set = KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
        assert_eq!(set.ids().count(), KEYS_MAX);
        assert!(set.knows(Some("k0")) && set.knows(None) && !set.knows(Some("k")));
        for wrong in ["", "[]", "{}", r#"{"keys": {}}"#, r#"{"keys": 5}"#] {
            assert!(KeySet::parse(wrong.as_bytes()).is_none(), "{wrong}");
        }
        assert!(KeySet::parse(br#"{"keys": []}"#).unwrap().is_empty());
    }
}
