//! The Flight RPCs. Each one finds out what is asked and hands it to the module that knows.

use crate::Config;
use crate::asker::Asker;
use crate::bulk_upload::BulkUploads;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::metadata_commands;
use crate::sql_info::ServerInfo;
use crate::statement::Statements;
use crate::ticket::{decode_command, decode_ticket, statement_ticket};
use crate::wire_schema::{Dictionaries, schema_message};
use crate::{actions, uploads};
use arrow::array::RecordBatch;
use arrow_flight::flight_service_server::FlightService;
use arrow_flight::sql::Command;
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightEndpoint, FlightInfo,
    HandshakeRequest, HandshakeResponse, PollInfo, PutResult, SchemaResult, Ticket,
};
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use ingestion::BulkIngest;
use query::QueryEngine;
use std::sync::Arc;
use tonic::{Request, Response, Status, Streaming};

/// Flight SQL over a query engine. Cheap to clone.
#[derive(Clone)]
pub struct FlightSql {
    shared: Arc<Shared>,
}

struct Shared {
    statements: Statements,
    uploads: BulkUploads,
    info: ServerInfo,
}

impl FlightSql {
    pub fn new(engine: QueryEngine, bulk: BulkIngest, config: Config) -> Self {
        Self {
            shared: Arc::new(Shared {
                statements: Statements::new(engine, config),
                uploads: BulkUploads::new(bulk),
                info: ServerInfo::new().expect("the values are constants"),
            }),
        }
    }

    fn statements(&self) -> &Statements {
        &self.shared.statements
    }

    fn metadata_rows(&self, command: &Command) -> Result<Option<RecordBatch>> {
        let tables = || self.statements().engine().global_tables();
        metadata_commands::answer(command, &self.shared.info, tables)
    }

    /// A statement is not planned here: its errors show when its ticket is used, and its schema
    /// is left out, which every client accepts, whereas one of them refuses a wrong one.
    fn flight_info(&self, descriptor: FlightDescriptor) -> Result<FlightInfo> {
        let command = decode_command(&descriptor.cmd)?;
        if let Some(handle) = statement_handle(&command) {
            return Ok(info_without_schema(statement_ticket(handle)));
        }
        let Some(rows) = self.metadata_rows(&command)? else {
            return Err(unknown(&command));
        };
        // The descriptor holds the wrapped command, which is what a ticket is.
        let mut info = info_without_schema(Ticket::new(descriptor.cmd.clone()));
        info.schema = schema_message(&rows.schema()).map_err(Error::EncodeSchema)?;
        info.flight_descriptor = Some(descriptor);
        Ok(info)
    }

    async fn schema(&self, cmd: &Bytes, asker: &Asker<'_>) -> Result<SchemaResult> {
        let command = decode_command(cmd)?;
        let schema = match statement_handle(&command) {
            Some(handle) => self.statements().describe(handle, asker).await?.1,
            None => match self.metadata_rows(&command)? {
                Some(rows) => rows.schema(),
                None => return Err(unknown(&command)),
            },
        };
        Ok(SchemaResult {
            schema: schema_message(&schema).map_err(Error::EncodeSchema)?,
        })
    }

    async fn data(&self, ticket: Bytes, asker: &Asker<'_>) -> Result<DataStream> {
        let command = decode_ticket(ticket)?;
        if let Some(handle) = statement_handle(&command) {
            return Ok(self.statements().run(handle, asker).await?.boxed());
        }
        match self.metadata_rows(&command)? {
            Some(rows) => Ok(stream::iter(encoded(rows).map_err(Error::EncodeSchema)?).boxed()),
            None => Err(unknown(&command)),
        }
    }
}

type DataStream = BoxStream<'static, Result<FlightData, Status>>;

/// The SQL text of the commands that run one.
fn statement_handle(command: &Command) -> Option<Bytes> {
    match command {
        Command::TicketStatementQuery(ticket) => Some(ticket.statement_handle.clone()),
        Command::CommandStatementQuery(query) => Some(query.query.clone().into()),
        Command::CommandPreparedStatementQuery(query) => {
            Some(query.prepared_statement_handle.clone())
        }
        _ => None,
    }
}

