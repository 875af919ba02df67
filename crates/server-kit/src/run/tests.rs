use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::*;

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(50);

/// A router on a free port, running until `shutdown`.
struct Running {
    address: SocketAddr,
    shutdown: Shutdown,
    outcome: JoinHandle<Result<(), Error>>,
}

async fn serve(router: Router, others: Vec<Service>, grace: Duration) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let mut services = vec![Service::http("test", listener, router)];
    services.extend(others);
    let outcome = tokio::spawn(run(services, shutdown.clone(), grace));
    Running {
        address,
        shutdown,
        outcome,
    }
}

fn url(address: SocketAddr, path: &str) -> String {
    format!("http://{address}{path}")
}

/// A route that says when it was entered and answers once it is released.
fn held_route(entered: &Arc<Notify>, release: &Arc<Notify>) -> Router {
    let (entered, release) = (Arc::clone(entered), Arc::clone(release));
    Router::new().route(
        "/held",
        get(move || async move {
            entered.notify_one();
            release.notified().await;
            "done"
        }),
    )
}

fn failing(name: &str) -> Service {
    let address = SocketAddr::from(([127, 0, 0, 1], 1));
    Service::future(name, address, |_| async { Err("no luck".into()) })
}

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_end() {
    let (entered, release) = (Arc::default(), Arc::default());
    let running = serve(held_route(&entered, &release), Vec::new(), LONG).await;
    let request = tokio::spawn(reqwest::get(url(running.address, "/held")));
    entered.notified().await;
    running.shutdown.trigger();
    // The listener closes while the request is still being served.
    while TcpStream::connect(running.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    release.notify_one();
    let body = request.await.unwrap().unwrap().text().await.unwrap();
    assert_eq!(body, "done");
    running.outcome.await.unwrap().unwrap();
}

#[tokio::test]
async fn work_that_outlasts_the_grace_period_is_abandoned_without_an_error() {
    let (entered, release) = (Arc::default(), Arc::default());
    let running = serve(held_route(&entered, &release), Vec::new(), SHORT).await;
    let request = tokio::spawn(reqwest::get(url(running.address, "/held")));
    entered.notified().await;
    running.shutdown.trigger();
    running.outcome.await.unwrap().unwrap();
    assert!(request.await.unwrap().is_err());
}

#[tokio::test]
async fn idle_and_silent_connections_do_not_hold_the_drain() {
    let running = serve(Router::new(), Vec::new(), LONG).await;
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET /unknown HTTP/1.1\r\nhost: test\r\n\r\n")
        .await
        .unwrap();
    let mut head = [0; 12];
    idle.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 404");
    let _silent = TcpStream::connect(running.address).await.unwrap();
    running.shutdown.trigger();
    running.outcome.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_follows_the_drain_runs_before_the_end() {
    let flushed = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&flushed);
    let address = SocketAddr::from(([127, 0, 0, 1], 1));
    let service = Service::future("worker", address, |shutdown: Shutdown| async move {
        shutdown.wait().await;
        Ok(())
    })
    .then(async move { flag.store(true, Ordering::Relaxed) });
    let shutdown = Shutdown::new();
    shutdown.trigger();
    run([service], shutdown, LONG).await.unwrap();
    assert!(flushed.load(Ordering::Relaxed));
}

#[tokio::test]
async fn the_first_failure_stops_all_with_its_error() {
    let running = serve(Router::new(), vec![failing("faulty")], LONG).await;
    let error = running.outcome.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "faulty failed");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "no luck");
    assert!(!running.shutdown.is_triggered());
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn panics_and_unasked_ends_are_failures() {
    let address = SocketAddr::from(([127, 0, 0, 1], 1));
    let panics = Service::future("panics", address, |_| async { panic!("on purpose") });
    let error = run([panics], Shutdown::new(), LONG).await.unwrap_err();
    assert_eq!(error.to_string(), "panics panicked");
    let ends = Service::future("ends", address, |_| async { Ok(()) });
    let error = run([ends], Shutdown::new(), LONG).await.unwrap_err();
    assert!(matches!(error, Error::Ended { service } if service == "ends"));
}

#[tokio::test]
async fn nothing_serves_when_one_address_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let served = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&served);
    let first = Service::future("first", address, |_| async move {
        flag.store(true, Ordering::Relaxed);
        Ok(())
    });
    let second = Service::http("second", address, Router::new());
    let error = run([first, second], Shutdown::new(), LONG)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("second can not listen on {address}")
    );
    assert!(!served.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_panic_in_a_handler_answers_500_and_the_server_lives() {
    async fn panics() -> &'static str {
        panic!("on purpose")
    }
    let router = Router::new().route("/panics", get(panics)).route(
        "/peer",
        get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }),
    );
    let running = serve(router, Vec::new(), LONG).await;
    let client = reqwest::Client::new();
    let response = client
        .get(url(running.address, "/panics"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(response.text().await.unwrap(), "Internal server error");
    let response = client
        .get(url(running.address, "/peer"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.text().await.unwrap(), "127.0.0.1");
    drop(client);
    running.shutdown.trigger();
    running.outcome.await.unwrap().unwrap();
}

#[tokio::test]
async fn http2_with_prior_knowledge_is_served() {
    let router = Router::new().route("/", get(|| async { "two" }));
    let running = serve(router, Vec::new(), LONG).await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let response = client.get(url(running.address, "/")).send().await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    assert_eq!(response.text().await.unwrap(), "two");
    running.shutdown.trigger();
    running.outcome.await.unwrap().unwrap();
}

#[tokio::test]
async fn work_without_an_address_is_told_to_stop_and_waited_for() {
    let is_done = Arc::new(AtomicBool::new(false));
    let done = Arc::clone(&is_done);
    let work = Service::background("work", |shutdown| async move {
        shutdown.wait().await;
        done.store(true, Ordering::SeqCst);
        Ok(())
    });
    let shutdown = Shutdown::new();
    shutdown.trigger();
    run([work], shutdown, LONG).await.unwrap();
    assert!(is_done.load(Ordering::SeqCst));

    let early = Service::background("early", |_| async { Ok(()) });
    let error = run([early], Shutdown::new(), LONG).await.unwrap_err();
    assert!(matches!(error, Error::Ended { service } if service == "early"));
}
