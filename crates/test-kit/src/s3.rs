//! A real S3 server: SeaweedFS.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::locate::{find_program, non_empty_var, not_installed, venv_bin};
use crate::port::free_port_pairs;
use crate::process::GuardedChild;

const START_TIMEOUT: Duration = Duration::from_secs(60);
const START_ATTEMPTS: u32 = 3;
const ACCESS_KEY: &str = "AK";
const SECRET_KEY: &str = "SK";
const BUCKET: &str = "lake";
const IDENTITIES: &str = r#"{"identities": [{"name": "test",
  "credentials": [{"accessKey": "AK", "secretKey": "SK"}],
  "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}"#;
/// The server binds a second port this far above each port it is given.
const COMPANION_OFFSET: u16 = 10_000;

/// A running server with one empty bucket. It checks signatures.
#[derive(Debug)]
pub struct S3Server {
    s3_port: u16,
    // Dropped in this order: the server ends before its folder goes.
    _server: GuardedChild,
    _folder: TempDir,
}

impl S3Server {
    /// Start the server and create the bucket; it takes a few seconds.
    pub async fn start() -> Result<Self> {
        let program = find_weed()?;
        let folder = tempfile::Builder::new()
            .prefix("micromegas-test-s3-")
            .tempdir()?;
        std::fs::write(folder.path().join("identities.json"), IDENTITIES)?;
        std::fs::create_dir(folder.path().join("data"))?;
        for _ in 0..START_ATTEMPTS {
            let ports = free_port_pairs(4, COMPANION_OFFSET)?;
            let mut server = spawn(&program, folder.path(), &ports)?;
            if wait_ready(&mut server, ports[0]).await? {
                create_bucket(ports[3]).await?;
                return Ok(Self {
                    s3_port: ports[0],
                    _server: server,
                    _folder: folder,
                });
            }
        }
        let log = std::fs::read_to_string(folder.path().join("server.log")).unwrap_or_default();
        bail!("the S3 server did not start: {log}")
    }

    /// Address of the S3 API, `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.s3_port)
    }

    pub fn bucket(&self) -> &str {
        BUCKET
    }

    pub fn access_key(&self) -> &str {
        ACCESS_KEY
    }

    pub fn secret_key(&self) -> &str {
        SECRET_KEY
    }

    /// The variables with which an S3 client reaches this server.
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT", self.endpoint().as_str()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ALLOW_HTTP", "true"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }
}

fn find_weed() -> Result<PathBuf> {
    if let Some(program) = non_empty_var("MICROMEGAS_TEST_WEED") {
        ensure!(program.is_file(), not_installed(program));
        return Ok(program);
    }
    let folders: Vec<PathBuf> = venv_bin().into_iter().collect();
    find_program("weed", &folders).map_err(|_| not_installed("the S3 server (weed)"))
}

/// `ports`: S3, master, volume, filer.
fn spawn(program: &Path, folder: &Path, ports: &[u16]) -> Result<GuardedChild> {
    let log = File::create(folder.join("server.log"))?;
    let mut command = Command::new(program);
    command
        .arg("server")
        .arg(format!("-dir={}", folder.join("data").display()))
        .args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3"])
        // Further servers, on fixed ports that only one of us could have.
        .args(["-s3.port.iceberg=0", "-s3.port.lance=0"])
        .arg("-master.telemetry=false")
        .arg(format!(
            "-s3.config={}",
            folder.join("identities.json").display()
        ))
        .arg(format!("-s3.port={}", ports[0]))
        .arg(format!("-master.port={}", ports[1]))
        .arg(format!("-volume.port={}", ports[2]))
        .arg(format!("-filer.port={}", ports[3]))
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(log);
    // It takes long to end on TERM, and nothing in it is worth the wait.
    GuardedChild::spawn(&mut command, "KILL", Some(folder))
}

/// False when the server ended instead, because another process took a port.
async fn wait_ready(server: &mut GuardedChild, s3_port: u16) -> Result<bool> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let health = format!("http://127.0.0.1:{s3_port}/healthz");
    let mut ended = false;
    crate::wait_until(START_TIMEOUT, async || {
        ended = !matches!(server.try_wait(), Ok(None));
        ended
            || client
                .get(&health)
                .send()
                .await
                .is_ok_and(|response| response.status().is_success())
    })
    .await
    .context("waiting for the S3 server")?;
    Ok(!ended)
}

/// A bucket is a folder below `/buckets` of the file service, which asks for no signature.
async fn create_bucket(filer_port: u16) -> Result<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("http://127.0.0.1:{filer_port}/buckets/{BUCKET}/");
    crate::wait_until(START_TIMEOUT, async || {
        client
            .post(&url)
            .send()
            .await
            .is_ok_and(|response| response.status().is_success())
    })
    .await
    .context("creating the bucket")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn servers_run_side_by_side() {
        let (first, second) = tokio::join!(S3Server::start(), S3Server::start());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        for server in [first.unwrap(), second.unwrap()] {
            let health = format!("{}/healthz", server.endpoint());
            let answer = client.get(health).send().await.unwrap();
            assert!(answer.status().is_success());
        }
    }

    #[tokio::test]
    async fn the_server_answers_and_refuses_unsigned_requests() {
        let server = S3Server::start().await.unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/{}", server.endpoint(), server.bucket());
        let status = client.get(url).send().await.unwrap().status();
        assert_eq!(status.as_u16(), 403);
    }
}
