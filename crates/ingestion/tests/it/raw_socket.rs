//! What an HTTP library would not send.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use ingestion::Config;

use crate::envelope::{BLOCK, Producer};
use crate::server::TestServer;

struct Answer {
    status: u16,
    head: String,
    body: String,
}

async fn connect(server: &TestServer) -> TcpStream {
    TcpStream::connect(server.address).await.unwrap()
}

/// The answer, once the server has closed its side.
async fn answer(mut stream: TcpStream) -> Answer {
    let mut received = Vec::new();
    // The server may reset a connection whose request it did not read to the end.
    let _ = stream.read_to_end(&mut received).await;
    let text = String::from_utf8(received).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

fn head(framing: &str) -> String {
    format!("POST {BLOCK} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{framing}\r\n\r\n")
}

#[tokio::test]
async fn a_declared_length_above_the_limit_is_refused_unread() {
    let server = TestServer::start().await;
    for length in ["105906176", "4611686018427387904"] {
        let mut stream = connect(&server).await;
        let head = head(&format!("content-length: {length}"));
        stream.write_all(head.as_bytes()).await.unwrap();
        // Not one byte of the body is sent, so the answer can not depend on it.
        let answer = answer(stream).await;
        assert_eq!(answer.status, 413);
        assert_eq!(answer.body, "length limit exceeded");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_chunked_body_above_the_limit_is_refused_when_it_crosses_it() {
    let server = TestServer::start_with(Config {
        body_bytes_max: 100_000,
        ..Config::default()
    })
    .await;
    let mut stream = connect(&server).await;
    let head = head("transfer-encoding: chunked");
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let sending = tokio::spawn(async move {
        let chunk = format!("{:x}\r\n{}\r\n", 10_000, "x".repeat(10_000));
        // Until the server stops reading; there is no end of the body.
        while writer.write_all(chunk.as_bytes()).await.is_ok() {}
    });
    let mut received = Vec::new();
    let _ = reader.read_to_end(&mut received).await;
    sending.await.unwrap();
    let received = String::from_utf8(received).unwrap();
    assert!(received.starts_with("HTTP/1.1 413"), "{received}");
    assert!(received.ends_with("Failed to buffer the request body: length limit exceeded"));
    server.stop().await;
}

#[tokio::test]
async fn a_chunked_body_within_the_limit_is_accepted() {
    let server = TestServer::start().await;
    let body = Producer::new().block_body(Uuid::new_v4(), &[7; 300_000]);
    let mut stream = connect(&server).await;
    let head = head("transfer-encoding: chunked");
    stream.write_all(head.as_bytes()).await.unwrap();
    for piece in body.chunks(1000) {
        let size = format!("{:x}\r\n", piece.len());
        stream.write_all(size.as_bytes()).await.unwrap();
        stream.write_all(piece).await.unwrap();
        stream.write_all(b"\r\n").await.unwrap();
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let answer = answer(stream).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    server.stop().await;
}

#[tokio::test]
async fn a_truncated_upload_is_400_and_harms_nobody() {
    let server = TestServer::start().await;
    let producer = Producer::new();
    let body = producer.block_body(Uuid::new_v4(), b"events");
    for framing in [
        format!("content-length: {}", body.len() + 1),
        "transfer-encoding: chunked".to_owned(),
    ] {
        let mut stream = connect(&server).await;
        stream.write_all(head(&framing).as_bytes()).await.unwrap();
        if framing.starts_with("transfer") {
            stream.write_all(b"ffff\r\n").await.unwrap();
        }
        stream.write_all(&body).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = answer(stream).await;
        assert_eq!(answer.status, 400, "{}", answer.head);
        let start = "Failed to buffer the request body";
        assert!(answer.body.starts_with(start), "{}", answer.body);
    }
    server.accept(BLOCK, body).await;
    server.stop().await;
}

#[tokio::test]
async fn an_upload_that_stalls_is_503_so_that_it_is_sent_again() {
    let server = TestServer::start_with(Config {
        body_idle_timeout: Duration::from_millis(10),
        ..Config::default()
    })
    .await;
    let mut stream = connect(&server).await;
    let head = head("content-length: 1000");
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = answer(stream).await;
    assert_eq!(answer.status, 503);
    assert!(
        answer.head.contains("\r\nretry-after: 1\r\n"),
        "{}",
        answer.head
    );
    assert_eq!(answer.body, "Timed out reading the request body");
    server.stop().await;
}
