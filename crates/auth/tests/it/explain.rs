//! The login doctor: which check fails, and whether the advice is about the cause.

use auth::{Admins, ApiKeys, Config, Explanation, Verdict, explain};
use serde_json::{Value, json};

use crate::asking::{guarded, oidc_config};
use crate::issuer::Issuer;
use crate::keys::patient;
use crate::signing::{SigningKey, assemble, claims, header, now, token, with, without};

const AZURE: &str = "https://login.microsoftonline.com/7a1b/v2.0";

struct World {
    key: SigningKey,
    issuer: Issuer,
    down: Issuer,
}

impl World {
    async fn new() -> Self {
        let key = SigningKey::p256("k");
        Self {
            issuer: Issuer::start(&[&key, &SigningKey::rsa("rsa")]).await,
            down: Issuer::stopped(&[]),
            key,
        }
    }

    /// As an operator may have written it.
    fn config(&self) -> Config {
        let keys = json!([{"name": "ci", "key": "k1"}, {"name": "ops", "key": "k2"}]);
        let admins = Admins::parse(r#"["ops", "ann@example.com", "root"]"#).unwrap();
        let issuers = [
            (self.issuer.url.as_str(), "app"),
            (self.issuer.url.as_str(), "api://3f2e"),
            (self.down.url.as_str(), "app"),
            (AZURE, "app"),
            ("https://tenant.auth0.example/", "app"),
            ("https://accounts.google.com", "app"),
        ];
        Config {
            api_keys: Some(ApiKeys::parse(&keys.to_string(), &admins).unwrap()),
            oidc: Some(oidc_config(&issuers, json!({}), patient())),
            admins,
        }
    }

    fn claims(&self) -> Value {
        claims(&self.issuer.url)
    }

    fn claiming(&self, name: &str, value: impl Into<Value>) -> String {
        token(&self.key, &with(self.claims(), name, value))
    }

    async fn explain(&self, credential: &str) -> Explanation {
        guarded(explain(&self.config(), credential)).await
    }
}

fn failed(explanation: &Explanation) -> Vec<&'static str> {
    let checks = explanation.checks.iter();
    let failed = checks.filter(|check| check.verdict == Verdict::Failed);
    failed.map(|check| check.name).collect()
}

