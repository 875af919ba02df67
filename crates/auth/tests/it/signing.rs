//! Keys made at run time, and tokens of any header and claims signed with them.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING,
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A private key that an issuer, or an attacker, signs with.
pub struct SigningKey {
    pub id: String,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    pub fn rsa(id: &str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        Self::new(id, Pair::Rsa(pair))
    }

    pub fn p256(id: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self::new(id, Pair::P256(pair))
    }

    pub fn p384(id: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
        Self::new(id, Pair::P384(pair))
    }

    pub fn ed25519(id: &str) -> Self {
        Self::new(id, Pair::Ed25519(Ed25519KeyPair::generate().unwrap()))
    }

    fn new(id: &str, pair: Pair) -> Self {
        let id = id.to_owned();
        Self { id, pair }
    }

    /// The `alg` of a token that [`Self::sign`] signs.
    pub fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::P256(_) => "ES256",
            Pair::P384(_) => "ES384",
            Pair::Ed25519(_) => "EdDSA",
        }
    }

    /// The public key as an issuer publishes it.
    pub fn jwk(&self) -> Value {
        let coordinates = |curve: &str, pair: &EcdsaKeyPair| {
            // 4, x, y
            let point = &pair.public_key().as_ref()[1..];
            let (x, y) = point.split_at(point.len() / 2);
            json!({"kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y)})
        };
        let mut jwk = match &self.pair {
            Pair::Rsa(_) => json!({"kty": "RSA", "n": base64url(self.modulus()), "e": "AQAB"}),
            Pair::P256(pair) => coordinates("P-256", pair),
            Pair::P384(pair) => coordinates("P-384", pair),
            Pair::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key().as_ref())})
            }
        };
        jwk["kid"] = json!(self.id);
        jwk["use"] = json!("sig");
        jwk
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(_) => self.sign_rsa(&RSA_PKCS1_SHA256, message),
            Pair::P256(pair) | Pair::P384(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).unwrap();
                signature.as_ref().to_vec()
            }
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// With another digest or padding than [`Self::sign`].
    pub fn sign_rsa(&self, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let pair = self.rsa_pair();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), message, &mut signature)
            .unwrap();
        signature
    }

    /// Of a P-256 key, in the ASN.1 form that tokens do not use.
    pub fn sign_asn1(&self, message: &[u8]) -> Vec<u8> {
        let Pair::P256(pair) = &self.pair else {
            panic!("not a P-256 key");
        };
        let document = pair.to_pkcs8v1().unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref()).unwrap();
        let signature = pair.sign(&SystemRandom::new(), message).unwrap();
        signature.as_ref().to_vec()
    }

    /// What everybody knows of an RSA key, in the forms that could be mistaken for a secret.
    pub fn public_forms(&self) -> Vec<(&'static str, Vec<u8>)> {
        let public = self.rsa_pair().public_key();
        let x509 = public.as_der().unwrap().as_ref().to_vec();
        let pem = |label: &str, der: &[u8]| {
            let text = STANDARD.encode(der);
            let lines: Vec<&str> = (0..text.len())
                .step_by(64)
                .map(|start| &text[start..text.len().min(start + 64)])
                .collect();
            let lines = lines.join("\n");
            format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n").into_bytes()
        };
        let modulus = self.modulus();
        vec![
            ("PKCS#1 PEM", pem("RSA PUBLIC KEY", public.as_ref())),
            ("X.509 PEM", pem("PUBLIC KEY", &x509)),
            ("PKCS#1 DER", public.as_ref().to_vec()),
            ("X.509 DER", x509),
            ("modulus in base64url", base64url(&modulus).into_bytes()),
            ("modulus", modulus),
            ("JWK", self.jwk().to_string().into_bytes()),
            ("nothing", Vec::new()),
        ]
    }

    fn rsa_pair(&self) -> &RsaKeyPair {
        match &self.pair {
            Pair::Rsa(pair) => pair,
            _ => panic!("not an RSA key"),
        }
    }

    /// Out of the PKCS#1 form: a sequence of the modulus, with a leading zero, and 65537.
    fn modulus(&self) -> Vec<u8> {
        let der = self.rsa_pair().public_key().as_ref();
        let (modulus, exponent) = der[9..].split_at(256);
        assert_eq!(
            (&der[..2], exponent),
            (&[0x30, 0x82][..], &[2, 3, 1, 0, 1][..])
        );
        modulus.to_vec()
    }
}

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token of these very texts.
pub fn assemble(header: &str, payload: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", base64url(header), base64url(payload));
    let signature = base64url(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

pub fn header(key: &SigningKey) -> Value {
    json!({"alg": key.algorithm(), "typ": "JWT", "kid": key.id})
}

/// A token as an issuer makes it.
pub fn token(key: &SigningKey, claims: &Value) -> String {
    token_of_text(key, &claims.to_string())
}

/// The same with claims that are not written as usual.
pub fn token_of_text(key: &SigningKey, payload: &str) -> String {
    assemble(&header(key).to_string(), payload, |message| {
        key.sign(message)
    })
}

/// Claims of the user `ann` for the audience `app`, good for an hour.
pub fn claims(issuer: &str) -> Value {
    json!({"iss": issuer, "sub": "ann", "aud": "app", "exp": now() + 3600})
}

#[must_use]
pub fn with(mut object: Value, name: &str, value: impl Into<Value>) -> Value {
    object[name] = value.into();
    object
}

#[must_use]
pub fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name).unwrap();
    object
}

/// Whole seconds since 1970.
pub fn now() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since_epoch.as_secs().try_into().unwrap()
}
