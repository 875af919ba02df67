//! Statements: planned to describe them, run to answer them.

use crate::Config;
use crate::asker::Asker;
use crate::audit::Audit;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::query_stream::QueryStream;
use crate::request_headers::{QueryOptions, preserves_dictionaries};
use crate::ticket::sql_text;
use crate::wire_schema::{Dictionaries, wire_schema};
use arrow::datatypes::SchemaRef;
use auth::{Attribution, Impersonation};
use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use query::{ErrorClass, QueryEngine, QueryError, QueryRequest, classify_stream_error};
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::metadata::MetadataMap;
use uuid::Uuid;

/// The engine behind its bounds.
pub(crate) struct Statements {
    engine: QueryEngine,
    config: Config,
    permits: Arc<Semaphore>,
}

impl Statements {
    pub fn new(engine: QueryEngine, config: Config) -> Self {
        let permits = config.max_concurrent_queries.min(Semaphore::MAX_PERMITS);
        Self {
            engine,
            config,
            permits: Arc::new(Semaphore::new(permits)),
        }
    }

    pub fn engine(&self) -> &QueryEngine {
        &self.engine
    }

    /// The text of a statement and the schema that running it would send. Neither the range nor
    /// the limit of the caller applies, and nothing is executed.
    pub async fn describe(&self, handle: Bytes, asker: &Asker<'_>) -> Result<(String, SchemaRef)> {
        let query_id = Uuid::new_v4();
        let sql = sql_text(handle, self.config.max_sql_bytes)?;
        let failed = |error| Error::Query { error, query_id };
        let user = asker
            .attribution()
            .map_err(|refused| failed(forbidden(&refused)))?;
        let _permit = self.permit().map_err(failed)?;
        let request = QueryRequest {
            access: asker.access(),
            origin: asker.client().origin(&user),
            ..QueryRequest::new(sql.clone())
        };
        let planned = guarded(self.engine.plan(request)).await.map_err(failed)?;
        let schema = wire_schema(&planned.schema(), dictionaries(asker.metadata));
        Ok((sql, schema))
    }

    /// Start a statement. Its messages come as they are asked for.
    pub async fn run(&self, handle: Bytes, asker: &Asker<'_>) -> Result<QueryStream> {
        let query_id = Uuid::new_v4();
        let sql = sql_text(handle, self.config.max_sql_bytes)?;
        let options = QueryOptions::parse(asker.metadata)?;
        let (user, refused) = match asker.attribution() {
            Ok(user) => (user, None),
            Err(refused) => (
                Attribution::proven(&asker.caller),
                Some(forbidden(&refused)),
            ),
        };
        let client = asker.client();
        let request = QueryRequest {
            sql: sql.clone(),
            range: options.range,
            limit: options.limit,
            access: asker.access(),
            origin: client.origin(&user),
            ..QueryRequest::default()
        };
        let mut audit = Audit::begin(query_id, client, user, options, sql);
        audit.log_begin();
        let started = match refused.map_or_else(|| self.permit(), Err) {
            Ok(permit) => guarded(self.start(&mut audit, request))
                .await
                .map(|started| (permit, started)),
            Err(error) => Err(error),
        };
        match started {
            Ok((permit, (schema, batches))) => {
                let encoder = Encoder::new(&schema, dictionaries(asker.metadata));
                Ok(QueryStream::new(batches, encoder, audit, permit))
            }
            Err(error) => {
                audit.failed(&error);
                Err(Error::Query { error, query_id })
            }
        }
    }

    async fn start(
        &self,
        audit: &mut Audit,
        request: QueryRequest,
    ) -> Result<(SchemaRef, Batches), QueryError> {
        let planned = self.engine.plan(request).await?;
        audit.planned(planned.counters(), planned.usage());
        let schema = planned.schema();
        let batches = planned.execute().await?;
        audit.started();
        let batches = AssertUnwindSafe(batches)
            .catch_unwind()
            .map(|batch| match batch {
                Ok(batch) => batch.map_err(|error| classify_stream_error(&error)),
                Err(panic) => Err(panicked("error building data stream", &*panic)),
            });
        Ok((schema, batches.boxed()))
    }

    fn permit(&self) -> Result<OwnedSemaphorePermit, QueryError> {
        Arc::clone(&self.permits)
            .try_acquire_owned()
            .map_err(|_| QueryError {
                class: ErrorClass::Resources,
                message: format!(
                    "{} queries are running, no more are accepted",
                    self.config.max_concurrent_queries
                ),
            })
    }
}

type Batches = futures::stream::BoxStream<'static, Result<arrow::array::RecordBatch, QueryError>>;

/// A defect that shows as a panic costs its own query only. What it leaves behind is dropped with
/// the query, so nobody sees it half done.
async fn guarded<T>(work: impl Future<Output = Result<T, QueryError>>) -> Result<T, QueryError> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.unwrap_or_else(|panic| Err(panicked("error building dataframe", &*panic)))
}

fn panicked(phase: &str, panic: &(dyn Any + Send)) -> QueryError {
    tracing::error!(panic = panic_text(panic), phase, "a query panicked");
    QueryError {
        class: ErrorClass::Internal,
        message: format!("{phase}: {}", crate::error::HIDDEN_CAUSE),
    }
}

/// What a panic said, when it said it in words.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

fn dictionaries(metadata: &MetadataMap) -> Dictionaries {
    if preserves_dictionaries(metadata) {
        Dictionaries::Preserve
    } else {
        Dictionaries::Flatten
    }
}

fn forbidden(refused: &Impersonation) -> QueryError {
    QueryError {
        class: ErrorClass::Forbidden,
        message: refused.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_internal_error_without_its_text() {
        let error = guarded::<()>(async { panic!("secret {}", 1) }).await;
        let error = error.unwrap_err();
        assert_eq!(error.class, ErrorClass::Internal);
        assert!(!error.message.contains("secret"), "{error}");
        assert_eq!(guarded(async { Ok(7) }).await, Ok(7));
    }
}
