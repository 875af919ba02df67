use std::sync::Arc;

use datafusion::arrow::datatypes::Schema;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::stream;

use super::*;
use crate::ErrorClass;

fn batch() -> RecordBatch {
    RecordBatch::new_empty(Arc::new(Schema::empty()))
}

fn rows(
    rows: impl Stream<Item = DataFusionResult<RecordBatch>> + Send + 'static,
) -> SendableRecordBatchStream {
    Box::pin(RecordBatchStreamAdapter::new(batch().schema(), rows))
}

fn check_is_up(error: &DataFusionError) {
    let error = QueryError::from_engine("streaming", error);
    assert_eq!(error.class, ErrorClass::Resources);
    assert!(error.message.contains("took longer than"), "{error}");
}

#[tokio::test]
async fn rows_that_wait_for_a_late_reader_are_not_given_out() {
    let ready = stream::repeat_with(|| Ok(batch()));
    let mut limited = Deadline::after(Duration::ZERO).limit_stream(rows(ready));
    check_is_up(&limited.next().await.unwrap().unwrap_err());
    assert!(limited.next().await.is_none());
}

#[tokio::test]
async fn rows_that_never_come_are_not_waited_for() {
    let dropped = Arc::new(());
    let held = Arc::clone(&dropped);
    let never = stream::pending().inspect(move |_| drop(Arc::clone(&held)));
    let mut limited = Deadline::after(Duration::from_millis(1)).limit_stream(rows(never));
    check_is_up(&limited.next().await.unwrap().unwrap_err());
    assert_eq!(Arc::strong_count(&dropped), 1, "the work goes on");
}

#[tokio::test]
async fn a_phase_that_never_ends_is_given_up() {
    let never = futures::future::pending::<Result<(), QueryError>>();
    let error = Deadline::after(Duration::ZERO)
        .limit("planning", never)
        .await;
    let error = error.unwrap_err();
    assert_eq!(error.class, ErrorClass::Resources);
    assert!(
        error
            .message
            .starts_with("planning: the query took longer than 0 seconds")
    );
}

#[tokio::test]
async fn what_comes_in_time_passes() {
    let two = stream::iter([Ok(batch()), Ok(batch())]);
    let limited = Deadline::after(Duration::MAX).limit_stream(rows(two));
    assert_eq!(
        limited.filter_map(|row| async { row.ok() }).count().await,
        2
    );
}