/// One endpoint without a location, which means this server.
fn info_without_schema(ticket: Ticket) -> FlightInfo {
    FlightInfo {
        schema: Bytes::new(),
        flight_descriptor: None,
        endpoint: vec![FlightEndpoint::new().with_ticket(ticket)],
        total_records: -1,
        total_bytes: -1,
        ordered: false,
        app_metadata: Bytes::new(),
    }
}

fn encoded(rows: RecordBatch) -> Result<Vec<Result<FlightData, Status>>, arrow::error::ArrowError> {
    let mut encoder = Encoder::new(&rows.schema(), Dictionaries::Preserve);
    encoder.push(rows);
    let mut messages = Vec::new();
    while let Some(message) = encoder.next_message()? {
        messages.push(Ok(message));
    }
    Ok(messages)
}

fn unknown(command: &Command) -> Error {
    Error::Unsupported(format!("no answer to {:?}", command.type_url()))
}

/// Even what is not there is told to known callers only.
fn unsupported<R, T>(request: &Request<R>, what: &str) -> Result<T, Status> {
    auth::grpc::caller(request.extensions())?;
    Err(Error::Unsupported(format!("{what} is not supported")).into())
}

#[tonic::async_trait]
impl FlightService for FlightSql {
    type HandshakeStream = BoxStream<'static, Result<HandshakeResponse, Status>>;
    type ListFlightsStream = BoxStream<'static, Result<FlightInfo, Status>>;
    type DoGetStream = DataStream;
    type DoPutStream = BoxStream<'static, Result<PutResult, Status>>;
    type DoActionStream = BoxStream<'static, Result<arrow_flight::Result, Status>>;
    type ListActionsStream = BoxStream<'static, Result<ActionType, Status>>;
    type DoExchangeStream = DataStream;

    async fn get_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        auth::grpc::caller(request.extensions())?;
        Ok(Response::new(self.flight_info(request.into_inner())?))
    }

    async fn get_schema(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<SchemaResult>, Status> {
        let asker = Asker::of(&request)?;
        Ok(Response::new(
            self.schema(&request.get_ref().cmd, &asker).await?,
        ))
    }

    async fn do_get(
        &self,
        request: Request<Ticket>,
    ) -> Result<Response<Self::DoGetStream>, Status> {
        let asker = Asker::of(&request)?;
        let ticket = request.get_ref().ticket.clone();
        Ok(Response::new(self.data(ticket, &asker).await?))
    }

    async fn do_put(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        let (metadata, extensions, messages) = request.into_parts();
        let asker = Asker::new(&metadata, &extensions)?;
        let result = uploads::receive(messages, &asker, &self.shared.uploads).await?;
        Ok(Response::new(stream::iter([Ok(result)]).boxed()))
    }

    async fn do_action(
        &self,
        request: Request<Action>,
    ) -> Result<Response<Self::DoActionStream>, Status> {
        let (metadata, extensions, action) = request.into_parts();
        let asker = Asker::new(&metadata, &extensions)?;
        let bodies = actions::perform(action, &asker, self.statements()).await?;
        let results = bodies
            .into_iter()
            .map(|body| Ok(arrow_flight::Result { body }));
        Ok(Response::new(
            stream::iter(results.collect::<Vec<_>>()).boxed(),
        ))
    }

    async fn list_actions(
        &self,
        request: Request<Empty>,
    ) -> Result<Response<Self::ListActionsStream>, Status> {
        auth::grpc::caller(request.extensions())?;
        let types = actions::action_types().into_iter().map(Ok);
        Ok(Response::new(stream::iter(types).boxed()))
    }

    async fn handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        unsupported(&request, "login by handshake (send a bearer token instead)")
    }

    async fn list_flights(
        &self,
        request: Request<Criteria>,
    ) -> Result<Response<Self::ListFlightsStream>, Status> {
        unsupported(&request, "listing flights")
    }

    async fn poll_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        unsupported(&request, "polling")
    }

    async fn do_exchange(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        unsupported(&request, "exchange")
    }
}

impl std::fmt::Debug for FlightSql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FlightSql").finish_non_exhaustive()
    }
}
