//! The real binary: how it refuses to start, and how it stops.

use std::time::Duration;

use tempfile::TempDir;
use test_kit::{Server, ServerCommand, free_port};

const LONG: Duration = Duration::from_secs(60);

fn command() -> ServerCommand {
    ServerCommand::new("telemetry-maintenance-srv")
}

/// Over a SQLite catalog and files in `folder`.
async fn started(folder: &TempDir) -> (Server, String) {
    let address = format!("127.0.0.1:{}", free_port().unwrap());
    let path = folder.path().display();
    let catalog = format!("sqlite://{path}/catalog.db");
    let objects = format!("file://{path}/objects");
    let mut server = command()
        .args(["--retention-days", "3", "--health-listen-addr", &address])
        .env("MICROMEGAS_SQL_CONNECTION_STRING", catalog)
        .env("MICROMEGAS_OBJECT_STORE_URI", objects)
        .spawn()
        .unwrap();
    server
        .wait_until(LONG, async || status(&address, "/ready").await == Some(200))
        .await
        .unwrap();
    (server, address)
}

async fn status(address: &str, path: &str) -> Option<u16> {
    let answer = reqwest::get(format!("http://{address}{path}")).await;
    answer.ok().map(|answer| answer.status().as_u16())
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_at_once() {
    let mut server = command()
        .env("MICROMEGAS_RETENTION_DAYS", "0")
        .env("MICROMEGAS_DATAFUSION_MAX_TEMP_DIRECTORY_MB", "hunter2")
        .spawn()
        .unwrap();
    let status = server.wait_exit(LONG).await.unwrap();
    assert_eq!(status.code(), Some(1));
    let output = server.output();
    for part in [
        "MICROMEGAS_SQL_CONNECTION_STRING is not set",
        "MICROMEGAS_OBJECT_STORE_URI is not set",
        "MICROMEGAS_RETENTION_DAYS must be",
        "MICROMEGAS_DATAFUSION_MAX_TEMP_DIRECTORY_MB must be",
    ] {
        assert!(output.contains(part), "{part:?} is not in:\n{output}");
    }
    assert!(!output.contains("hunter2"), "{output}");
}

#[tokio::test]
async fn it_leads_and_gives_the_lead_back_when_it_drains() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let (mut server, address) = started(&folder).await;
        assert_eq!(status(&address, "/health").await, Some(200));
        // The second one need not wait until the lease of the first runs out.
        let output = server.output_path();
        let leads = async || {
            let output = std::fs::read_to_string(&output);
            output.is_ok_and(|output| output.contains("maintaining this lake"))
        };
        server.wait_until(LONG, leads).await.unwrap();
        server.sigterm().unwrap();
        let status = server.wait_exit(LONG).await.unwrap();
        let output = server.output();
        assert_eq!(status.code(), Some(0), "{output}");
        assert!(output.contains("drain completed"), "{output}");
    }
}
