//! A gateway in front of a backend, and the client that asks it.

use std::net::SocketAddr;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use flightsql_client::Client;
use gateway::{Config, Gateway, router};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::backend::{Answer, Backend, Call};

/// A gateway that runs until it is dropped.
pub struct Running {
    pub backend: Backend,
    pub address: SocketAddr,
    pub http: reqwest::Client,
    task: AbortHandle,
}

impl Running {
    pub async fn start(handler: impl Fn(Call) -> Answer + Send + Sync + 'static) -> Self {
        Self::with_config(Config::default(), handler).await
    }

    pub async fn with_config(
        config: Config,
        handler: impl Fn(Call) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let backend = Backend::start(handler).await;
        let url = format!("grpc://{}", backend.address);
        Self::in_front_of(&url, backend, config).await
    }

    /// A gateway that asks `url`, whatever backend it keeps running.
    pub async fn in_front_of(url: &str, backend: Backend, config: Config) -> Self {
        let client = Client::connect_lazy(url).expect("a valid address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let app = router(Gateway::new(client, config));
        let serve = async move { axum::serve(listener, app).await };
        Self {
            backend,
            address,
            http: reqwest::Client::new(),
            task: tokio::spawn(serve).abort_handle(),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn request(&self) -> reqwest::RequestBuilder {
        self.http.post(self.url("/gateway/query"))
    }

    pub async fn send(&self, body: impl Into<reqwest::Body>) -> Response {
        self.request().body(body).send().await.expect("an answer")
    }

    pub async fn query(&self, sql: &str) -> Response {
        self.send(json!({ "sql": sql }).to_string()).await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Checks that an answer is an error in the documented form, and gives its text.
pub async fn error_text(response: Response, status: StatusCode) -> String {
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.status(), status);
    let body: Value = response.json().await.expect("JSON");
    let object = body.as_object().expect("an object");
    assert_eq!(object.len(), 1, "{body}");
    object["error"].as_str().expect("a text").to_owned()
}

/// Checks that an answer is a result, and gives its rows.
pub async fn rows(response: Response) -> Value {
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/json");
    response.json().await.expect("JSON")
}

/// A batch of one column `n`.
pub fn numbers(values: impl IntoIterator<Item = i64>) -> RecordBatch {
    let array: ArrayRef = Arc::new(Int64Array::from_iter_values(values));
    RecordBatch::try_new(numbers_schema(), vec![array]).expect("one column")
}

pub fn numbers_schema() -> SchemaRef {
    let field = Field::new("n", DataType::Int64, true);
    Arc::new(Schema::new(vec![field]))
}
