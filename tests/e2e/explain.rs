//! The login doctor of each binary.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use test_kit::{OidcOptions, OidcProvider, Python, ServerCommand, free_port, wait_until};
use tokio::net::TcpStream;

use crate::deployment::{Backend, Deployment};
use crate::login::{API_KEY, guard, oidc_config};

const LONG: Duration = Duration::from_secs(60);

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

/// A company's issuer has a certificate of the company's own authority.
#[tokio::test(flavor = "multi_thread")]
async fn authorities_of_the_machine_are_believed() -> Result<()> {
    let port = free_port()?;
    let folder = tempfile::tempdir()?;
    let arguments = [port.to_string(), folder.path().display().to_string()];
    let python = Python::locate()?.with_timeout(LONG);
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = tests.join("python/https_issuer.py");
    let issuer = tokio::spawn(async move { python.run(&script, &arguments).await });
    let accepts = async || TcpStream::connect(("127.0.0.1", port)).await.is_ok();
    wait_until(LONG, accepts).await?;

    let name = format!("https://localhost:{port}");
    let config = json!({ "issuers": [{ "issuer": name, "audience": "a" }] }).to_string();
    let command = || ServerCommand::new("flight-sql-srv").env("MICROMEGAS_OIDC_CONFIG", &config);
    let claims = json!({ "iss": name, "sub": "s", "aud": "a", "exp": 4_000_000_000_u32 });
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({ "alg": "EdDSA", "kid": "example" }));
    let token = format!("{header}.{}.{}", part(claims), "A".repeat(86));

    let words = ["FAIL  signature", "could not be fetched"];
    check(command(), &token, false, &words).await?;
    let authority = folder.path().join("authority.pem");
    let believes = command().env("SSL_CERT_FILE", authority);
    check(believes, &token, false, &["the signature is wrong"]).await?;
    issuer.abort();
    Ok(())
}
