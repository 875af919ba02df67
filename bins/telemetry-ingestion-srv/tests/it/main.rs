//! The real binary: how it refuses to start, and how it stops.

use std::time::Duration;

use tempfile::TempDir;
use test_kit::{Server, ServerCommand, free_port};

const LONG: Duration = Duration::from_secs(60);

fn command() -> ServerCommand {
    ServerCommand::new("telemetry-ingestion-srv")
}

/// Over a SQLite catalog and files in `folder`.
fn command_over(folder: &TempDir, port: u16) -> ServerCommand {
    let folder = folder.path().display();
    command()
        .args(["--disable-auth", "--listen-endpoint-http"])
        .arg(format!("127.0.0.1:{port}"))
        .env(
            "MICROMEGAS_SQL_CONNECTION_STRING",
            format!("sqlite://{folder}/catalog.db"),
        )
        .env(
            "MICROMEGAS_OBJECT_STORE_URI",
            format!("file://{folder}/objects"),
        )
}

async fn answers(port: u16) -> bool {
    let url = format!("http://127.0.0.1:{port}/ready");
    let response = reqwest::get(url).await;
    response.is_ok_and(|response| response.status() == 200)
}

async fn started(folder: &TempDir) -> (Server, u16) {
    let port = free_port().unwrap();
    let mut server = command_over(folder, port).spawn().unwrap();
    server
        .wait_until(LONG, async || answers(port).await)
        .await
        .unwrap();
    (server, port)
}

#[tokio::test]
async fn everything_that_is_missing_is_named_at_once() {
    let mut server = command()
        .env("MICROMEGAS_SHUTDOWN_GRACE_PERIOD_SECONDS", "hunter2")
        .spawn()
        .unwrap();
    let status = server.wait_exit(LONG).await.unwrap();
    assert_eq!(status.code(), Some(1));
    let output = server.output();
    for part in [
        "MICROMEGAS_SQL_CONNECTION_STRING is not set",
        "MICROMEGAS_OBJECT_STORE_URI is not set",
        "pass --disable-auth",
        "MICROMEGAS_SHUTDOWN_GRACE_PERIOD_SECONDS must be",
    ] {
        assert!(output.contains(part), "{part:?} is not in:\n{output}");
    }
    assert!(!output.contains("hunter2"), "{output}");
}

#[tokio::test]
async fn an_address_in_use_ends_it_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut server = command_over(&folder, port).spawn().unwrap();
    let status = server.wait_exit(LONG).await.unwrap();
    assert_eq!(status.code(), Some(1));
    let expected = format!("ingestion can not listen on 127.0.0.1:{port}");
    assert!(server.output().contains(&expected), "{}", server.output());
}

#[tokio::test]
async fn sigterm_drains_and_the_lake_is_still_there_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let (mut server, _) = started(&folder).await;
        server.sigterm().unwrap();
        let status = server.wait_exit(LONG).await.unwrap();
        assert_eq!(status.code(), Some(0), "{}", server.output());
        assert!(
            server.output().contains("drain completed"),
            "{}",
            server.output()
        );
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    use std::io::{Read, Write};
    let folder = tempfile::tempdir().unwrap();
    let (mut server, port) = started(&folder).await;
    // A request whose body does not end holds the drain.
    let mut stalled = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = "POST /ingestion/insert_block HTTP/1.1\r\nhost: test\r\ncontent-length: 9\r\n\
                expect: 100-continue\r\n\r\n";
    stalled.write_all(head.as_bytes()).unwrap();
    // The interim answer says that the handler waits for the body.
    let mut interim = [0; 12];
    stalled.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100");
    server.sigterm().unwrap();
    server
        .wait_until(LONG, async || !answers(port).await)
        .await
        .unwrap();
    server.sigterm().unwrap();
    let status = server.wait_exit(LONG).await.unwrap();
    assert_eq!(status.code(), Some(128 + 15), "{}", server.output());
}
