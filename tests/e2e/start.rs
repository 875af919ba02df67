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
async fn without_authentication_no_door_opens() -> Result<()> {
    let ways_out = [
        "MICROMEGAS_API_KEYS",
        "MICROMEGAS_OIDC_CONFIG",
        "--disable-auth",
    ];
    for binary in [
        "micromegas-monolith",
        "telemetry-ingestion-srv",
        "flight-sql-srv",
    ] {
        check_refusal(ServerCommand::new(binary), &ways_out).await?;
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
    check_refusal(ServerCommand::new("telemetry-maintenance-srv"), &both).await?;
    let gateway = ServerCommand::new("http-gateway-srv");
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

#[tokio::test]
async fn malformed_credentials_settings_are_named_with_place_and_reason() -> Result<()> {
    for (name, text, reason) in [
        (
            "MICROMEGAS_API_KEYS",
            "[{\"name\": \"a\",\n \"key\": s3cret}]",
            "line 2 column 9",
        ),
        (
            "MICROMEGAS_API_KEYS",
            r#"[{"name": "a", "key": " "}]"#,
            "entry 1, field \"key\", is empty",
        ),
        (
            "MICROMEGAS_OIDC_CONFIG",
            r#"{"issuers": []}"#,
            "at least one issuer is needed",
        ),
        ("MICROMEGAS_OIDC_CONFIG", "s3cret", "line 1 column 1"),
        ("MICROMEGAS_ADMINS", r#"{"s3cret": 1}"#, "must be an array"),
    ] {
        for binary in [
            "micromegas-monolith",
            "telemetry-ingestion-srv",
            "flight-sql-srv",
        ] {
            let mut server = ServerCommand::new(binary).env(name, text).spawn()?;
            let status = server.wait_exit(TIMEOUT).await?;
            let output = server.output();
            ensure!(!status.success(), "it ended well: {output}");
            ensure!(output.contains(name) && output.contains(reason), "{output}");
            ensure!(!output.contains("s3cret"), "{output}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_authentication_other_machines_are_served_only_on_request() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let command = || {
        ServerCommand::new("micromegas-monolith")
            .args([
                "--disable-auth",
                "--roles",
                "ingestion,flightsql",
                "--data-dir",
            ])
            .arg(folder.path())
            .args(["--listen-endpoint-http", "127.0.0.1:0"])
            .args(["--listen-endpoint-flight", "0.0.0.0:0"])
    };
    check_refusal(command(), &["0.0.0.0:0", "--allow-remote-unauthenticated"]).await?;
    let mut insists = command().arg("--allow-remote-unauthenticated").spawn()?;
    let says_so = "everybody on the network is an administrator";
    let output = insists.output_path();
    insists
        .wait_until(TIMEOUT, async || {
            std::fs::read_to_string(&output)
                .is_ok_and(|text| text.contains(says_so) && text.matches("listening").count() == 2)
        })
        .await
}
