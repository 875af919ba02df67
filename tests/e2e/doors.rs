//! Every server, every path: closed to strangers, but for health checks.

use std::time::Duration;

use anyhow::{Result, ensure};
use reqwest::{Client, Method, StatusCode};
use serde_json::json;
use test_kit::{Server, ServerCommand, free_port};

const LONG: Duration = Duration::from_secs(60);
const KEY: &str = "a-key-for-the-doors";

/// A lake of its own, in a folder.
fn lake(folder: &tempfile::TempDir) -> [(&'static str, String); 3] {
    let path = folder.path().display();
    [
        (
            "MICROMEGAS_SQL_CONNECTION_STRING",
            format!("sqlite://{path}/catalog.db"),
        ),
        (
            "MICROMEGAS_OBJECT_STORE_URI",
            format!("file://{path}/objects"),
        ),
        (
            "MICROMEGAS_API_KEYS",
            json!([{ "name": "ci", "key": KEY }]).to_string(),
        ),
    ]
}

async fn started(command: ServerCommand, health: &str) -> Result<Server> {
    let mut server = command.spawn()?;
    let http = Client::new();
    let answers = async || {
        let answer = http.get(health).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    };
    server.wait_until(LONG, answers).await?;
    Ok(server)
}

/// The status of each method on a path, without a credential and with a wrong one.
async fn check_path(base: &str, path: &str, is_open: bool) -> Result<()> {
    let http = Client::new();
    for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
        for bearer in [None, Some("wrong")] {
            let mut request = http
                .request(method.clone(), format!("{base}{path}"))
                .body(r#"{"sql": "SELECT 1"}"#);
            if let Some(bearer) = bearer {
                request = request.bearer_auth(bearer);
            }
            let status = request.send().await?.status();
            let is_refused = status == StatusCode::UNAUTHORIZED;
            ensure!(
                is_refused != is_open,
                "{method} {path} {bearer:?}: {status}"
            );
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ingestion_lets_strangers_see_its_health_only() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let base = format!("http://127.0.0.1:{}", free_port()?);
    let command = ServerCommand::new("telemetry-ingestion-srv")
        .envs(lake(&folder))
        .args(["--listen-endpoint-http", base.trim_start_matches("http://")]);
    let _server = started(command, &format!("{base}/health")).await?;
    for path in ["/health", "/ready"] {
        check_path(&base, path, true).await?;
    }
    for path in [
        "insert_process",
        "insert_stream",
        "insert_block",
        "",
        "anything",
    ] {
        check_path(&base, &format!("/ingestion/{path}"), false).await?;
    }
    check_path(&base, "/", false).await
}

/// Flight SQL on its port, health on another, and a gateway in front of it.
#[tokio::test(flavor = "multi_thread")]
async fn queries_are_for_known_callers_directly_and_through_the_gateway() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let [flight, health, web] =
        [free_port()?, free_port()?, free_port()?].map(|port| format!("127.0.0.1:{port}"));
    let command = ServerCommand::new("flight-sql-srv")
        .envs(lake(&folder))
        .args(["--listen-endpoint-flight", &flight])
        .args(["--health-listen-addr", &health]);
    let _flight_server = started(command, &format!("http://{health}/ready")).await?;
    let command = ServerCommand::new("http-gateway-srv")
        .args(["--listen-endpoint-http", &web])
        .args(["--flightsql-url", &format!("grpc://{flight}")]);
    let _gateway = started(command, &format!("http://{web}/health")).await?;

    let gateway = format!("http://{web}/gateway/query");
    let http = Client::new();
    let query = json!({ "sql": "SELECT 1 AS one" }).to_string();
    for (bearer, expected) in [(None, 401), (Some("wrong"), 401), (Some(KEY), 200)] {
        let mut request = http.post(&gateway).body(query.clone());
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer);
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status == expected, "{bearer:?}: {status} {text}");
        let body: serde_json::Value = serde_json::from_str(&text)?;
        ensure!(status == 200 || body["error"].is_string(), "{body}");
    }
    for open in ["/health", "/gateway/health"] {
        let status = http
            .get(format!("http://{web}{open}"))
            .send()
            .await?
            .status();
        ensure!(status == 200, "{open}: {status}");
    }
    Ok(())
}

/// One key for producers, another for readers; a third variable is for both roles.
#[tokio::test(flavor = "multi_thread")]
async fn roles_of_the_all_in_one_have_keys_of_their_own() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let [ingestion, flight, web] =
        [free_port()?, free_port()?, free_port()?].map(|port| format!("127.0.0.1:{port}"));
    let keys = |key: &str| json!([{ "name": key, "key": key }]).to_string();
    let command = ServerCommand::new("micromegas-monolith")
        .arg("--data-dir")
        .arg(folder.path())
        .env("MICROMEGAS_API_KEYS", keys("common"))
        .env("MICROMEGAS_INGESTION_API_KEYS", keys("producer"))
        .args(["--listen-endpoint-http", &ingestion])
        .args(["--listen-endpoint-flight", &flight])
        .args(["--listen-endpoint-web", &web]);
    let _server = started(command, &format!("http://{ingestion}/ready")).await?;
    let http = Client::new();
    let query = json!({ "sql": "SELECT 1" }).to_string();
    for (bearer, may_send, may_ask) in [
        ("producer", true, false),
        ("common", false, true),
        ("other", false, false),
    ] {
        let sent = http.post(format!("http://{ingestion}/ingestion/insert_block"));
        let sent = sent.bearer_auth(bearer).send().await?.status();
        // An empty body is no block, but it was looked at.
        ensure!((sent == 400) == may_send, "{bearer} sends: {sent}");
        ensure!((sent == 401) != may_send, "{bearer} sends: {sent}");
        let asked = http
            .post(format!("http://{web}/gateway/query"))
            .body(query.clone());
        let asked = asked.bearer_auth(bearer).send().await?.status();
        ensure!((asked == 200) == may_ask, "{bearer} asks: {asked}");
        ensure!((asked == 401) != may_ask, "{bearer} asks: {asked}");
    }
    Ok(())
}
