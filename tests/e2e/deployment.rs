//! A running monolith on a catalog and an object store, everything on free ports.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde_json::{Value, json};
use test_kit::{Postgres, S3Server, Server, ServerCommand, free_port};

const START_TIMEOUT: Duration = Duration::from_secs(60);

/// What the monolith keeps its data in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// SQLite and files below a folder: the default.
    Embedded,
    /// PostgreSQL and an S3 server.
    Shared,
}

/// Who may use the deployment.
#[derive(Debug, Clone)]
pub struct Guard {
    /// Flags and variables of the server.
    pub flags: Vec<&'static str>,
    pub variables: Vec<(&'static str, String)>,
    /// What the test sends along, unless it says otherwise.
    pub bearer: Option<String>,
}

impl Guard {
    /// Everybody.
    pub fn disabled() -> Self {
        Self {
            flags: vec!["--disable-auth"],
            variables: Vec::new(),
            bearer: None,
        }
    }

    /// Whoever has the key `key`, named `ci`.
    pub fn key(key: &str) -> Self {
        let keys = json!([{ "name": "ci", "key": key }]).to_string();
        Self {
            flags: Vec::new(),
            variables: vec![("MICROMEGAS_API_KEYS", keys)],
            bearer: Some(key.to_owned()),
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }
}

/// Dropped in order: the server first, then what it stands on.
pub struct Deployment {
    pub server: Server,
    pub http: reqwest::Client,
    command: ServerCommand,
    bearer: Option<String>,
    ingestion: u16,
    flight: u16,
    web: u16,
    _postgres: Option<Postgres>,
    _s3: Option<S3Server>,
    folder: tempfile::TempDir,
}

impl Deployment {
    pub async fn start(backend: Backend) -> Result<Self> {
        Self::start_behind(Guard::disabled(), backend).await
    }

    pub async fn start_behind(guard: Guard, backend: Backend) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = ServerCommand::new("micromegas-monolith")
            .args(guard.flags)
            .envs(guard.variables);
        let (mut postgres, mut s3) = (None, None);
        if backend == Backend::Shared {
            let (database, store) = tokio::try_join!(Postgres::start(), S3Server::start())?;
            command = command
                .env(
                    "MICROMEGAS_SQL_CONNECTION_STRING",
                    database.create_database().await?,
                )
                .env(
                    "MICROMEGAS_OBJECT_STORE_URI",
                    format!("s3://{}/lake", store.bucket()),
                )
                .envs(store.environment());
            (postgres, s3) = (Some(database), Some(store));
        }
        let ports = [free_port()?, free_port()?, free_port()?];
        let command = listening(command, folder.path(), ports);
        let [ingestion, flight, web] = ports;
        let mut deployment = Self {
            server: command.spawn()?,
            http: reqwest::Client::new(),
            command,
            bearer: guard.bearer,
            ingestion,
            flight,
            web,
            _postgres: postgres,
            _s3: s3,
            folder,
        };
        deployment.wait_ready().await?;
        Ok(deployment)
    }

    /// Start the process again on the same data, after it ended.
    pub async fn restart(&mut self) -> Result<()> {
        self.server = self.command.spawn()?;
        self.wait_ready().await
    }

    async fn wait_ready(&mut self) -> Result<()> {
        let url = format!("http://127.0.0.1:{}/ready", self.ingestion);
        let http = self.http.clone();
        self.server
            .wait_until(START_TIMEOUT, async || {
                http.get(&url)
                    .send()
                    .await
                    .is_ok_and(|answer| answer.status() == 200)
            })
            .await?;
        self.query("SELECT 1").await.map(drop)
    }

    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    pub fn ingestion_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ingestion).into()
    }

    pub fn ingestion_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ingestion)
    }

    pub fn flight_url(&self) -> String {
        format!("grpc://127.0.0.1:{}", self.flight)
    }

    pub fn gateway_url(&self) -> String {
        format!("http://127.0.0.1:{}/gateway/query", self.web)
    }

    pub async fn post(&self, path: &str, body: Bytes) -> Result<reqwest::StatusCode> {
        self.post_as(self.bearer.as_deref(), path, body).await
    }

    pub async fn post_as(
        &self,
        bearer: Option<&str>,
        path: &str,
        body: Bytes,
    ) -> Result<reqwest::StatusCode> {
        let mut request = self.http.post(self.ingestion_url(path)).body(body);
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer);
        }
        Ok(request.send().await?.status())
    }

    /// Rows of a query through the gateway.
    pub async fn query(&self, sql: &str) -> Result<Vec<Value>> {
        let (status, text) = self.query_as(self.bearer.as_deref(), sql, &[]).await?;
        ensure!(status == 200, "{status}: {text}");
        serde_json::from_str(&text).context("the gateway's answer is not a JSON array")
    }

    /// Status and body of the gateway's answer.
    pub async fn query_as(
        &self,
        bearer: Option<&str>,
        sql: &str,
        headers: &[(&str, &str)],
    ) -> Result<(reqwest::StatusCode, String)> {
        let body = json!({ "sql": sql }).to_string();
        let mut request = self.http.post(self.gateway_url()).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer);
        }
        let answer = request.send().await?;
        let status = answer.status();
        Ok((status, answer.text().await?))
    }

    /// The only value of a query with one row and one integer column.
    pub async fn count(&self, sql: &str) -> Result<i64> {
        let rows = self.query(sql).await?;
        let value = rows
            .first()
            .and_then(Value::as_object)
            .and_then(|row| row.values().next());
        value
            .and_then(Value::as_i64)
            .with_context(|| format!("no integer in {rows:?}"))
    }
}

fn listening(command: ServerCommand, data_dir: &Path, ports: [u16; 3]) -> ServerCommand {
    let [ingestion, flight, web] = ports.map(|port| format!("127.0.0.1:{port}"));
    command
        .arg("--data-dir")
        .arg(data_dir.join("lake"))
        .args(["--listen-endpoint-http", ingestion.as_str()])
        .args(["--listen-endpoint-flight", flight.as_str()])
        .args(["--listen-endpoint-web", web.as_str()])
}
