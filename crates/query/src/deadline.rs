//! The end of queries that take too long.
//!
//! What a query reads is deleted some time after it was replaced, and that time is longer
//! than any query may take: the limit can be lowered, not raised.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream};
use futures::{FutureExt, Stream, StreamExt};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use crate::error::QueryError;

/// The longest time that a query may take, from its planning to its last row.
pub const QUERY_TIME_LIMIT: Duration = Duration::from_secs(60 * 60);

/// When a query has to end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    /// How long it may take.
    max: Duration,
}

#[derive(Debug, thiserror::Error)]
#[error(
    "the query took longer than {} seconds, which is the limit: ask for a shorter time range, or \
     for parts one after the other",
    max.as_secs_f64()
)]
struct TimeIsUp {
    max: Duration,
}

/// The sentence for an error that says that the time is up.
pub(crate) fn time_is_up(root: &DataFusionError) -> Option<String> {
    match root {
        DataFusionError::External(error) if error.is::<TimeIsUp>() => Some(error.to_string()),
        _ => None,
    }
}

impl Deadline {
    /// `max` from now on, and never more than [`QUERY_TIME_LIMIT`].
    pub fn after(max: Duration) -> Self {
        let max = max.min(QUERY_TIME_LIMIT);
        Self {
            at: Instant::now() + max,
            max,
        }
    }

    /// The outcome of a phase of the query, if it ends in time.
    pub async fn limit<T>(
        self,
        phase: &str,
        work: impl Future<Output = Result<T, QueryError>>,
    ) -> Result<T, QueryError> {
        let outcome = timeout_at(self.at, work).await;
        outcome.unwrap_or_else(|_| Err(QueryError::from_engine(phase, &self.error())))
    }

    /// The rows that come in time, then an error.
    pub fn limit_stream(self, rows: SendableRecordBatchStream) -> SendableRecordBatchStream {
        Box::pin(Limited {
            schema: rows.schema(),
            rows: Some(rows),
            end: Box::pin(sleep_until(self.at)),
            deadline: self,
        })
    }

    fn error(self) -> DataFusionError {
        DataFusionError::External(Box::new(TimeIsUp { max: self.max }))
    }
}

struct Limited {
    schema: SchemaRef,
    /// `None` when the time is up: what the rows held is given back.
    rows: Option<SendableRecordBatchStream>,
    end: Pin<Box<Sleep>>,
    deadline: Deadline,
}

impl Stream for Limited {
    type Item = DataFusionResult<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(rows) = &mut this.rows else {
            return Poll::Ready(None);
        };
        // The timer wakes who waits; it may be late for who comes now.
        let is_over = Instant::now() >= this.deadline.at;
        if is_over || this.end.poll_unpin(context).is_ready() {
            this.rows = None;
            return Poll::Ready(Some(Err(this.deadline.error())));
        }
        rows.poll_next_unpin(context)
    }
}

impl RecordBatchStream for Limited {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }
}

#[cfg(test)]
mod tests;
