//! Algorithms, keys and key ids of the attacker's choice.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{RSA_PKCS1_SHA384, RSA_PSS_SHA256};

use super::*;
use crate::asking::Verdict::Refused;
use crate::asking::accepted;
use crate::signing::without;

pub fn honest(world: &World) -> Vec<Row> {
    let ann = || accepted("ann");
    let mut rows = Vec::new();
    for key in [&world.rsa, &world.p256, &world.p384, &world.ed25519] {
        let name = key.algorithm();
        rows.push(row(name, token(key, &world.claims()), ann()));
        let nameless = without(header(key), "kid");
        let forged = world.forged(&nameless, |message| key.sign(message));
        rows.push(row(format!("{name} without key id"), forged, ann()));
    }
    let rsa_as = |key: &SigningKey, name: &str, encoding| {
        let header = with(header(key), "alg", name);
        world.forged(&header, |message| key.sign_rsa(encoding, message))
    };
    let foreign = with(claims(&world.other.url), "aud", "other-app");
    rows.extend([
        row(
            "RS384",
            rsa_as(&world.rsa, "RS384", &RSA_PKCS1_SHA384),
            ann(),
        ),
        row(
            "RS512",
            rsa_as(&world.rsa, "RS512", &RSA_PKCS1_SHA512),
            ann(),
        ),
        row(
            "RS512 of a key for RS512",
            rsa_as(&world.rs512, "RS512", &RSA_PKCS1_SHA512),
            ann(),
        ),
        row("the other issuer", token(&world.foreign, &foreign), ann()),
        row("API key", API_KEY, accepted("ci")),
    ]);
    rows
}

pub fn algorithms(world: &World) -> Vec<Row> {
    let mut rows = unsigned(world);
    rows.extend(symmetric(world));
    let rsa = |name: &str, key: &SigningKey, encoding| {
        let header = with(header(key), "alg", name);
        world.forged(&header, |message| key.sign_rsa(encoding, message))
    };
    let curve = |name: &str, id: &str, key: &SigningKey| {
        let header = json!({"alg": name, "kid": id});
        world.forged(&header, |message| key.sign(message))
    };
    let World { p256, p384, .. } = world;
    rows.extend([
        row("PS256", rsa("PS256", &world.rsa, &RSA_PSS_SHA256), Refused),
        row(
            "RS256 with the padding of PS256",
            rsa("RS256", &world.rsa, &RSA_PSS_SHA256),
            Refused,
        ),
        row(
            "RS256 with the digest of RS512",
            rsa("RS256", &world.rsa, &RSA_PKCS1_SHA512),
            Refused,
        ),
        row(
            "RS256 of a key for RS512",
            token(&world.rs512, &world.claims()),
            Refused,
        ),
        row(
            "ES256 with a P-384 key's id",
            curve("ES256", "p384", p256),
            Refused,
        ),
        row(
            "ES256 by a P-384 key",
            curve("ES256", "p384", p384),
            Refused,
        ),
        row(
            "ES384 by a P-256 key",
            curve("ES384", "p256", p256),
            Refused,
        ),
        row(
            "ES256 with an RSA key's id",
            curve("ES256", "rsa", p256),
            Refused,
        ),
        row(
            "EdDSA with a P-256 key's id",
            curve("EdDSA", "p256", &world.ed25519),
            Refused,
        ),
        row(
            "RS256 with a P-256 key's id",
            curve("RS256", "p256", &world.rsa),
            Refused,
        ),
    ]);
    rows
}

