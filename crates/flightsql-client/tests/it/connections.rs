//! Connections: TLS or not, absent, lost and found again, inside one process.

use flightsql_client::{Client, Code, Error, RequestMetadata, tuned};
use futures::TryStreamExt;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, DuplexStream};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{TcpListenerStream, UnboundedReceiverStream};
use tonic::transport::Endpoint;

use crate::backend::serve;

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    (listener, address)
}

async fn count_rows(client: &Client) -> Result<usize, Error> {
    let rows = client.query("select 1", RequestMetadata::new()).await?;
    let batches: Vec<_> = rows.try_collect().await?;
    Ok(batches
        .iter()
        .map(arrow::array::RecordBatch::num_rows)
        .sum())
}

/// The first bytes that a client sends to `scheme`.
async fn first_bytes(scheme: &str) -> Vec<u8> {
    let (listener, address) = listen().await;
    let client = Client::connect_lazy(&format!("{scheme}://{address}")).expect("a valid address");
    let asking = tokio::spawn(async move { count_rows(&client).await.map(|_| ()) });
    let (mut connection, _) = listener.accept().await.expect("a connection");
    let mut bytes = vec![0; 3];
    connection
        .read_exact(&mut bytes)
        .await
        .expect("the client speaks first");
    drop(connection);
    asking.abort();
    bytes
}

#[tokio::test]
async fn only_tls_schemes_speak_tls() {
    for scheme in ["grpc+tls", "GRPC+TLS", "https", "Https"] {
        // A handshake record of TLS.
        assert_eq!(first_bytes(scheme).await, [0x16, 0x03, 0x01], "{scheme}");
    }
    for scheme in ["grpc", "http", "Grpc"] {
        assert_eq!(first_bytes(scheme).await, b"PRI", "{scheme}");
    }
}

fn assert_unavailable(result: Result<usize, Error>) {
    let error = result.expect_err("no service");
    assert!(matches!(error, Error::Transport { .. }), "{error:?}");
    assert_eq!(error.code(), Code::Unavailable, "{error:?}");
    assert_eq!(
        error.to_string(),
        "the connection to the query service failed"
    );
}

#[tokio::test]
async fn an_absent_service_is_unavailable() {
    let (listener, address) = listen().await;
    drop(listener);
    let client = Client::connect_lazy(&format!("grpc://{address}")).expect("a valid address");
    assert_unavailable(count_rows(&client).await);
    let client = Client::connect_lazy("grpc://no-such-host.invalid:1").expect("a valid address");
    assert_unavailable(count_rows(&client).await);
}

#[tokio::test]
async fn a_lost_connection_is_unavailable_and_then_made_anew() {
    let (listener, address) = listen().await;
    let client = Client::connect_lazy(&format!("grpc://{address}")).expect("a valid address");
    let lose = async |bytes_first: usize| {
        let (mut connection, _) = listener.accept().await.expect("a connection");
        let mut bytes = vec![0; bytes_first];
        connection
            .read_exact(&mut bytes)
            .await
            .expect("the client speaks first");
    };
    // Right after connecting, and in the middle of the request.
    for bytes_first in [0, 200] {
        let (result, ()) = tokio::join!(count_rows(&client), lose(bytes_first));
        assert_unavailable(result);
    }
    tokio::spawn(serve(TcpListenerStream::new(listener)));
    assert_eq!(count_rows(&client).await.expect("an answer"), 1);
}

#[tokio::test]
async fn a_service_of_the_same_process_needs_no_port() {
    let (connect, connections) = mpsc::unbounded_channel::<std::io::Result<DuplexStream>>();
    tokio::spawn(serve(UnboundedReceiverStream::new(connections)));
    let endpoint = tuned(Endpoint::from_static("http://in-process"));
    let channel = endpoint.connect_with_connector_lazy(tower::service_fn(move |_| {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let sent = connect.send(Ok(far)).map_err(std::io::Error::other);
        std::future::ready(sent.map(|()| TokioIo::new(near)))
    }));
    let client = Client::from_channel(channel);
    assert_eq!(count_rows(&client).await.expect("an answer"), 1);
}
