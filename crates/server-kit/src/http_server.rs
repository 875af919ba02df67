//! Serves a router over TCP: HTTP/1.1 and HTTP/2, with the limits that keep one peer from
//! harming the others.

use std::any::Any;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::Service as _;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{BoxError, Shutdown};

/// Beyond this many open connections the next ones wait in the backlog of the kernel.
const CONNECTIONS_MAX: usize = 4096;

/// From the connection, or from the end of the previous answer, to the end of the next headers;
/// so this is also how long an idle HTTP/1.1 connection is kept.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How often an HTTP/2 peer that says nothing is asked whether it is there.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);

/// Bytes that the headers of one request may take. The number of HTTP/1.1 headers is bounded to
/// 100 by the library.
const HEADER_BYTES_MAX: u32 = 64 * 1024;

/// Out of file descriptors: nothing helps but waiting for connections to end.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: Shutdown,
) -> Result<(), BoxError> {
    let router = router.layer(CatchPanicLayer::custom(answer_panic));
    let builder = Arc::new(connection_builder());
    let mut stopping = pin!(shutdown.wait());
    // Dropping the set aborts what is in it: abandoning this future abandons its connections.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = &mut stopping => break,
            Some(_) = connections.join_next() => {}
            (stream, peer) = accept(&listener), if connections.len() < CONNECTIONS_MAX => {
                let builder = Arc::clone(&builder);
                connections.spawn(serve_connection(builder, stream, peer, router.clone(), shutdown.clone()));
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    Ok(())
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error)
                if matches!(
                    error.kind(),
                    ConnectionAborted | ConnectionRefused | ConnectionReset
                ) => {}
            Err(error) => {
                tracing::warn!(%error, "can not accept connections for now");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn connection_builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_buf_size(HEADER_BYTES_MAX as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .max_header_list_size(HEADER_BYTES_MAX);
    builder
}

async fn serve_connection(
    builder: Arc<auto::Builder<TokioExecutor>>,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    shutdown: Shutdown,
) {
    // Answers are small and awaited; failing to say so costs latency only.
    let _ = stream.set_nodelay(true);
    let request_seen = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&request_seen);
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        seen.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().call(request)
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // The library's own timer starts once it knows the protocol version; a peer that never
    // completes the first line is cut off here.
    let mut first_request = pin!(tokio::time::sleep(HEADER_READ_TIMEOUT));
    let mut stopping = pin!(shutdown.wait());
    let (mut draining, mut unproven) = (false, true);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, error, "connection ended early");
                }
                break;
            }
            () = &mut stopping, if !draining => {
                draining = true;
                connection.as_mut().graceful_shutdown();
            }
            () = &mut first_request, if unproven => {
                unproven = false;
                if !request_seen.load(Ordering::Relaxed) {
                    break;
                }
            }
        }
    }
}

fn answer_panic(panic: Box<dyn Any + Send>) -> Response<Body> {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    tracing::error!(panic = message, "a request handler panicked");
    (StatusCode::INTERNAL_SERVER_ERROR, "Internal server error").into_response()
}
