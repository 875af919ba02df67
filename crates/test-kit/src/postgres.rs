//! A throw-away PostgreSQL cluster.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tempfile::TempDir;

use crate::locate::find_program;
use crate::port::free_port;
use crate::process::{GuardedChild, run};

const START_TIMEOUT: Duration = Duration::from_secs(60);
const START_ATTEMPTS: u32 = 5;

/// How a cluster is run.
#[derive(Debug, Clone, Copy, Default)]
pub struct PostgresConfig {
    /// Whether commits survive a crash of the machine. Off by default: faster, and a
    /// killed server still loses nothing. Benches and crash tests turn it on.
    pub durable: bool,
}

/// A running cluster with one superuser `postgres` and no password.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    programs: PathBuf,
    databases: AtomicU32,
    // Dropped in this order: the server ends before its folder goes.
    _server: GuardedChild,
    _folder: TempDir,
}

impl Postgres {
    /// Start a cluster with the default configuration; it takes a second or two.
    pub async fn start() -> Result<Self> {
        Self::start_with(PostgresConfig::default()).await
    }

    pub async fn start_with(config: PostgresConfig) -> Result<Self> {
        let programs = find_programs()?;
        let owner = Owner::choose()?;
        let folder = tempfile::Builder::new()
            .prefix("micromegas-test-pg-")
            .tempdir()?;
        owner.give(folder.path())?;
        let data = folder.path().join("data");
        let mut initdb = owner.command(&programs.join("initdb"), folder.path());
        initdb
            .args(["--no-sync", "--auth=trust", "--username=postgres"])
            .args(["--encoding=UTF8", "--locale=C", "--pgdata"])
            .arg(&data);
        run(initdb).await.context("creating the cluster")?;
        let (server, port) = start_server(config, &owner, &programs, folder.path()).await?;
        Ok(Self {
            port,
            programs,
            databases: AtomicU32::new(0),
            _server: server,
            _folder: folder,
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Create an empty database; returns its `postgres://` URL.
    pub async fn create_database(&self) -> Result<String> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        let mut createdb = Command::new(self.programs.join("createdb"));
        createdb
            .args(["--host=127.0.0.1", "--username=postgres", "--no-password"])
            .arg(format!("--port={}", self.port))
            .arg(&name);
        run(createdb).await.context("creating a database")?;
        Ok(format!(
            "postgres://postgres@127.0.0.1:{}/{name}",
            self.port
        ))
    }

    /// End the connections of all clients, as a network or a restart would, and wait until
    /// they are gone.
    pub async fn terminate_connections(&self) -> Result<()> {
        const TERMINATE: &str = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
             WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["--host=127.0.0.1", "--username=postgres", "--no-password"])
            .args(["--no-psqlrc", "--quiet", "--output=/dev/null"])
            .arg(format!("--port={}", self.port))
            .args(["--command", TERMINATE, "postgres"]);
        run(psql).await.context("terminating connections")
    }
}

/// The newest installed release, by its folder name.
fn find_programs() -> Result<PathBuf> {
    let mut folders: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let release = entry.file_name().to_str()?.parse().ok()?;
            Some((release, entry.path().join("bin")))
        })
        .collect();
    folders.sort_unstable_by(|a, b| b.cmp(a));
    let folders: Vec<PathBuf> = folders.into_iter().map(|(_, folder)| folder).collect();
    let initdb = find_program("initdb", &folders)
        .or_else(|_| find_program("initdb", &[]))
        .map_err(|_| crate::locate::not_installed("PostgreSQL"))?;
    // Links in PATH may lead to a folder that holds only some of the programs.
    let initdb = initdb.canonicalize()?;
    let folder = initdb
        .parent()
        .ok_or_else(|| anyhow!("initdb at the root"))?;
    Ok(folder.to_owned())
}

