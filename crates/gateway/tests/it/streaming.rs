//! Rows flow while the query runs, at the reader's pace, and stop when the reader leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use futures::stream::{self, StreamExt};
use tokio::sync::Notify;
use tonic::Status;

use crate::backend::{Alive, Answer, eventually};
use crate::gateway::{Running, numbers, numbers_schema};

#[tokio::test]
async fn the_first_rows_arrive_before_the_last_batch_exists() {
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    let gateway = Running::start(move |_| {
        let gate = gate.clone();
        let last = stream::once(async move {
            gate.notified().await;
            Ok(numbers([2]))
        });
        let batches = stream::iter([Ok(numbers([1]))]).chain(last);
        Answer::Rows(numbers_schema(), batches.boxed())
    })
    .await;
    let mut response = gateway.query("select").await;
    let first = response.chunk().await.expect("rows").expect("rows");
    assert_eq!(first, &br#"[{"n":1}"#[..]);
    opened.notify_one();
    let mut rest = Vec::new();
    while let Some(chunk) = response.chunk().await.expect("rows") {
        rest.extend_from_slice(&chunk);
    }
    assert_eq!(rest, br#",{"n":2}]"#);
}

#[tokio::test]
async fn a_reader_that_leaves_in_the_middle_cancels_the_query() {
    let alive = Alive::default();
    let mark = alive.clone();
    let gateway = Running::start(move |_| {
        let batches = stream::iter([Ok(numbers([1]))]).chain(stream::pending());
        Answer::Rows(numbers_schema(), mark.mark(batches))
    })
    .await;
    // The handler holds a mark of its own, which never counts as a running query.
    let idle = alive.count();
    let mut response = gateway.query("select").await;
    response.chunk().await.expect("rows").expect("rows");
    assert_eq!(alive.count(), idle + 1);
    drop(response);
    eventually("the query is cancelled", || alive.count() == idle).await;
}

#[tokio::test]
async fn a_reader_that_leaves_before_the_first_row_cancels_the_query() {
    let alive = Alive::default();
    let mark = alive.clone();
    let gateway =
        Running::start(move |_| Answer::Rows(numbers_schema(), mark.mark(stream::pending()))).await;
    let idle = alive.count();
    let request = gateway.request().body(r#"{"sql":"select"}"#).send();
    let asking = tokio::spawn(request);
    eventually("the query runs", || alive.count() == idle + 1).await;
    asking.abort();
    eventually("the query is cancelled", || alive.count() == idle).await;
}

const BATCH_BYTES: u64 = 1024 * 1024;
const BATCHES: u64 = 64;
/// What may lie between the query and a reader that has stopped: the window of the call, one
/// batch in each process, a few pieces of output, the buffers of two sockets.
const LEAD_BYTES_MAX: u64 = 24 * 1024 * 1024;

fn megabyte() -> RecordBatch {
    let line = "x".repeat(1_000);
    let lines = StringArray::from_iter_values((0..BATCH_BYTES / 1_000).map(|_| &line));
    let lines: ArrayRef = Arc::new(lines);
    RecordBatch::try_from_iter([("line", lines)]).expect("one column")
}

#[tokio::test]
async fn a_stalled_reader_stalls_the_query() {
    let produced = Arc::<AtomicU64>::default();
    let counter = produced.clone();
    let gateway = Running::start(move |_| {
        let (counter, batch) = (counter.clone(), megabyte());
        let schema = batch.schema();
        let batches = stream::iter(0..BATCHES).map(move |_| {
            counter.fetch_add(BATCH_BYTES, Ordering::Relaxed);
            Ok::<_, Status>(batch.clone())
        });
        Answer::Rows(schema, batches.boxed())
    })
    .await;
    let mut response = gateway.query("select").await;
    let mut consumed = response.chunk().await.expect("rows").expect("rows").len() as u64;
    settled(&produced).await;
    let mut lead_max = 0;
    loop {
        let lead = produced.load(Ordering::Relaxed).saturating_sub(consumed);
        lead_max = lead_max.max(lead);
        match response.chunk().await.expect("rows") {
            Some(chunk) => consumed += chunk.len() as u64,
            None => break,
        }
    }
    assert!(
        lead_max < LEAD_BYTES_MAX,
        "the query was {lead_max} bytes ahead"
    );
    assert!(
        consumed > BATCHES * 1_000_000,
        "the whole result arrives: {consumed}"
    );
}

/// Waits until a counter rests: everything that can be produced ahead has been.
async fn settled(counter: &AtomicU64) {
    let (mut last, mut rests) = (0, 0);
    eventually("production rests", || {
        let now = counter.load(Ordering::Relaxed);
        rests = if now == last { rests + 1 } else { 0 };
        last = now;
        rests > 20
    })
    .await;
}

#[tokio::test]
async fn stalled_readers_do_not_stop_the_others() {
    let batch = megabyte();
    let gateway = Running::start(move |call| match call.sql.as_str() {
        "large" => {
            let batch = batch.clone();
            let schema = batch.schema();
            let batches = stream::iter(0..BATCHES).map(move |_| Ok(batch.clone()));
            Answer::Rows(schema, batches.boxed())
        }
        _ => Answer::one(numbers([1])),
    })
    .await;
    let all = async {
        let mut stalled = Vec::new();
        for _ in 0..40 {
            stalled.push(gateway.query("large").await);
        }
        gateway.query("small").await.text().await.expect("a body")
    };
    let text = tokio::time::timeout(Duration::from_secs(60), all).await;
    let text = text.expect("an answer in spite of the stalled ones");
    assert_eq!(text, r#"[{"n":1}]"#);
}
