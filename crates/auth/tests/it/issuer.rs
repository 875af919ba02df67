//! An issuer that does what a test tells it to.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::{StatusCode, header};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::signing::SigningKey;

/// How a document is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    AsUsual,
    /// Not before [`Issuer::release`].
    Held,
    Redirect(String),
    /// The right document, followed by 10 MB of spaces.
    Large {
        is_chunked: bool,
    },
    Text(String),
    Status(StatusCode),
}

/// A server on the loopback address that publishes a discovery document and a key set. Ends
/// when it is dropped.
pub struct Issuer {
    /// Its name, which is where it is.
    pub url: String,
    port: u16,
    shared: Arc<Shared>,
    server: Option<JoinHandle<()>>,
}

struct Shared {
    url: String,
    script: Mutex<Script>,
    discovery_requests: AtomicU64,
    key_set_requests: AtomicU64,
    gate: Semaphore,
}

struct Script {
    keys: Vec<Value>,
    makes_keys: bool,
    discovery: Answer,
    key_set: Answer,
    key_set_url: Option<String>,
}

impl Issuer {
    pub async fn start(keys: &[&SigningKey]) -> Self {
        let mut issuer = Self::stopped(keys);
        issuer.come_back().await;
        issuer
    }

    /// Nobody listens at its address before [`Self::come_back`].
    pub fn stopped(keys: &[&SigningKey]) -> Self {
        let port = test_kit::free_port().unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let script = Script {
            keys: keys.iter().map(|key| key.jwk()).collect(),
            makes_keys: false,
            discovery: Answer::AsUsual,
            key_set: Answer::AsUsual,
            key_set_url: None,
        };
        let shared = Shared {
            url: url.clone(),
            script: Mutex::new(script),
            discovery_requests: AtomicU64::new(0),
            key_set_requests: AtomicU64::new(0),
            gate: Semaphore::new(0),
        };
        Self {
            url,
            port,
            shared: Arc::new(shared),
            server: None,
        }
    }

    pub async fn come_back(&mut self) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await;
        let listener = listener.unwrap();
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(key_set))
            .with_state(Arc::clone(&self.shared));
        self.server = Some(tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        }));
    }

    pub async fn go_down(&mut self) {
        let server = self.server.take().expect("it is up");
        server.abort();
        // The address is free once the task has ended. No connection outlives its answer.
        assert!(server.await.is_err());
    }

    pub fn publish(&self, keys: impl IntoIterator<Item = Value>) {
        self.script().keys = keys.into_iter().collect();
    }

    /// Every key set has one new key, which signs nothing.
    pub fn publish_new_keys_every_time(&self) {
        self.script().makes_keys = true;
    }

    pub fn answer_discovery(&self, answer: Answer) {
        self.script().discovery = answer;
    }

    pub fn answer_key_set(&self, answer: Answer) {
        self.script().key_set = answer;
    }

    /// What the discovery document says.
    pub fn name_key_set(&self, url: Option<String>) {
        self.script().key_set_url = url;
    }

    /// Lets held requests go on, and all later ones.
    pub fn release(&self) {
        self.shared.gate.close();
    }

    /// Requests for the discovery document and for the key set.
    pub fn requests(&self) -> (u64, u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        (
            count(&self.shared.discovery_requests),
            count(&self.shared.key_set_requests),
        )
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.shared.script()
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, answer: Answer, document: String) -> Response {
        let response = Response::builder().header(header::CONNECTION, "close");
        match answer {
            Answer::AsUsual => response.body(Body::from(document)),
            Answer::Held => {
                assert!(self.gate.acquire().await.is_err(), "the gate only closes");
                response.body(Body::from(document))
            }
            Answer::Redirect(url) => {
                let response = response.status(StatusCode::TEMPORARY_REDIRECT);
                response.header(header::LOCATION, url).body(Body::empty())
            }
            Answer::Large { is_chunked } => response.body(large(&document, is_chunked)),
            Answer::Text(text) => response.body(Body::from(text)),
            Answer::Status(status) => response.status(status).body(Body::from(document)),
        }
        .unwrap()
    }
}

async fn discovery(State(shared): State<Arc<Shared>>) -> Response {
    shared.discovery_requests.fetch_add(1, Ordering::SeqCst);
    let (answer, document) = {
        let script = shared.script();
        let own = || format!("{}/keys", shared.url);
        let key_set_url = script.key_set_url.clone().unwrap_or_else(own);
        let document = discovery_document(&shared.url, &key_set_url);
        (script.discovery.clone(), document)
    };
    shared.answer(answer, document).await
}

async fn key_set(State(shared): State<Arc<Shared>>) -> Response {
    shared.key_set_requests.fetch_add(1, Ordering::SeqCst);
    let (answer, document) = {
        let mut script = shared.script();
        if script.makes_keys {
            script.keys = vec![SigningKey::ed25519("new").jwk()];
        }
        let document = json!({"keys": script.keys}).to_string();
        (script.key_set.clone(), document)
    };
    shared.answer(answer, document).await
}

pub fn discovery_document(issuer: &str, key_set_url: &str) -> String {
    json!({
        "issuer": issuer,
        "jwks_uri": key_set_url,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "id_token_signing_alg_values_supported": ["RS256"],
    })
    .to_string()
}

fn large(document: &str, is_chunked: bool) -> Body {
    const CHUNK: usize = 64 << 10;
    const CHUNKS: usize = (10 << 20) / CHUNK;
    if is_chunked {
        let spaces = Bytes::from(vec![b' '; CHUNK]);
        let chunks = std::iter::once(Bytes::from(document.to_owned()))
            .chain(std::iter::repeat_n(spaces, CHUNKS));
        Body::from_stream(futures::stream::iter(chunks.map(Ok::<_, Infallible>)))
    } else {
        let mut bytes = document.as_bytes().to_vec();
        bytes.resize(bytes.len() + CHUNK * CHUNKS, b' ');
        Body::from(bytes)
    }
}

/// An address of an attacker, where nobody of ours has business.
pub struct Trap {
    pub url: String,
    /// With the same port.
    pub address: std::net::SocketAddr,
    visits: Arc<AtomicU64>,
    server: JoinHandle<()>,
}

impl Trap {
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let visits = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&visits);
        let server = tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self {
            url: format!("http://{address}"),
            address,
            visits,
            server,
        }
    }

    /// Connections that were made.
    pub fn visits(&self) -> u64 {
        self.visits.load(Ordering::SeqCst)
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        self.server.abort();
    }
}
