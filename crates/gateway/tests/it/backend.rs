//! A Flight SQL server whose answers the test prepares.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::encode::{DictionaryHandling, FlightDataEncoderBuilder};
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::sql::server::FlightSqlService;
use arrow_flight::sql::{SqlInfo, TicketStatementQuery};
use arrow_flight::{FlightData, Ticket};
use futures::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// A query as it arrives at the server.
pub struct Call {
    pub sql: String,
    pub metadata: MetadataMap,
}

impl Call {
    pub fn text(&self, name: &str) -> Option<&str> {
        self.metadata
            .get(name)
            .map(|value| value.to_str().expect("text"))
    }
}

/// What the server answers.
pub enum Answer {
    /// Refuses the call.
    Refusal(Status),
    /// Sends the schema and then the batches.
    Rows(SchemaRef, BoxStream<'static, Result<RecordBatch, Status>>),
    /// Ends well without having sent anything.
    Nothing,
}

impl Answer {
    pub fn batches(schema: SchemaRef, batches: Vec<Result<RecordBatch, Status>>) -> Self {
        Self::Rows(schema, stream::iter(batches).boxed())
    }

    pub fn one(batch: RecordBatch) -> Self {
        Self::batches(batch.schema(), vec![Ok(batch)])
    }
}

type Handler = dyn Fn(Call) -> Answer + Send + Sync;

#[derive(Clone)]
struct Script {
    handler: Arc<Handler>,
    calls: Arc<AtomicUsize>,
}

#[tonic::async_trait]
impl FlightSqlService for Script {
    type FlightService = Self;

    async fn do_get_statement(
        &self,
        ticket: TicketStatementQuery,
        request: Request<Ticket>,
    ) -> Result<Response<<Self as FlightService>::DoGetStream>, Status> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let call = Call {
            sql: String::from_utf8(ticket.statement_handle.to_vec()).expect("SQL is text"),
            metadata: request.metadata().clone(),
        };
        let answer: Pin<Box<dyn Stream<Item = Result<FlightData, Status>> + Send>> =
            match (self.handler)(call) {
                Answer::Refusal(status) => return Err(status),
                Answer::Nothing => stream::empty().boxed(),
                Answer::Rows(schema, batches) => FlightDataEncoderBuilder::new()
                    .with_schema(schema)
                    .with_dictionary_handling(DictionaryHandling::Resend)
                    .build(batches.map_err(FlightError::from))
                    .map_err(Status::from)
                    .boxed(),
            };
        Ok(Response::new(answer))
    }

    async fn register_sql_info(&self, _id: i32, _result: &SqlInfo) {}
}

/// A running server; it stops when dropped.
pub struct Backend {
    pub address: SocketAddr,
    calls: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl Backend {
    pub async fn start(handler: impl Fn(Call) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let calls = Arc::<AtomicUsize>::default();
        let script = Script {
            handler: Arc::new(handler),
            calls: calls.clone(),
        };
        let server = Server::builder()
            .add_service(FlightServiceServer::new(script))
            .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)));
        let task = tokio::spawn(server).abort_handle();
        Self {
            address,
            calls,
            task,
        }
    }

    /// How many queries have arrived.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Counts the streams that carry a mark and still exist.
#[derive(Clone, Default)]
pub struct Alive(Arc<()>);

impl Alive {
    /// Lets `batches` carry a mark that goes when they are dropped.
    pub fn mark(
        &self,
        batches: impl Stream<Item = Result<RecordBatch, Status>> + Send + 'static,
    ) -> BoxStream<'static, Result<RecordBatch, Status>> {
        let mark = self.clone();
        batches.inspect(move |_| _ = &mark).boxed()
    }

    /// Marked streams, and the copies of this value itself.
    pub fn count(&self) -> usize {
        Arc::strong_count(&self.0)
    }
}

/// Waits until a condition holds.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let waited = test_kit::wait_until(Duration::from_secs(30), async || holds()).await;
    assert!(waited.is_ok(), "never happened: {what}");
}
