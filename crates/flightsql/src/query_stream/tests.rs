use super::*;
use crate::request_headers::{ClientInfo, QueryOptions};
use crate::wire_schema::Dictionaries;
use arrow::array::Int64Array;
use futures::stream;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tonic::Code;
use tonic::metadata::MetadataMap;
use uuid::Uuid;

type Item = Result<RecordBatch, QueryError>;

fn batch() -> RecordBatch {
    let column = Arc::new(Int64Array::from(vec![1, 2, 3])) as _;
    RecordBatch::try_from_iter(vec![("n", column)]).unwrap()
}

fn query_stream(
    batches: impl Stream<Item = Item> + Send + 'static,
    permits: &Arc<Semaphore>,
) -> QueryStream {
    let options = QueryOptions {
        range: None,
        limit: None,
    };
    let client = ClientInfo::parse(&MetadataMap::new(), None);
    let user = auth::Attribution {
        user: "ann".into(),
        email: "ann@example.com".into(),
        name: None,
        service_account: None,
    };
    let audit = Audit::begin(Uuid::nil(), client, user, options, "SELECT".into());
    let encoder = Encoder::new(&batch().schema(), Dictionaries::Flatten);
    let permit = Arc::clone(permits).try_acquire_owned().unwrap();
    QueryStream::new(batches.boxed(), encoder, audit, permit)
}

#[tokio::test]
async fn a_slow_query_shows_its_schema_at_once() {
    let permits = Arc::new(Semaphore::new(1));
    let mut messages = query_stream(stream::pending(), &permits);
    let first = futures::poll!(messages.next());
    assert!(matches!(first, Poll::Ready(Some(Ok(_)))));
    assert!(futures::poll!(messages.next()).is_pending());
    assert_eq!(permits.available_permits(), 0);
}

#[tokio::test]
async fn the_permit_is_held_until_the_end() {
    let permits = Arc::new(Semaphore::new(1));
    let mut messages = query_stream(stream::iter([Ok(batch()), Ok(batch())]), &permits);
    for _ in 0..3 {
        assert!(messages.next().await.unwrap().is_ok());
        assert_eq!(permits.available_permits(), 0);
    }
    assert!(messages.next().await.is_none());
    assert_eq!(permits.available_permits(), 1);
    assert!(messages.next().await.is_none());
}

#[tokio::test]
async fn dropping_it_drops_the_engine_stream() {
    struct OnDrop(Arc<std::sync::atomic::AtomicBool>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.store(true, std::sync::atomic::Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let guard = OnDrop(Arc::clone(&dropped));
    let endless = stream::repeat_with(move || {
        let _ = &guard;
        Ok(batch())
    });
    let permits = Arc::new(Semaphore::new(1));
    let mut messages = query_stream(endless, &permits);
    assert!(messages.next().await.unwrap().is_ok());
    drop(messages);
    assert!(dropped.load(std::sync::atomic::Ordering::SeqCst));
    assert_eq!(permits.available_permits(), 1);
}

#[tokio::test]
async fn an_error_in_the_middle_ends_the_stream() {
    let error = QueryError {
        class: ErrorClass::Resources,
        message: "error building data stream: full".into(),
    };
    let permits = Arc::new(Semaphore::new(1));
    let batches = stream::iter([Ok(batch()), Err(error), Ok(batch())]);
    let mut messages = query_stream(batches, &permits);
    assert!(messages.next().await.unwrap().is_ok());
    assert!(messages.next().await.unwrap().is_ok());
    let status = messages.next().await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(
        status.message(),
        "error building data stream: full (query_id=00000000-0000-0000-0000-000000000000)"
    );
    assert!(messages.next().await.is_none());
    assert_eq!(permits.available_permits(), 1);
}