/// The check that fails, what it found, and words of the advice.
type Case = (String, &'static str, &'static str, &'static str);

fn of_form(world: &World) -> Vec<Case> {
    let good = token(&world.key, &world.claims());
    let signed = |header: Value, claims: &Value| {
        assemble(&header.to_string(), &claims.to_string(), |message| {
            world.key.sign(message)
        })
    };
    let header = || header(&world.key);
    let claims = world.claims();
    let lacking = |name: &str| token(&world.key, &without(world.claims(), name));
    vec![
        (String::new(), "form", "empty", "standard input"),
        (
            format!("Token {good}"),
            "form",
            "spaces",
            "without \"Bearer\"",
        ),
        (
            good.replace('.', ".\n"),
            "form",
            "line breaks",
            "bare token",
        ),
        (
            "x".repeat(20_000),
            "form",
            "more than 16384 bytes",
            "groups",
        ),
        (
            "k3".into(),
            "form",
            "1 parts",
            "API key that is not configured",
        ),
        (
            "ya29.a0AfH6SMBx".into(),
            "form",
            "2 parts",
            "ID token (Google, Okta)",
        ),
        ("a.b.c.d.e".into(), "form", "5 parts", "encrypted"),
        (
            format!("\"{good}\""),
            "form",
            "not base64url",
            "without quotes",
        ),
        (good.replace("eyJ", "e"), "form", "", "damaged"),
        (
            signed(with(header(), "alg", "HS256"), &claims),
            "algorithm",
            "HS256",
            "RS256",
        ),
        (
            signed(with(header(), "alg", "PS256"), &claims),
            "algorithm",
            "PS256",
            "ES256",
        ),
        (
            signed(json!({"alg": "none"}), &claims),
            "algorithm",
            "none",
            "EdDSA",
        ),
        (
            signed(with(header(), "crit", json!(["b64"])), &claims),
            "header",
            "critical",
            "crit",
        ),
        (
            signed(with(header(), "kid", 5), &claims),
            "signature",
            "id \"5\"",
            "string",
        ),
        (
            lacking("sub"),
            "claims",
            "claim sub is missing",
            "ID tokens",
        ),
        (lacking("aud"), "claims", "claim aud is missing", "must set"),
        (
            world.claiming("exp", "tomorrow"),
            "claims",
            "exp is not a number",
            "a number",
        ),
    ]
}

fn of_meaning(world: &World) -> Vec<Case> {
    let url = &world.issuer.url;
    let stranger = SigningKey::p256("stranger");
    let impostor = SigningKey::p256("k");
    let of_rsa = SigningKey::p256("rsa");
    let claims = world.claims();
    let issued = |issuer: &str| world.claiming("iss", issuer);
    let aimed = |audience: &str| world.claiming("aud", audience);
    let slash = format!("{url}/");
    vec![
        (
            issued(&slash),
            "issuer",
            "unknown issuer",
            "its slash at the end",
        ),
        (
            issued("https://tenant.auth0.example"),
            "issuer",
            "auth0",
            "slash at the end",
        ),
        (
            issued("https://Accounts.google.com"),
            "issuer",
            "Accounts",
            "upper case",
        ),
        (
            issued("accounts.google.com"),
            "issuer",
            "accounts",
            "with its https://",
        ),
        (
            issued("https://sts.windows.net/7a1b/"),
            "issuer",
            "sts",
            "version to 2",
        ),
        (
            issued("https://login.microsoftonline.com/other/v2.0"),
            "issuer",
            "other/v2.0",
            "another path of the same host",
        ),
        (
            issued("https://unheard.example"),
            "issuer",
            "unheard",
            "MICROMEGAS_OIDC_CONFIG",
        ),
        (aimed("3f2e"), "audience", "3f2e", "api:// and the slash"),
        (aimed("App"), "audience", "App", "\"app\" is configured"),
        (
            aimed("other"),
            "audience",
            "other",
            "accepted from this issuer: app, api://3f2e",
        ),
        (
            aimed("00000003-0000-0000-c000-000000000000"),
            "audience",
            "0000",
            "Graph",
        ),
        (
            world.claiming("exp", now() - 90),
            "times",
            "expired 9",
            "get a new token",
        ),
        (
            world.claiming("nbf", now() + 900),
            "times",
            "valid in",
            "clock",
        ),
        (
            token(&stranger, &claims),
            "signature",
            "no key with the id \"stranger\"",
            "withdrawn",
        ),
        (
            token(&impostor, &claims),
            "signature",
            "signature is wrong",
            "get a new one",
        ),
        (
            token(&of_rsa, &claims),
            "signature",
            "ES256",
            "another algorithm",
        ),
        (
            issued(&world.down.url),
            "signature",
            "could not be fetched",
            "over HTTPS",
        ),
    ]
}

#[tokio::test]
async fn each_failure_names_its_check_and_what_to_do() {
    let world = World::new().await;
    for (credential, check, found, advice) in of_form(&world).into_iter().chain(of_meaning(&world))
    {
        let explanation = world.explain(&credential).await;
        assert_eq!(failed(&explanation), [check], "{credential}: {explanation}");
        assert_eq!(explanation.accepted, None);
        let failure = explanation.checks.iter().find(|one| one.name == check);
        let failure = failure.unwrap();
        assert!(failure.found.contains(found), "{found}: {explanation}");
        let text = failure.advice.as_deref().unwrap();
        assert!(text.contains(advice), "{advice}: {explanation}");
        let shown = explanation.to_string();
        assert!(shown.contains(&format!("FAIL  {check}: ")), "{shown}");
        assert!(shown.ends_with("The credential is refused."), "{shown}");
    }
}

#[tokio::test]
async fn several_failures_are_told_at_once() {
    let world = World::new().await;
    let claims = with(with(world.claims(), "exp", 1), "aud", "x");
    let explanation = world.explain(&token(&SigningKey::p256("x"), &claims)).await;
    assert_eq!(failed(&explanation), ["audience", "times", "signature"]);
    assert_eq!(explanation.accepted, None);
}

#[tokio::test]
async fn what_is_accepted_says_as_whom() {
    let world = World::new().await;
    let emailed = |email: &str, verified: bool| {
        let claims = with(world.claims(), "email", email);
        token(&world.key, &with(claims, "email_verified", verified))
    };
    let plain = token(&world.key, &world.claims());
    for (credential, subject, admin, words) in [
        ("k1".to_owned(), "ci", "no", "MICROMEGAS_ADMIN_API_KEYS"),
        ("  k2\n".to_owned(), "ops", "yes", "the key named \"ops\""),
        (plain.clone(), "ann", "no", "ask for the scope \"email\""),
        (format!("{plain}\n"), "ann", "no", "\"app\" is accepted"),
        (
            format!("bearer  {plain}"),
            "ann",
            "no",
            "the word \"Bearer\"",
        ),
        (
            emailed("ann@example.com", true),
            "ann",
            "yes",
            "from the claim \"email\"",
        ),
        (
            emailed("Ann@example.com", true),
            "ann",
            "no",
            "in the same case",
        ),
        (
            emailed("ann@example.com", false),
            "ann",
            "no",
            "does not vouch",
        ),
        (
            world.claiming("upn", "ann@example.com"),
            "ann",
            "no",
            "does not vouch",
        ),
        (world.claiming("sub", "root"), "root", "yes", "ES256"),
    ] {
        let explanation = world.explain(&credential).await;
        let shown = explanation.to_string();
        assert_eq!(failed(&explanation), Vec::<&str>::new(), "{shown}");
        assert_eq!(explanation.accepted.unwrap().subject, subject);
        assert!(
            shown.contains(&format!("note  administrator: {admin}\n")),
            "{shown}"
        );
        assert!(shown.contains(words), "{words}: {shown}");
        assert!(
            shown.ends_with(&format!("accepted, as {subject:?}.")),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn what_is_not_configured_is_told() {
    let world = World::new().await;
    let good = token(&world.key, &world.claims());
    let keys_only = Config {
        oidc: None,
        ..world.config()
    };
    let explanation = explain(&keys_only, &good).await;
    assert_eq!(failed(&explanation), ["OpenID Connect"]);
    assert!(
        explanation
            .to_string()
            .contains("set MICROMEGAS_OIDC_CONFIG")
    );
    let tokens_only = Config {
        api_keys: None,
        ..world.config()
    };
    let explanation = explain(&tokens_only, "k1").await;
    assert_eq!(failed(&explanation), ["form"]);
    assert!(explanation.to_string().contains("no keys are configured"));
    let explanation = guarded(explain(&tokens_only, &good)).await;
    assert_eq!(explanation.accepted.unwrap().subject, "ann");
}
