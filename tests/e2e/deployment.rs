//! A running monolith on a catalog and an object store, everything on free ports.

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

/// Dropped in order: the server first, then what it stands on.
pub struct Deployment {
    pub server: Server,
    pub http: reqwest::Client,
    ingestion: u16,
    flight: u16,
    web: u16,
    _postgres: Option<Postgres>,
    _s3: Option<S3Server>,
    folder: tempfile::TempDir,
}

impl Deployment {
    pub async fn start(backend: Backend) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = ServerCommand::new("micromegas-monolith");
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
        let [ingestion, flight, web] = [free_port()?, free_port()?, free_port()?];
        let server = spawn(command, folder.path(), [ingestion, flight, web])?;
        let http = reqwest::Client::new();
        let mut deployment = Self {
            server,
            http,
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
        let command = ServerCommand::new("micromegas-monolith");
        let ports = [self.ingestion, self.flight, self.web];
        self.server = spawn(command, self.folder.path(), ports)?;
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
        let answer = self
            .http
            .post(self.ingestion_url(path))
            .body(body)
            .send()
            .await?;
        Ok(answer.status())
    }

    /// Rows of a query through the gateway.
    pub async fn query(&self, sql: &str) -> Result<Vec<Value>> {
        let answer = self
            .http
            .post(self.gateway_url())
            .body(json!({ "sql": sql }).to_string())
            .send();
        let answer = answer.await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status == 200, "{status}: {text}");
        serde_json::from_str(&text).context("the gateway's answer is not a JSON array")
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

fn spawn(command: ServerCommand, data_dir: &Path, ports: [u16; 3]) -> Result<Server> {
    let [ingestion, flight, web] = ports.map(|port| format!("127.0.0.1:{port}"));
    command
        .arg("--disable-auth")
        .arg("--data-dir")
        .arg(data_dir.join("lake"))
        .args(["--listen-endpoint-http", ingestion.as_str()])
        .args(["--listen-endpoint-flight", flight.as_str()])
        .args(["--listen-endpoint-web", web.as_str()])
        .spawn()
}
