//! How failures of the query service reach the client.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, UnionFields, UnionMode};
use futures::stream::{self, StreamExt};
use gateway::Config;
use reqwest::StatusCode;
use tokio::sync::Notify;
use tonic::{Code, Status};

use crate::backend::{Answer, Backend};
use crate::gateway::{Running, error_text, numbers, numbers_schema};

/// Every gRPC code that a server can end a call with, and the status it becomes.
fn table() -> Vec<(Code, StatusCode)> {
    (1..=16)
        .map(|number| match Code::from_i32(number) {
            Code::Unauthenticated => (Code::Unauthenticated, StatusCode::UNAUTHORIZED),
            Code::PermissionDenied => (Code::PermissionDenied, StatusCode::FORBIDDEN),
            Code::Unavailable => (Code::Unavailable, StatusCode::SERVICE_UNAVAILABLE),
            code => (code, StatusCode::INTERNAL_SERVER_ERROR),
        })
        .collect()
}

/// The SQL names the code that the backend fails with.
fn status_of(sql: &str) -> Status {
    let number = sql.parse().expect("the SQL of this test is a number");
    Status::new(
        Code::from_i32(number),
        format!("it is {number}; \"no\" table\n(query_id=5)"),
    )
}

async fn check_table(gateway: &Running) {
    for (code, status) in table() {
        let number = code as i32;
        let response = gateway.query(&number.to_string()).await;
        let text = error_text(response, status).await;
        let message = format!("it is {number}; \"no\" table\n(query_id=5)");
        assert_eq!(
            text,
            format!("Failed to execute query: {message}"),
            "{code:?}"
        );
    }
}

#[tokio::test]
async fn each_code_that_refuses_the_call() {
    check_table(&Running::start(|call| Answer::Refusal(status_of(&call.sql))).await).await;
}

#[tokio::test]
async fn each_code_that_follows_the_schema() {
    let gateway =
        Running::start(|call| Answer::batches(numbers_schema(), vec![Err(status_of(&call.sql))]));
    check_table(&gateway.await).await;
}

#[tokio::test]
async fn each_code_that_follows_a_batch_without_rows() {
    let gateway = Running::start(|call| {
        let empty = RecordBatch::new_empty(numbers_schema());
        Answer::batches(numbers_schema(), vec![Ok(empty), Err(status_of(&call.sql))])
    });
    check_table(&gateway.await).await;
}

#[tokio::test]
async fn a_failure_after_the_first_rows_breaks_the_transfer() {
    let seen = Arc::new(Notify::new());
    let first_rows_seen = seen.clone();
    let gateway = Running::start(move |_| {
        let seen = first_rows_seen.clone();
        let failure = stream::once(async move {
            seen.notified().await;
            Err(Status::internal("too late"))
        });
        let batches = stream::iter([Ok(numbers(0..3))]).chain(failure);
        Answer::Rows(numbers_schema(), batches.boxed())
    });
    let gateway = gateway.await;
    let mut response = gateway.query("select").await;
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response
        .chunk()
        .await
        .expect("rows")
        .expect("rows")
        .to_vec();
    seen.notify_one();
    let broken = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken, "the transfer must not end well");
    assert_eq!(body, br#"[{"n":0},{"n":1},{"n":2}"#);
}

#[tokio::test]
async fn an_unreachable_backend_is_unavailable_and_stays_unnamed() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("bound");
    drop(free);
    let unused = Backend::start(|_| Answer::Nothing).await;
    let url = format!("grpc://{address}");
    let lonely = Running::in_front_of(&url, unused, Config::default()).await;
    let text = error_text(
        lonely.query("select 1").await,
        StatusCode::SERVICE_UNAVAILABLE,
    )
    .await;
    assert_eq!(
        text,
        "Failed to execute query: the query service is unavailable"
    );
}

#[tokio::test]
async fn answers_that_cannot_be_read() {
    let gateway = Running::start(|_| Answer::Nothing).await;
    let response = gateway.query("select 1").await;
    let text = error_text(response, StatusCode::INTERNAL_SERVER_ERROR).await;
    assert!(
        text.starts_with("Failed to execute query: the answer of the query service"),
        "{text}"
    );
}

#[tokio::test]
async fn types_without_a_json_form() {
    let gateway = Running::start(|_| {
        let fields: UnionFields = [(0, Arc::new(Field::new("x", DataType::Int8, true)))]
            .into_iter()
            .collect();
        let union = DataType::Union(fields, UnionMode::Sparse);
        let schema = Arc::new(Schema::new(vec![Field::new("odd", union, true)]));
        Answer::batches(schema, vec![])
    })
    .await;
    let response = gateway.query("select 1").await;
    let text = error_text(response, StatusCode::INTERNAL_SERVER_ERROR).await;
    assert!(
        text.starts_with("Failed to convert the result to JSON: column \"odd\""),
        "{text}"
    );
}
