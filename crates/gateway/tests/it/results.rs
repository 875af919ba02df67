//! Results, and what accompanies a query on its way.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray, TimestampNanosecondArray,
};
use arrow::datatypes::Int32Type;
use futures::future::join_all;
use futures::stream::{self, StreamExt};
use serde_json::json;

use crate::backend::{Answer, Call};
use crate::gateway::{Running, numbers, numbers_schema, rows};

#[tokio::test]
async fn no_rows_are_an_empty_array() {
    let gateway = Running::start(|call| match call.sql.as_str() {
        "no batches" => Answer::batches(numbers_schema(), vec![]),
        _ => {
            let empty = RecordBatch::new_empty(numbers_schema());
            Answer::batches(numbers_schema(), vec![Ok(empty.clone()), Ok(empty)])
        }
    })
    .await;
    for sql in ["no batches", "batches without rows"] {
        let response = gateway.query(sql).await;
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.text().await.expect("a body"), "[]");
    }
}

#[tokio::test]
async fn batches_follow_each_other_in_one_array() {
    let gateway = Running::start(|_| {
        let empty = RecordBatch::new_empty(numbers_schema());
        // The pauses make the pieces of the answer differ from the batches.
        let batches = [
            numbers(0..1),
            empty,
            numbers(1..30_000),
            numbers(30_000..60_000),
        ];
        let batches = stream::iter(batches).then(|batch| async {
            tokio::task::yield_now().await;
            Ok(batch)
        });
        Answer::Rows(numbers_schema(), batches.boxed())
    })
    .await;
    let expected: Vec<_> = (0..60_000).map(|n| json!({ "n": n })).collect();
    assert_eq!(rows(gateway.query("select").await).await, json!(expected));
}

#[tokio::test]
async fn log_rows_read_as_documented() {
    let gateway = Running::start(|call| {
        assert_eq!(call.text("preserve_dictionary"), Some("true"));
        let target: DictionaryArray<Int32Type> =
            [Some("net"), None, Some("net")].into_iter().collect();
        let times =
            TimestampNanosecondArray::from(vec![0, 1_500_000_000, 7]).with_timezone("+00:00");
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("time", Arc::new(times)),
            ("level", Arc::new(Int32Array::from(vec![4, 3, 2]))),
            ("target", Arc::new(target)),
            (
                "msg",
                Arc::new(StringArray::from(vec![Some("a \"b\""), Some("c\n"), None])),
            ),
            (
                "msg",
                Arc::new(StringArray::from(vec![Some("twice"), None, None])),
            ),
        ];
        Answer::one(RecordBatch::try_from_iter(columns).expect("columns of one length"))
    })
    .await;
    let text = gateway.query("select").await.text().await.expect("a body");
    let expected = concat!(
        r#"[{"time":"1970-01-01T00:00:00Z","level":4,"target":"net","msg":"a \"b\"","msg_2":"twice"},"#,
        r#"{"time":"1970-01-01T00:00:01.500Z","level":3,"msg":"c\n"},"#,
        r#"{"time":"1970-01-01T00:00:00.000000007Z","level":2,"target":"net"}]"#,
    );
    assert_eq!(text, expected);
}

/// Answers with the metadata of the call as one row.
fn echo(call: Call) -> Answer {
    let names = [
        "query_range_begin",
        "query_range_end",
        "authorization",
        "x-client-type",
        "x-request-id",
        "cookie",
        "x-user-email",
    ];
    let columns = names.iter().map(|name| {
        let array: ArrayRef = Arc::new(StringArray::from(vec![call.text(name)]));
        (*name, array)
    });
    Answer::one(RecordBatch::try_from_iter(columns).expect("one row each"))
}

#[tokio::test]
async fn range_origin_and_credentials_accompany_the_query() {
    let gateway = Running::start(echo).await;
    let body = json!({
        "sql": "s",
        "time_range_begin": "2026-11-01T02:00:00.000000001+02:00",
        "time_range_end": "2026-11-01T00:00:01Z",
        "unknown": [1],
    });
    let request = gateway
        .request()
        .header("authorization", "Bearer  se cret")
        .header("x-client-type", "web")
        .header("x-request-id", "request-1")
        .header("cookie", "a=b")
        .body(body.to_string());
    let response = request.send().await.expect("an answer");
    assert_eq!(response.headers()["x-request-id"], "request-1");
    let expected = json!([{
        "query_range_begin": "2026-11-01T00:00:00.000000001Z",
        "query_range_end": "2026-11-01T00:00:01Z",
        "authorization": "Bearer  se cret",
        "x-client-type": "web+gateway",
        "x-request-id": "request-1",
    }]);
    assert_eq!(rows(response).await, expected);
}

#[tokio::test]
async fn a_request_without_anything_gets_a_fresh_id() {
    let gateway = Running::start(echo).await;
    let response = gateway.query("s").await;
    let id = response.headers()["x-request-id"]
        .to_str()
        .expect("text")
        .to_owned();
    uuid::Uuid::try_parse(&id).expect("a UUID");
    let expected = json!([{"x-client-type": "unknown+gateway", "x-request-id": id}]);
    assert_eq!(rows(response).await, expected);
}

#[tokio::test]
async fn credentials_of_one_request_never_reach_another() {
    let gateway = Running::start(echo).await;
    let ask = async |number: usize| {
        let request = gateway.request().header("x-request-id", number.to_string());
        // Every third one has no credential and must not inherit one.
        let token = (!number.is_multiple_of(3)).then(|| format!("Bearer {number}"));
        let request = match &token {
            Some(token) => request.header("authorization", token),
            None => request,
        };
        let response = request.body(json!({"sql": "s"}).to_string()).send().await;
        let rows = rows(response.expect("an answer")).await;
        assert_eq!(rows[0]["authorization"].as_str(), token.as_deref());
        assert_eq!(rows[0]["x-request-id"], number.to_string());
    };
    join_all((0..60).map(ask)).await;
}