/// No signature, in many spellings.
fn unsigned(world: &World) -> Vec<Row> {
    let mut rows = Vec::new();
    let algorithms = [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!("none "),
        json!(""),
        json!(null),
        json!(0),
        json!(["RS256"]),
        json!({"RS256": true}),
        json!("rs256"),
        json!("RS256"),
        json!("ES256"),
        json!("EdDSA"),
    ];
    for algorithm in algorithms {
        for header in [
            json!({"alg": algorithm}),
            json!({"alg": algorithm, "kid": "rsa"}),
        ] {
            let name = format!("{header} unsigned");
            rows.push(row(name, world.forged(&header, |_| Vec::new()), Refused));
        }
    }
    let signed = |header: Value| world.forged(&header, |message| world.rsa.sign(message));
    rows.push(row("none, signed", signed(json!({"alg": "none"})), Refused));
    rows.push(row("no algorithm, signed", signed(json!({})), Refused));
    for (name, bytes) in [("ES256", 64), ("ES384", 96), ("EdDSA", 64), ("RS256", 256)] {
        let zeros = world.forged(&json!({"alg": name}), |_| vec![0; bytes]);
        rows.push(row(format!("{name}, all zero"), zeros, Refused));
    }
    rows
}

/// Public keys, and published secrets, taken as the secrets of HMACs.
fn symmetric(world: &World) -> Vec<Row> {
    let mut secrets = world.rsa.public_forms();
    secrets.push(("the oct key", SECRET.to_vec()));
    let digests = [
        ("HS256", hmac::HMAC_SHA256),
        ("HS384", hmac::HMAC_SHA384),
        ("HS512", hmac::HMAC_SHA512),
        // The name of one algorithm, the signature of another.
        ("RS256", hmac::HMAC_SHA256),
    ];
    let mut rows = Vec::new();
    for (form, secret) in &secrets {
        for (algorithm, digest) in digests {
            for key_id in [Some("rsa"), Some("oct"), None] {
                let mut header = json!({"alg": algorithm});
                if let Some(id) = key_id {
                    header["kid"] = json!(id);
                }
                let forged = world.forged(&header, |message| {
                    let key = hmac::Key::new(digest, secret);
                    hmac::sign(&key, message).as_ref().to_vec()
                });
                let name = format!("{algorithm} by {form}, key id {key_id:?}");
                rows.push(row(name, forged, Refused));
            }
        }
    }
    rows
}

pub fn keys(world: &World) -> Vec<Row> {
    let mut rows = Vec::new();
    let ids = [
        json!("unknown"),
        json!("RSA"),
        json!("rsa "),
        json!(""),
        json!("../../../../dev/null"),
        json!("/proc/self/environ"),
        json!("rsa' OR '1'='1"),
        json!("rsa\u{0}"),
        json!("ключ"),
        json!("x".repeat(8_000)),
        json!(world.trap.url),
        json!(0),
        json!(true),
        json!(["rsa"]),
        json!({"kid": "rsa"}),
    ];
    for id in ids {
        let header = json!({"alg": "RS256", "kid": id});
        let name: String = header.to_string().chars().take(80).collect();
        // Even the right key does not help where nothing has that id.
        for key in [&world.rsa, &world.stolen] {
            let forged = world.forged(&header, |message| key.sign(message));
            rows.push(row(&name, forged, Refused));
        }
    }
    rows.push(row(
        "the right id, another key",
        token(&world.stolen, &world.claims()),
        Refused,
    ));
    let nameless = world.forged(&json!({"alg": "RS256", "kid": null}), |message| {
        world.stolen.sign(message)
    });
    rows.push(row("no id, another key", nameless, Refused));
    rows.extend(own_keys(world));
    rows
}

/// Tokens that bring their key, or tell where it is.
fn own_keys(world: &World) -> Vec<Row> {
    let url = format!("{}/keys", world.trap.url);
    let certificate = json!(["MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"]);
    let hints = [
        ("jku", json!(url)),
        ("x5u", json!(url)),
        ("jwk", world.stolen.jwk()),
        ("x5c", certificate),
        ("x5t", json!("rsa")),
    ];
    let mut rows = Vec::new();
    for (name, hint) in hints {
        for id in ["rsa", "mine"] {
            let header = json!({"alg": "RS256", "kid": id, name: hint});
            let forged = world.forged(&header, |message| world.stolen.sign(message));
            rows.push(row(format!("{name}, key id {id}"), forged, Refused));
        }
        let header = with(header(&world.rsa), name, hint);
        let honest = world.forged(&header, |message| world.rsa.sign(message));
        let name = format!("{name} in an honest token is not looked at");
        rows.push(row(name, honest, accepted("ann")));
    }
    rows
}
