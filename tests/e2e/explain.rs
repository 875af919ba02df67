//! The login doctor of each binary.

use anyhow::{Result, ensure};
use serde_json::json;
use test_kit::{OidcOptions, OidcProvider, ServerCommand};

use crate::deployment::{Backend, Deployment};
use crate::login::{API_KEY, guard, oidc_config};

const SERVERS: [&str; 3] = [
    "telemetry-ingestion-srv",
    "flight-sql-srv",
    "micromegas-monolith",
];

async fn check(
    command: ServerCommand,
    credential: &str,
    is_accepted: bool,
    words: &[&str],
) -> Result<()> {
    let finished = command.arg("auth-explain").run(credential).await?;
    let text = format!("{}{}", finished.stdout, finished.stderr);
    ensure!(
        finished.status.success() == is_accepted,
        "{}: {text}",
        finished.status
    );
    for word in words {
        ensure!(text.contains(word), "{word:?} is not in: {text}");
    }
    let secrets = credential.trim().split('.').chain([credential.trim()]);
    for secret in secrets.filter(|secret| secret.len() > 8) {
        ensure!(
            !text.contains(secret),
            "a part of the credential is in: {text}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_tells_what_it_thinks_of_a_credential() -> Result<()> {
    let provider = OidcProvider::start(OidcOptions::default()).await?;
    let alice = provider.login("web", "alice").await?;
    let other = provider.client_credentials("other-service").await?;
    let keys = json!([{ "name": "ci", "key": API_KEY }]).to_string();
    for server in SERVERS {
        let command = ServerCommand::new(server)
            .env("MICROMEGAS_OIDC_CONFIG", oidc_config(&provider))
            .env("MICROMEGAS_ADMINS", r#"["alice@example.com"]"#)
            .env("MICROMEGAS_API_KEYS", &keys);
        let words = [
            "ok    issuer",
            "ok    audience: \"web\"",
            "ok    times",
            "ok    signature: RS256",
            "alice@example.com",
            "note  administrator: yes",
            "accepted, as \"alice\"",
        ];
        // As `cat` and a terminal give it.
        check(
            command.clone(),
            &format!("{}\n", alice.id_token),
            true,
            &words,
        )
        .await?;
        let words = [
            "FAIL  audience: audience \"api://other\"",
            "api://micromegas",
        ];
        check(command.clone(), &other, false, &words).await?;
        check(
            command.clone(),
            API_KEY,
            true,
            &["ok    API key: it is the key named \"ci\""],
        )
        .await?;
        check(
            command.clone(),
            &alice.access_token,
            false,
            &["opaque access token"],
        )
        .await?;
        check(command, "", false, &["standard input"]).await?;
        let slash = json!({ "issuers": [{
            "issuer": format!("{}/", provider.issuer()), "audience": "web" }] });
        let command = ServerCommand::new(server).env("MICROMEGAS_OIDC_CONFIG", slash.to_string());
        check(
            command,
            &alice.id_token,
            false,
            &["FAIL  issuer", "slash at the end"],
        )
        .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_asks_the_query_server() -> Result<()> {
    let provider = OidcProvider::start(OidcOptions::default()).await?;
    let deployment = Deployment::start_behind(guard(&provider), Backend::Embedded).await?;
    let gateway = || {
        ServerCommand::new("http-gateway-srv").args(["--flightsql-url", &deployment.flight_url()])
    };
    check(gateway(), API_KEY, true, &["it accepts the credential"]).await?;
    let words = ["it refuses the credential", "flight-sql-srv auth-explain"];
    check(gateway(), "a-wrong-key", false, &words).await?;
    let nowhere =
        ServerCommand::new("http-gateway-srv").args(["--flightsql-url", "grpc://127.0.0.1:9"]);
    check(
        nowhere,
        API_KEY,
        false,
        &["does not answer", "MICROMEGAS_FLIGHTSQL_URL"],
    )
    .await
}
