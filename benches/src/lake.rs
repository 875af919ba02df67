//! The product under test: one process over an empty lake.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use flightsql_client::{Client, RequestMetadata};
use futures::TryStreamExt;
use tempfile::TempDir;
use test_kit::{Postgres, PostgresConfig, Server, ServerCommand, free_port};

use crate::generators::gateway;

const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Where the catalog is; objects are files in both cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    /// A real server with its commits synced to disk.
    Postgres,
}

/// A running monolith; killed, and its data removed, when dropped.
#[derive(Debug)]
pub struct Lake {
    pub ingestion: SocketAddr,
    pub web: SocketAddr,
    pub flight: Client,
    /// From starting the process to the first answered query.
    pub start_seconds: f64,
    // Dropped in this order: the server ends before what it uses.
    server: Server,
    _postgres: Option<Postgres>,
    folder: TempDir,
}

impl Lake {
    /// Starts the monolith that lies beside the running program.
    pub async fn start(backend: Backend) -> Result<Self> {
        Self::start_with_roles(backend, "all").await
    }

    /// The same with these roles, separated by commas.
    pub async fn start_with_roles(backend: Backend, roles: &str) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("micromegas-bench-")
            .tempdir()?;
        let [ingestion, flight, web] = free_addresses()?;
        let mut command = ServerCommand::new("micromegas-monolith")
            .arg("--disable-auth")
            .args(["--roles", roles])
            .arg("--data-dir")
            .arg(folder.path())
            .args(["--listen-endpoint-http", &ingestion.to_string()])
            .args(["--listen-endpoint-flight", &flight.to_string()])
            .args(["--listen-endpoint-web", &web.to_string()]);
        let mut postgres = None;
        if backend == Backend::Postgres {
            let cluster = Postgres::start_with(PostgresConfig { durable: true }).await?;
            let objects = folder.path().join("objects");
            std::fs::create_dir_all(&objects)?;
            command = command
                .env(
                    "MICROMEGAS_SQL_CONNECTION_STRING",
                    cluster.create_database().await?,
                )
                .env(
                    "MICROMEGAS_OBJECT_STORE_URI",
                    format!("file://{}", objects.display()),
                );
            postgres = Some(cluster);
        }
        let start = Instant::now();
        let mut server = command.spawn()?;
        server
            .wait_until(START_TIMEOUT, async || {
                gateway::scan(web, "SELECT 1").await.is_ok()
            })
            .await?;
        let start_seconds = start.elapsed().as_secs_f64();
        let client = Client::connect_lazy(&format!("grpc://{flight}"))?;
        Ok(Self {
            ingestion,
            web,
            flight: client,
            start_seconds,
            server,
            _postgres: postgres,
            folder,
        })
    }

    /// On the disk that the lake is on.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// One number from one row.
    pub async fn count(&self, sql: &str) -> Result<i64> {
        let text = self.text(sql).await?;
        text.parse().with_context(|| format!("{text} is no number"))
    }

    /// One value from one row, as text; NULL is empty.
    pub async fn text(&self, sql: &str) -> Result<String> {
        let batches = self.flight.query(sql, RequestMetadata::new()).await?;
        let batches: Vec<_> = batches.try_collect().await?;
        let column = batches.first().context("no rows")?.column(0);
        Ok(arrow::util::display::array_value_to_string(column, 0)?)
    }

    /// Memory of the process in MB: resident now, and the most so far.
    pub fn memory_megabytes(&self) -> Result<(f64, f64)> {
        let path = format!("/proc/{}/status", self.server.id());
        let status =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let value = |name: &str| -> Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kibibytes =
                line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
            Ok(kibibytes.with_context(|| format!("{path} has no {name}"))? * 1024.0 / 1e6)
        };
        Ok((value("VmRSS:")?, value("VmHWM:")?))
    }

    /// Makes the present memory the most so far.
    pub fn reset_memory_peak(&self) -> Result<()> {
        let path = format!("/proc/{}/clear_refs", self.server.id());
        std::fs::write(&path, "5").with_context(|| format!("cannot write {path}"))
    }
}

fn free_addresses() -> Result<[SocketAddr; 3]> {
    let mut addresses = [SocketAddr::from(([127, 0, 0, 1], 0)); 3];
    for address in &mut addresses {
        address.set_port(free_port()?);
    }
    Ok(addresses)
}
