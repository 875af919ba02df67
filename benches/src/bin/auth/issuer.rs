//! An issuer that publishes keys, over plain HTTP on the loopback address.

use anyhow::Result;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Serves until the runtime ends; answers with the issuer's name.
pub async fn serve(keys: Vec<Value>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let discovery = json!({"issuer": url, "jwks_uri": format!("{url}/keys")}).to_string();
    let key_set = json!({"keys": keys}).to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // One at a time: a handful of requests in all.
            let _ = answer(stream, &discovery, &key_set).await;
        }
    });
    Ok(url)
}

async fn answer(mut stream: TcpStream, discovery: &str, key_set: &str) -> Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        anyhow::ensure!(stream.read_buf(&mut request).await? > 0, "no request");
    }
    let document = match request.starts_with(b"GET /keys ") {
        true => key_set,
        false => discovery,
    };
    let length = document.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{document}"
    );
    Ok(stream.write_all(answer.as_bytes()).await?)
}
