//! What the binaries say when they can not start, and how they end.

use std::time::Duration;

use anyhow::{Result, ensure};
use test_kit::ServerCommand;

use crate::deployment::{Backend, Deployment};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Run to the end; the exit must be a failure whose output names every one of `words`.
async fn check_refusal(command: ServerCommand, words: &[&str]) -> Result<()> {
    let mut server = command.spawn()?;
    let status = server.wait_exit(TIMEOUT).await?;
    let output = server.output();
    ensure!(!status.success(), "it ended well: {output}");
    for word in words {
        ensure!(output.contains(word), "{word} is not in: {output}");
    }
    Ok(())
}

#[tokio::test]
async fn without_authentication_every_binary_refuses() -> Result<()> {
    for binary in [
        "micromegas-monolith",
        "telemetry-ingestion-srv",
        "flight-sql-srv",
        "http-gateway-srv",
    ] {
        check_refusal(ServerCommand::new(binary), &["--disable-auth"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn missing_settings_are_named_together() -> Result<()> {
    let both = [
        "MICROMEGAS_SQL_CONNECTION_STRING",
        "MICROMEGAS_OBJECT_STORE_URI",
    ];
    for binary in ["telemetry-ingestion-srv", "flight-sql-srv"] {
        check_refusal(ServerCommand::new(binary).arg("--disable-auth"), &both).await?;
    }
    let gateway = ServerCommand::new("http-gateway-srv").arg("--disable-auth");
    check_refusal(gateway, &["MICROMEGAS_FLIGHTSQL_URL"]).await
}

#[tokio::test]
async fn a_private_catalog_with_a_shared_store_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let command = ServerCommand::new("micromegas-monolith")
        .arg("--disable-auth")
        .arg("--data-dir")
        .arg(folder.path())
        .env("MICROMEGAS_OBJECT_STORE_URI", "s3://bucket/lake");
    check_refusal(
        command,
        &["MICROMEGAS_SQL_CONNECTION_STRING", "postgres://"],
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_termination_signal_drains() -> Result<()> {
    let mut deployment = Deployment::start(Backend::Embedded).await?;
    deployment.server.sigterm()?;
    let status = deployment.server.wait_exit(TIMEOUT).await?;
    let output = deployment.server.output();
    ensure!(status.success(), "{status}: {output}");
    ensure!(output.contains("drain completed"), "{output}");
    Ok(())
}
