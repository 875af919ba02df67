//! People and services that log in at a real OpenID provider.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use test_kit::{OidcOptions, OidcProvider, Python, wait_until};
use uuid::Uuid;

use crate::blocks::BlockTemplate;
use crate::deployment::{Backend, Deployment, Guard};
use crate::replay::post_all;

pub const API_KEY: &str = "a-key-that-only-the-tests-know";

/// The audiences of the provider's clients that the deployment accepts.
pub fn oidc_config(provider: &OidcProvider) -> String {
    let audiences = ["web", "web-es256", "web-eddsa", "api://micromegas"];
    let issuers: Vec<_> = audiences
        .into_iter()
        .map(|audience| json!({ "issuer": provider.issuer(), "audience": audience }))
        .collect();
    json!({ "issuers": issuers }).to_string()
}

/// Accepts tokens of the provider and one API key, which the test uses for itself.
pub fn guard(provider: &OidcProvider) -> Guard {
    Guard::key(API_KEY)
        .with("MICROMEGAS_OIDC_CONFIG", oidc_config(provider))
        .with("MICROMEGAS_ADMINS", r#"["alice@example.com"]"#)
}

/// What both doors say to a bearer: ingestion, and Flight SQL through the gateway.
pub async fn verdicts(
    deployment: &Deployment,
    template: &BlockTemplate,
    bearer: &str,
) -> Result<(StatusCode, StatusCode)> {
    let block = template.with_id(Uuid::new_v4());
    let sent = deployment
        .post_as(Some(bearer), "/ingestion/insert_block", block)
        .await?;
    let (asked, _) = deployment.query_as(Some(bearer), "SELECT 1", &[]).await?;
    Ok((sent, asked))
}

const ACCEPTED: (StatusCode, StatusCode) = (StatusCode::OK, StatusCode::OK);
const REFUSED: (StatusCode, StatusCode) = (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED);

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_a_real_provider_open_both_doors() -> Result<()> {
    let provider = OidcProvider::start(OidcOptions::default()).await?;
    let deployment = Deployment::start_behind(guard(&provider), Backend::Embedded).await?;
    let template = BlockTemplate::load()?;
    post_all(&deployment, template.registrations.clone(), 1).await?;
    let check = async |what: &str, bearer: &str, expected| {
        let found = verdicts(&deployment, &template, bearer).await?;
        ensure!(found == expected, "{what}: {found:?}");
        Ok(())
    };
    let web = provider.login("web", "alice").await?;
    check("an ID token", &web.id_token, ACCEPTED).await?;
    check("an opaque access token", &web.access_token, REFUSED).await?;
    let refresh = web.refresh_token.as_deref().context("no refresh token")?;
    let refreshed = provider.refresh("web", refresh).await?;
    check("a refreshed ID token", &refreshed.id_token, ACCEPTED).await?;
    for client in ["web-es256", "web-eddsa"] {
        let tokens = provider.login(client, "bob").await?;
        check(client, &tokens.id_token, ACCEPTED).await?;
    }
    let service = provider.client_credentials("service").await?;
    check("a service's access token", &service, ACCEPTED).await?;
    let other = provider.client_credentials("other-service").await?;
    check("a token for another audience", &other, REFUSED).await?;
    let changed = web.id_token.replacen('.', ".e", 1);
    check("a changed token", &changed, REFUSED).await?;
    check("an API key beside them", API_KEY, ACCEPTED).await
}

#[tokio::test(flavor = "multi_thread")]
async fn published_clients_log_in_by_themselves() -> Result<()> {
    let provider = OidcProvider::start(OidcOptions::default()).await?;
    let deployment = Deployment::start_behind(guard(&provider), Backend::Embedded).await?;
    let tokens = provider.login("web", "alice").await?;
    let settings = json!({
        "flight_url": deployment.flight_url(),
        "issuer": provider.issuer(),
        "web_secret": provider.client_secret("web")?,
        "service_secret": provider.client_secret("service")?,
        "id_token": tokens.id_token,
        "refresh_token": tokens.refresh_token,
        "api_key": API_KEY,
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/check_login.py");
    Python::locate()?
        .with_env("CHECK_LOGIN", settings.to_string())
        .run(&script, &[""; 0])
        .await
        .map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_are_known_by_a_verified_email() -> Result<()> {
    let provider = OidcProvider::start(OidcOptions::default()).await?;
    let admins = json!(["alice@example.com", "unverified-bob@example.com"]);
    let guard = Guard::key(API_KEY)
        .with("MICROMEGAS_OIDC_CONFIG", oidc_config(&provider))
        .with("MICROMEGAS_ADMINS", admins.to_string());
    let deployment = Deployment::start_behind(guard, Backend::Embedded).await?;
    let sql = "SELECT rule_id FROM list_query_denials()";
    for (user, is_admin) in [("alice", true), ("unverified-bob", false), ("carol", false)] {
        let tokens = provider.login("web", user).await?;
        let (status, text) = deployment
            .query_as(Some(&tokens.id_token), sql, &[])
            .await?;
        ensure!((status == 200) == is_admin, "{user}: {status} {text}");
        ensure!(is_admin || text.contains("list_query_denials"), "{text}");
    }
    let (status, _) = deployment.query_as(Some(API_KEY), sql, &[]).await?;
    ensure!(status != 200, "a key alone makes an administrator");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_administers_when_the_operator_says_so() -> Result<()> {
    let guard = Guard::key(API_KEY).with("MICROMEGAS_ADMIN_API_KEYS", r#"["ci"]"#);
    let deployment = Deployment::start_behind(guard, Backend::Embedded).await?;
    let noisy = [("x-client-type", "noisy")];
    let deny =
        |client: &str| format!("SELECT msg FROM deny_queries($$client = '{client}'$$, 'too many')");
    // The gateway adds itself to the chain.
    deployment.query(&deny("noisy")).await?;
    let (status, text) = deployment
        .query_as(Some(API_KEY), "SELECT 1", &noisy)
        .await?;
    ensure!(status == 200, "{status} {text}");
    deployment.query(&deny("noisy+gateway")).await?;
    let (status, text) = deployment
        .query_as(Some(API_KEY), "SELECT 1", &noisy)
        .await?;
    ensure!(
        status == 500 && text.contains("query denied by rule"),
        "{status} {text}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_pass_the_gateway_and_impersonation_is_a_403_in_json() -> Result<()> {
    let provider = OidcProvider::start(OidcOptions::default()).await?;
    let deployment = Deployment::start_behind(guard(&provider), Backend::Embedded).await?;
    let alice = provider.login("web", "alice").await?.id_token;
    let nomail = provider.login("web", "noemail-dave").await?.id_token;
    let rows = [
        (&alice[..], "x-user-id", "alice", Some("alice")),
        (&alice, "x-user-email", "alice@example.com", Some("alice")),
        (&alice, "x-user-id", "bob", None),
        (&alice, "x-user-email", "bob@example.com", None),
        (&nomail, "x-user-email", "dave@example.com", None),
        (API_KEY, "x-user-id", "Jos%C3%A9", Some("José")),
    ];
    for (number, (bearer, name, value, expected)) in rows.into_iter().enumerate() {
        let sql = format!("SELECT 'row {number}'");
        let request_id = format!("request-{number}");
        let headers = [
            (name, value),
            ("x-request-id", &request_id),
            ("x-client-type", "notebook"),
        ];
        let (status, text) = deployment.query_as(Some(bearer), &sql, &headers).await?;
        match expected {
            Some(user) => {
                ensure!(status == 200, "row {number}: {status} {text}");
                let record = audit_record(&deployment, &sql).await?;
                ensure!(record["user"] == user, "row {number}: {record}");
                ensure!(record["request_id"] == request_id, "{record}");
                ensure!(record["client"] == "notebook+gateway", "{record}");
            }
            None => {
                ensure!(status == 403, "row {number}: {status} {text}");
                let body: Value = serde_json::from_str(&text)?;
                let error = body["error"].as_str().context("no error text")?;
                ensure!(error.contains("User impersonation not allowed"), "{error}");
                let record = audit_record(&deployment, &sql).await?;
                ensure!(record["error_class"] == "denied", "{record}");
            }
        }
    }
    Ok(())
}

/// The record of the only query with this text.
async fn audit_record(deployment: &Deployment, sql: &str) -> Result<Value> {
    let mut found = None;
    wait_until(Duration::from_secs(30), async || {
        let output = deployment.server.output();
        let lines = output
            .lines()
            .filter(|line| line.contains("flightsql_query_audit"));
        let records = lines.filter_map(|line| {
            let start = line.find('{')?;
            serde_json::from_str::<Value>(&line[start..]).ok()
        });
        found = records.into_iter().find(|record| record["sql"] == sql);
        found.is_some()
    })
    .await?;
    found.context("no record")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_rotation_fails_no_request() -> Result<()> {
    let mut provider = OidcProvider::start(OidcOptions::default()).await?;
    let deployment = Deployment::start_behind(guard(&provider), Backend::Embedded).await?;
    let template = BlockTemplate::load()?;
    post_all(&deployment, template.registrations.clone(), 1).await?;
    let old = provider.login("web", "alice").await?.id_token;
    let busy = async |bearer: &str, requests: usize| {
        for number in 0..requests {
            let found = verdicts(&deployment, &template, bearer).await?;
            ensure!(found == ACCEPTED, "request {number}: {found:?}");
        }
        anyhow::Ok(())
    };
    busy(&old, 1).await?;
    // The provider restarts with a new key while requests go on.
    let (rotated, worked) = tokio::join!(provider.rotate_keys(), busy(&old, 20));
    rotated.and(worked)?;
    let new = provider.login("web", "alice").await?.id_token;
    try_join_all([busy(&old, 10), busy(&new, 10), busy(&new, 10)]).await?;
    // The old key is withdrawn; nothing signed with the new one notices.
    let (retired, worked) = tokio::join!(provider.retire_old_keys(), busy(&new, 20));
    retired.and(worked)?;
    let newer = provider.login("web", "bob").await?.id_token;
    busy(&newer, 5).await
}
