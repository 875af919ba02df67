//! The bounds of the gateway and what happens at them.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use futures::stream::{self, StreamExt};
use gateway::Config;
use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::backend::{Alive, Answer, eventually};
use crate::gateway::{Running, error_text, numbers, numbers_schema, rows};

#[tokio::test]
async fn above_the_concurrency_limit_a_client_is_told_to_come_back() {
    let config = Config {
        max_concurrent: 1,
        ..Config::default()
    };
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    let gateway = Running::with_config(config, move |_| {
        let gate = gate.clone();
        let last = stream::once(async move {
            gate.notified().await;
            Ok(numbers([2]))
        });
        let batches = stream::iter([Ok(numbers([1]))]).chain(last);
        Answer::Rows(numbers_schema(), batches.boxed())
    })
    .await;
    let first = gateway.query("first").await;
    let second = gateway.query("second").await;
    assert_eq!(second.headers()["retry-after"], "1");
    let text = error_text(second, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(text, "too many queries are running; try again");
    assert_eq!(gateway.backend.calls(), 1);

    // The first query keeps its place until its last row is written, then makes room.
    opened.notify_one();
    assert_eq!(rows(first).await, json!([{"n": 1}, {"n": 2}]));
    opened.notify_one();
    assert_eq!(
        rows(gateway.query("third").await).await,
        json!([{"n": 1}, {"n": 2}])
    );
}

#[tokio::test]
async fn a_result_above_its_limit_is_broken_off() {
    let config = Config {
        result_bytes_max: Some(10),
        ..Config::default()
    };
    let gateway = Running::with_config(config, |call| {
        let count = call.sql.parse().expect("the SQL of this test is a number");
        Answer::one(numbers(0..count))
    })
    .await;
    assert_eq!(rows(gateway.query("1").await).await, json!([{"n": 0}]));
    let response = gateway.query("2").await;
    let text = error_text(response, StatusCode::INTERNAL_SERVER_ERROR).await;
    assert_eq!(
        text,
        "Failed to execute query: the result is larger than 10 bytes"
    );
}

fn with_query_timeout() -> Config {
    Config {
        query_timeout: Duration::from_millis(300),
        ..Config::default()
    }
}

#[tokio::test]
async fn a_query_without_rows_in_time_fails_and_is_cancelled() {
    let alive = Alive::default();
    let mark = alive.clone();
    let gateway = Running::with_config(with_query_timeout(), move |_| {
        Answer::Rows(numbers_schema(), mark.mark(stream::pending()))
    })
    .await;
    let idle = alive.count();
    let response = gateway.query("select").await;
    let text = error_text(response, StatusCode::INTERNAL_SERVER_ERROR).await;
    assert_eq!(text, "Failed to execute query: the query took too long");
    eventually("the query is cancelled", || alive.count() == idle).await;
}

#[tokio::test]
async fn a_query_that_does_not_end_in_time_is_broken_off() {
    let gateway = Running::with_config(with_query_timeout(), |_| {
        let batches = stream::iter([Ok(numbers([1]))]).chain(stream::pending());
        Answer::Rows(numbers_schema(), batches.boxed())
    })
    .await;
    let response = gateway.query("select").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(
        response.bytes().await.is_err(),
        "the transfer must not end well"
    );
}

#[tokio::test]
async fn a_reader_that_never_reads_does_not_hold_its_query() {
    let alive = Alive::default();
    let mark = alive.clone();
    let gateway = Running::with_config(with_query_timeout(), move |_| {
        let line = "x".repeat(1_000_000);
        let line: ArrayRef = Arc::new(StringArray::from(vec![line]));
        let batch = RecordBatch::try_from_iter([("line", line)]).expect("one column");
        let schema = batch.schema();
        Answer::Rows(
            schema,
            mark.mark(stream::repeat_with(move || Ok(batch.clone()))),
        )
    })
    .await;
    let idle = alive.count();
    let response = gateway.query("select").await;
    eventually("the query is ended", || alive.count() == idle).await;
    drop(response);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let config = Config {
        body_timeout: Duration::from_millis(100),
        ..Config::default()
    };
    let gateway = Running::with_config(config, |_| Answer::Nothing).await;
    let mut connection = TcpStream::connect(gateway.address)
        .await
        .expect("a connection");
    let head = "POST /gateway/query HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{\"sql\":";
    connection.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    connection
        .read_to_string(&mut answer)
        .await
        .expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(
        answer.ends_with(r#"{"error":"the request body did not arrive in time"}"#),
        "{answer}"
    );
    assert_eq!(gateway.backend.calls(), 0);
}
