//! One request over a connection of its own, whose answer is read while the body is still on its
//! way: a server that is full answers before.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The only two answers that a sound block may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Accepted,
    /// And told when to come back.
    Busy,
}

pub async fn upload(address: SocketAddr, path: &str, pieces: &[Bytes]) -> Result<Answer> {
    let length: usize = pieces.iter().map(Bytes::len).sum();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/cbor\r\ncontent-length: {length}\r\n\r\n"
    );
    let mut connection = TcpStream::connect(address).await?;
    let (mut reader, mut writer) = connection.split();
    let answer = tokio::select! {
        answer = read_head(&mut reader) => answer?,
        () = send(&mut writer, head.as_bytes(), pieces) => bail!("sending never returns"),
    };
    judge(&answer)
}

/// Whether the body went out whole shows in the answer.
async fn send(writer: &mut (impl AsyncWrite + Unpin), head: &[u8], pieces: &[Bytes]) {
    let sending = async {
        writer.write_all(head).await?;
        for piece in pieces {
            writer.write_all(piece).await?;
        }
        std::io::Result::Ok(())
    };
    drop(sending.await);
    std::future::pending::<()>().await;
}

/// The answer up to its empty line.
async fn read_head(reader: &mut (impl AsyncRead + Unpin)) -> Result<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        ensure!(head.len() < HEAD_BYTES_MAX, "the answer has no end");
        let count = reader.read_buf(&mut head).await;
        let count = count.context("the connection broke without an answer")?;
        ensure!(count > 0, "the connection ended without an answer");
    }
    Ok(String::from_utf8(head)?.to_ascii_lowercase())
}

fn judge(answer: &str) -> Result<Answer> {
    if answer.starts_with("http/1.1 200 ") {
        return Ok(Answer::Accepted);
    }
    let is_busy = answer.starts_with("http/1.1 503 ") && answer.contains("\r\nretry-after: ");
    ensure!(is_busy, "answered: {answer}");
    Ok(Answer::Busy)
}
