//! A Flight SQL server that answers every statement with what it knows of the call.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, RecordBatch};
use arrow::datatypes::Int32Type;
use arrow_flight::Ticket;
use arrow_flight::encode::{DictionaryHandling, FlightDataEncoderBuilder};
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::sql::server::FlightSqlService;
use arrow_flight::sql::{SqlInfo, TicketStatementQuery};
use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::transport::Server;
use tonic::transport::server::Connected;
use tonic::{Request, Response, Status};

/// The names of the metadata that the server looks at.
pub const NAMES: [&str; 5] = [
    "query_range_begin",
    "query_range_end",
    "limit",
    "preserve_dictionary",
    "authorization",
];

#[derive(Clone)]
pub struct Echo;

/// One row with the SQL and the metadata; statements that begin with `fail` fail with their
/// own text, at once or (`fail late`) after the row.
#[tonic::async_trait]
impl FlightSqlService for Echo {
    type FlightService = Self;

    async fn do_get_statement(
        &self,
        ticket: TicketStatementQuery,
        request: Request<Ticket>,
    ) -> Result<Response<<Self as FlightService>::DoGetStream>, Status> {
        let sql = String::from_utf8(ticket.statement_handle.to_vec()).expect("SQL is text");
        let failure = || Status::failed_precondition(&sql);
        if sql == "fail" {
            return Err(failure());
        }
        let value = |name: &str| {
            request
                .metadata()
                .get(name)
                .map(|v| v.to_str().expect("text"))
        };
        let texts = [("sql", Some(sql.as_str()))].into_iter();
        let texts = texts.chain(NAMES.iter().map(|name| (*name, value(name))));
        let columns = texts.map(|(name, text)| {
            let array: DictionaryArray<Int32Type> = [text].into_iter().collect();
            (name, Arc::new(array) as ArrayRef)
        });
        let batch = RecordBatch::try_from_iter(columns).expect("one row each");
        let schema = batch.schema();
        let mut batches = vec![Ok(batch)];
        if sql == "fail late" {
            batches.push(Err(FlightError::from(failure())));
        }
        let answer = FlightDataEncoderBuilder::new()
            .with_schema(schema)
            .with_dictionary_handling(DictionaryHandling::Resend)
            .build(stream::iter(batches))
            .map_err(Status::from);
        Ok(Response::new(answer.boxed()))
    }

    async fn register_sql_info(&self, _id: i32, _result: &SqlInfo) {}
}

/// Serves on connections that are made elsewhere.
pub async fn serve<C>(connections: impl futures::Stream<Item = std::io::Result<C>>)
where
    C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
{
    let service = FlightServiceServer::new(Echo);
    let server = Server::builder().add_service(service);
    server
        .serve_with_incoming(connections)
        .await
        .expect("a server");
}
