//! Signing keys, the tokens that they sign, and doors that accept them.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use auth::{Admins, ApiKeys, Authenticator, Config, OidcConfig};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::issuer;

pub const ALGORITHMS: [&str; 3] = ["RS256", "ES256", "EdDSA"];

/// As `openssl rand -base64 512` makes them.
pub const API_KEY_CHARS: usize = 690;

/// An issuer with a key of each kind.
pub struct World {
    /// Runs the issuer in the background.
    pub runtime: Runtime,
    issuer: String,
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
}

impl World {
    pub fn new() -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048)?;
        let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let ed25519 = Ed25519KeyPair::generate()?;
        let issuer = runtime.block_on(issuer::serve(published(&rsa, &p256, &ed25519)))?;
        Ok(Self {
            runtime,
            issuer,
            rsa,
            p256,
            ed25519,
        })
    }

    /// The `number`th token of about 1 kB; tokens of different numbers differ.
    pub fn token(&self, algorithm: &str, number: usize) -> Result<String> {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let claims = json!({
            "iss": self.issuer,
            "sub": format!("00u1a2b3c4d5e6f7g8h9-{number:06}"),
            "aud": "0oa1b2c3d4e5f6g7h8i9",
            "exp": seconds + 3600,
            "iat": seconds,
            "email": format!("someone.{number}@example.com"),
            "email_verified": true,
            "name": "Some One",
            "groups": "g".repeat(if algorithm == "RS256" { 235 } else { 430 }),
        });
        let header = json!({"alg": algorithm, "typ": "JWT", "kid": algorithm});
        let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = self.sign(algorithm, message.as_bytes())?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>> {
        let random = SystemRandom::new();
        Ok(match algorithm {
            "RS256" => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                self.rsa
                    .sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                signature
            }
            "ES256" => self.p256.sign(&random, message)?.as_ref().to_vec(),
            _ => self.ed25519.sign(message).as_ref().to_vec(),
        })
    }

    /// Only the signature check of a token, with nothing around it.
    pub fn raw_check(&self, algorithm: &str, token: &str) -> Result<impl Fn()> {
        let (message, signature) = token.rsplit_once('.').ok_or(anyhow!("not a token"))?;
        let (message, signature) = (
            message.as_bytes().to_vec(),
            URL_SAFE_NO_PAD.decode(signature)?,
        );
        let (verifier, key): (&'static dyn VerificationAlgorithm, &[u8]) = match algorithm {
            "RS256" => (&RSA_PKCS1_2048_8192_SHA256, self.rsa.public_key().as_ref()),
            "ES256" => (&ECDSA_P256_SHA256_FIXED, self.p256.public_key().as_ref()),
            _ => (&ED25519, self.ed25519.public_key().as_ref()),
        };
        let key = UnparsedPublicKey::new(verifier, key.to_vec());
        Ok(move || {
            key.verify(&message, &signature)
                .expect("the token is valid");
        })
    }

    /// A door that accepts `keys`, and tokens, of which it keeps `cached_tokens`.
    pub fn door(&self, keys: &[String], cached_tokens: usize) -> Result<Authenticator> {
        let oidc = json!({
            "issuers": [{"issuer": self.issuer, "audience": "0oa1b2c3d4e5f6g7h8i9"}],
            "token_cache_size": cached_tokens,
        });
        let config = Config {
            api_keys: Some(ring(keys)?),
            oidc: Some(OidcConfig::parse(&oidc.to_string())?),
            admins: Admins::default(),
        };
        Ok(config.authenticator())
    }
}

pub fn ring(keys: &[String]) -> Result<ApiKeys> {
    let entries = keys.iter().map(|key| json!({"name": "key", "key": key}));
    let entries: Vec<Value> = entries.collect();
    let keys = ApiKeys::parse(&json!(entries).to_string(), &Admins::default())?;
    Ok(keys)
}

pub fn headers(token: &str) -> Result<HeaderMap> {
    let value = HeaderValue::from_str(&format!("Bearer {token}"))?;
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

fn published(rsa: &RsaKeyPair, p256: &EcdsaKeyPair, ed25519: &Ed25519KeyPair) -> Vec<Value> {
    let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    // A sequence of the modulus, with a leading zero, and 65537.
    let modulus = &rsa.public_key().as_ref()[9..9 + 256];
    // 4, x, y
    let (x, y) = p256.public_key().as_ref()[1..].split_at(32);
    vec![
        json!({"kty": "RSA", "kid": "RS256", "n": encoded(modulus), "e": "AQAB"}),
        json!({"kty": "EC", "crv": "P-256", "kid": "ES256", "x": encoded(x), "y": encoded(y)}),
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "EdDSA", "x": encoded(ed25519.public_key().as_ref())}),
    ]
}