/// Start the server process and wait until it answers. The port may be taken
/// between choosing and binding it, so a server that ends at once is tried again.
async fn start_server(
    config: PostgresConfig,
    owner: &Owner,
    programs: &Path,
    folder: &Path,
) -> Result<(GuardedChild, u16)> {
    let log = folder.join("server.log");
    for _ in 0..START_ATTEMPTS {
        let port = free_port()?;
        let mut command = owner.command(&programs.join("postgres"), folder);
        command
            .arg("-D")
            .arg(folder.join("data"))
            .arg("-k")
            .arg(folder)
            .args(["-p", &port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "max_connections=200"])
            .args([
                "-c",
                if config.durable {
                    "fsync=on"
                } else {
                    "fsync=off"
                },
            ])
            .stdout(Stdio::null())
            .stderr(File::create(&log)?);
        // QUIT makes the server end its own children at once.
        let mut server = GuardedChild::spawn(&mut command, "QUIT", Some(folder))?;
        if wait_ready(&mut server, programs, port).await? {
            return Ok((server, port));
        }
    }
    let log = std::fs::read_to_string(&log).unwrap_or_default();
    bail!("PostgreSQL did not start: {log}")
}

/// False when the server ended instead.
async fn wait_ready(server: &mut GuardedChild, programs: &Path, port: u16) -> Result<bool> {
    let mut ended = false;
    crate::wait_until(START_TIMEOUT, async || {
        ended = !matches!(server.try_wait(), Ok(None));
        ended || is_ready(programs, port).await
    })
    .await
    .context("waiting for PostgreSQL")?;
    Ok(!ended)
}

async fn is_ready(programs: &Path, port: u16) -> bool {
    let mut pg_isready = Command::new(programs.join("pg_isready"));
    pg_isready
        .args(["--host=127.0.0.1", "--quiet"])
        .arg(format!("--port={port}"));
    run(pg_isready).await.is_ok()
}

/// Who the server runs as: it refuses to run as root.
#[derive(Debug)]
struct Owner {
    /// User and group to change to.
    ids: Option<(u32, u32)>,
}

impl Owner {
    fn choose() -> Result<Self> {
        if std::fs::metadata("/proc/self")?.uid() != 0 {
            return Ok(Self { ids: None });
        }
        let users = std::fs::read_to_string("/etc/passwd").context("listing users")?;
        let ids = users
            .lines()
            .find_map(postgres_user)
            .ok_or_else(|| crate::locate::not_installed("PostgreSQL (user postgres)"))?;
        Ok(Self { ids: Some(ids) })
    }

    fn give(&self, folder: &Path) -> Result<()> {
        if let Some((user, group)) = self.ids {
            std::os::unix::fs::chown(folder, Some(user), Some(group))?;
        }
        Ok(())
    }

    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder);
        if let Some((user, group)) = self.ids {
            command.uid(user).gid(group);
        }
        command
    }
}

/// User and group of a line of the user list that describes `postgres`.
fn postgres_user(line: &str) -> Option<(u32, u32)> {
    let mut fields = line.split(':');
    (fields.next()? == "postgres").then_some(())?;
    let user = fields.nth(1)?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some((user, group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_lines_are_read_by_field() {
        assert_eq!(
            postgres_user("postgres:x:107:115:PostgreSQL:/var/lib/postgresql:/bin/bash"),
            Some((107, 115))
        );
        assert_eq!(postgres_user("root:x:0:0:root:/root:/bin/bash"), None);
        assert_eq!(postgres_user("postgres:x:"), None);
    }

    #[tokio::test]
    async fn a_cluster_starts_makes_databases_and_goes() {
        let postgres = Postgres::start().await.unwrap();
        let first = postgres.create_database().await.unwrap();
        let second = postgres.create_database().await.unwrap();
        assert_ne!(first, second);
        let (programs, port) = (postgres.programs.clone(), postgres.port());
        let folder = postgres._folder.path().to_owned();
        drop(postgres);
        assert!(!is_ready(&programs, port).await);
        assert!(!folder.exists());
    }
}
