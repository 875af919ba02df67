use serde_json::Value;

use super::*;

async fn start() -> OidcProvider {
    OidcProvider::start(OidcOptions::default()).await.unwrap()
}

async fn get_json(provider: &OidcProvider, path: &str) -> Value {
    let url = format!("{}{path}", provider.issuer());
    provider
        .http
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

/// Names of the published keys.
async fn published(provider: &OidcProvider) -> Vec<String> {
    let set = get_json(provider, "/jwks").await;
    let keys = set["keys"].as_array().unwrap();
    assert!(keys.iter().all(|key| key.get("d").is_none()));
    let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    keys.iter().map(kid).collect()
}

fn kid(token: &str) -> String {
    Jwt::decode(token).unwrap().kid().unwrap().to_owned()
}

#[tokio::test]
async fn it_publishes_where_it_is_and_its_keys() {
    let provider = start().await;
    let discovery = get_json(&provider, "/.well-known/openid-configuration").await;
    assert_eq!(discovery["issuer"], provider.issuer());
    assert_eq!(discovery["jwks_uri"], format!("{}/jwks", provider.issuer()));
    assert_eq!(published(&provider).await, ["rsa-1", "ec-1", "ed-1"]);
}

#[tokio::test]
async fn the_claims_follow_from_the_user_name() {
    let provider = start().await;
    let cases = [
        ("alice", Some(("alice@example.com", true))),
        (
            "unverified-bob",
            Some(("unverified-bob@example.com", false)),
        ),
        ("noemail-carol", None),
    ];
    for (user, email) in cases {
        let tokens = provider.login("web", user).await.unwrap();
        let claims = Jwt::decode(&tokens.id_token).unwrap().claims;
        assert_eq!(claims["iss"], provider.issuer());
        assert_eq!(claims["aud"], "web");
        assert_eq!(claims["sub"], user);
        assert_eq!(claims["name"], user);
        let said = claims.get("email").map(|email| {
            let verified = claims["email_verified"].as_bool().unwrap();
            (email.as_str().unwrap(), verified)
        });
        assert_eq!(said, email);
        assert!(tokens.refresh_token.is_some());
        assert_eq!(format!("{tokens:?}"), "Tokens { .. }");
    }
}

#[tokio::test]
async fn each_web_client_has_its_algorithm() {
    let provider = start().await;
    for (client, algorithm, key) in [
        ("web", "RS256", "rsa-1"),
        ("web-es256", "ES256", "ec-1"),
        ("web-eddsa", "EdDSA", "ed-1"),
    ] {
        let tokens = provider.login(client, "alice").await.unwrap();
        let jwt = Jwt::decode(&tokens.id_token).unwrap();
        assert_eq!(jwt.header["alg"], algorithm);
        assert_eq!(jwt.kid(), Some(key));
        assert_eq!(jwt.claims["aud"], client);
    }
}

#[tokio::test]
async fn services_get_tokens_for_their_audience() {
    let provider = start().await;
    for (client, audience) in [
        ("service", "api://micromegas"),
        ("other-service", "api://other"),
    ] {
        let token = provider.client_credentials(client).await.unwrap();
        let jwt = Jwt::decode(&token).unwrap();
        assert_eq!(jwt.header["alg"], "RS256");
        assert_eq!(jwt.claims["iss"], provider.issuer());
        assert_eq!(jwt.claims["aud"], audience);
        assert_eq!(jwt.claims["client_id"], client);
    }
}

#[tokio::test]
async fn lifetimes_are_those_of_the_options() {
    let options = OidcOptions {
        id_token_ttl: Duration::from_secs(7),
        access_token_ttl: Duration::from_secs(11),
        ..OidcOptions::default()
    };
    let provider = OidcProvider::start(options).await.unwrap();
    let lifetime = |token: &str| {
        let claims = Jwt::decode(token).unwrap().claims;
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap()
    };
    let tokens = provider.login("web", "alice").await.unwrap();
    assert_eq!(lifetime(&tokens.id_token), 7);
    let service = provider.client_credentials("service").await.unwrap();
    assert_eq!(lifetime(&service), 11);
}

#[tokio::test]
async fn keys_rotate_and_retire_without_signing_anybody_out() {
    let mut provider = start().await;
    let before = provider.login("web", "alice").await.unwrap();
    assert_eq!(kid(&before.id_token), "rsa-1");
    let old_key = get_json(&provider, "/jwks").await["keys"][0].clone();

    provider.rotate_keys().await.unwrap();
    assert_eq!(
        published(&provider).await,
        ["rsa-2", "rsa-1", "ec-1", "ed-1"]
    );
    assert_eq!(get_json(&provider, "/jwks").await["keys"][1], old_key);
    let refresh_token = before.refresh_token.unwrap();
    let refreshed = provider.refresh("web", &refresh_token).await.unwrap();
    assert_eq!(kid(&refreshed.id_token), "rsa-2");
    let claims = Jwt::decode(&refreshed.id_token).unwrap().claims;
    assert_eq!(claims["email"], "alice@example.com");
    let service = provider.client_credentials("service").await.unwrap();
    assert_eq!(kid(&service), "rsa-2");

    provider.retire_old_keys().await.unwrap();
    assert_eq!(published(&provider).await, ["rsa-2", "ec-1", "ed-1"]);
    let after = provider.login("web", "alice").await.unwrap();
    assert_eq!(kid(&after.id_token), "rsa-2");
}

#[tokio::test]
async fn a_restart_keeps_the_keys_and_the_address() {
    let mut provider = start().await;
    let (issuer, keys) = (provider.issuer(), get_json(&provider, "/jwks").await);
    provider.stop();
    assert!(provider.login("web", "alice").await.is_err());
    provider.restart().await.unwrap();
    assert_eq!(provider.issuer(), issuer);
    assert_eq!(get_json(&provider, "/jwks").await, keys);
}

#[tokio::test]
async fn refusals_say_why_and_show_no_secret() {
    let mut provider = start().await;
    let check = |error: anyhow::Error, expected: &str| {
        let said = format!("{error:#}");
        assert!(said.contains(expected), "{said}");
    };
    let unknown = provider.login("nobody", "alice").await;
    check(unknown.unwrap_err(), "invalid_client");
    let unknown = provider.client_credentials("nobody").await;
    check(unknown.unwrap_err(), "knows no client");
    let not_a_service = provider.client_credentials("web").await;
    check(not_a_service.unwrap_err(), "grant type is not allowed");
    let forged = provider.refresh("web", "forged").await;
    check(forged.unwrap_err(), "invalid_grant");

    let secret = provider.client_secret("web").unwrap().to_owned();
    assert!(!format!("{provider:?}").contains(&secret));

    provider.options.id_token_ttl = Duration::ZERO;
    let misconfigured = provider.restart().await;
    check(misconfigured.unwrap_err(), "ttl.IdToken");
}
