//! One query: what travels with it, what comes back, how it fails.

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use chrono::DateTime;
use flightsql_client::{Client, Code, Error, RequestMetadata};
use futures::{StreamExt, TryStreamExt};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;

use crate::backend::{NAMES, serve};

async fn connected() -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(serve(TcpListenerStream::new(listener)));
    Client::connect_lazy(&format!("GRPC://{address}/")).expect("a valid address")
}

/// The single row of an echo, by column.
fn text(batch: &RecordBatch, column: &str) -> Option<String> {
    let array = batch.column_by_name(column).expect("a known column");
    let array = cast(array, &DataType::Utf8).expect("strings");
    let text = array.as_string::<i32>().iter().next().expect("one row");
    text.map(str::to_owned)
}

async fn echo(client: &Client, sql: &str, metadata: RequestMetadata) -> RecordBatch {
    let rows = client.query(sql, metadata).await.expect("an answer");
    let schema = rows.schema().clone();
    let batches: Vec<_> = rows.try_collect().await.expect("batches");
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].schema(), schema);
    batches.into_iter().next().expect("one batch")
}

#[tokio::test]
async fn sql_and_metadata_arrive_as_given() {
    let client = connected().await;
    let time = |seconds| DateTime::from_timestamp(seconds, 500).expect("a valid time");
    let mut metadata = RequestMetadata::new()
        .with_range(time(0), time(1))
        .with_limit(10)
        .with_preserved_dictionaries();
    metadata
        .insert("authorization", "Bearer token")
        .expect("a valid pair");
    let sql = "select 'é'\n-- \u{0}";
    let batch = echo(&client, sql, metadata).await;
    assert_eq!(text(&batch, "sql").as_deref(), Some(sql));
    let values = NAMES.map(|name| text(&batch, name).expect("given"));
    let expected = [
        "1970-01-01T00:00:00.000000500Z",
        "1970-01-01T00:00:01.000000500Z",
        "10",
        "true",
        "Bearer token",
    ];
    assert_eq!(values, expected);

    // The same connection, and nothing of the query before.
    let batch = echo(&client.clone(), "select 1", RequestMetadata::new()).await;
    assert!(NAMES.iter().all(|name| text(&batch, name).is_none()));
}

#[tokio::test]
async fn refusals_keep_their_code_and_message() {
    let client = connected().await;
    let error = client
        .query("fail", RequestMetadata::new())
        .await
        .expect_err("refused");
    assert!(matches!(error, Error::Status { .. }), "{error:?}");
    assert_eq!(error.code(), Code::FailedPrecondition);
    assert_eq!(error.to_string(), "fail");

    let late = client.query("fail late", RequestMetadata::new()).await;
    let mut rows = late.expect("rows come first");
    rows.next().await.expect("a batch").expect("a batch");
    let error = rows.next().await.expect("an error").expect_err("late");
    assert_eq!(error.code(), Code::FailedPrecondition);
    assert_eq!(error.to_string(), "fail late");
    assert!(rows.next().await.is_none());
}
