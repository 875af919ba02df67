//! The messages of a running query.

use crate::audit::Audit;
use crate::encoder::Encoder;
use crate::error::Error;
use arrow::array::RecordBatch;
use arrow_flight::FlightData;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use query::{ErrorClass, QueryError};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;

/// Pulls batches from the engine as the client takes messages, never ahead of it. Dropping it
/// drops the engine's stream, which cancels the work.
pub(crate) struct QueryStream {
    /// `None` once the query has ended.
    running: Option<Running>,
    encoder: Encoder,
}

struct Running {
    batches: BoxStream<'static, Result<RecordBatch, QueryError>>,
    audit: Audit,
    _permit: OwnedSemaphorePermit,
}

impl QueryStream {
    pub fn new(
        batches: BoxStream<'static, Result<RecordBatch, QueryError>>,
        encoder: Encoder,
        audit: Audit,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let running = Running {
            batches,
            audit,
            _permit: permit,
        };
        Self {
            running: Some(running),
            encoder,
        }
    }

    fn fail(&mut self, error: QueryError) -> Poll<Option<Result<FlightData, Status>>> {
        let Some(mut running) = self.running.take() else {
            return Poll::Ready(None);
        };
        running.audit.failed(&error);
        let query_id = running.audit.query_id();
        Poll::Ready(Some(Err(Error::Query { error, query_id }.into())))
    }
}

impl Stream for QueryStream {
    type Item = Result<FlightData, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let Some(running) = &mut this.running else {
                return Poll::Ready(None);
            };
            match this.encoder.next_message() {
                Ok(Some(message)) => return Poll::Ready(Some(Ok(message))),
                Ok(None) => {}
                Err(error) => {
                    return this.fail(QueryError {
                        class: ErrorClass::Internal,
                        message: format!("error building data stream: {error}"),
                    });
                }
            }
            match ready!(running.batches.poll_next_unpin(context)) {
                Some(Ok(batch)) => {
                    running.audit.sent_rows(batch.num_rows());
                    this.encoder.push(batch);
                }
                Some(Err(error)) => return this.fail(error),
                None => {
                    running.audit.succeeded();
                    this.running = None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
