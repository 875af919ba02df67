//! The answer to a query: its schema, then its record batches as they arrive.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::FlightData;
use arrow_flight::decode::{DecodedPayload, FlightDataDecoder};
use arrow_flight::error::FlightError;
use futures::{Stream, StreamExt, TryStreamExt};
use tonic::Streaming;

use crate::{Error, Result};

/// The rows of one query, pulled batch by batch.
///
/// Dropping it cancels the query in the service. After an error the stream is over.
pub struct QueryStream {
    schema: SchemaRef,
    messages: FlightDataDecoder,
    failed: bool,
}

impl QueryStream {
    /// Reads up to the schema, which the service always sends first.
    pub(crate) async fn open(messages: Streaming<FlightData>) -> Result<Self> {
        let mut messages = FlightDataDecoder::new(messages.map_err(FlightError::from));
        while let Some(message) = messages.next().await {
            match message.map_err(Error::from_flight)?.payload {
                DecodedPayload::Schema(schema) => {
                    return Ok(Self {
                        schema,
                        messages,
                        failed: false,
                    });
                }
                DecodedPayload::None | DecodedPayload::RecordBatch(_) => {}
            }
        }
        Err(Error::MissingSchema)
    }

    /// The columns of the result.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

impl Stream for QueryStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.failed {
            return Poll::Ready(None);
        }
        loop {
            let Some(message) = ready!(self.messages.poll_next_unpin(cx)) else {
                return Poll::Ready(None);
            };
            let error = match message.map(|message| message.payload) {
                Ok(DecodedPayload::RecordBatch(batch)) => return Poll::Ready(Some(Ok(batch))),
                Ok(DecodedPayload::None) => continue,
                Ok(DecodedPayload::Schema(_)) => {
                    FlightError::protocol("a second schema inside one result")
                }
                Err(error) => error,
            };
            self.failed = true;
            return Poll::Ready(Some(Err(Error::from_flight(error))));
        }
    }
}

impl fmt::Debug for QueryStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryStream")
            .field("schema", &self.schema)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
