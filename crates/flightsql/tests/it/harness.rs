//! A server over an empty lake, and the calls that the tests make.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::decode::{DecodedPayload, FlightDataDecoder};
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::sql::{Any, ProstMessageExt, TicketStatementQuery};
use arrow_flight::{FlightData, FlightDescriptor, Ticket};
use auth::Authenticator;
use catalog::{Catalog, CatalogConfig};
use flightsql::{Config, FlightSql};
use futures::{StreamExt, TryStreamExt};
use ingestion::BulkIngest;
use lake::Lake;
use prost::Message;
use query::{EngineConfig, QueryEngine};
use server_kit::{Service, Shutdown};
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use views::{Lakehouse, ResourceConfig, Resources};

pub const MIB: usize = 1024 * 1024;

/// Stops with its owner.
pub struct TestServer {
    pub address: SocketAddr,
    pub channel: Channel,
    pub router: axum::Router,
    /// All routes of the server.
    pub paths: Vec<String>,
    shutdown: Shutdown,
    _folder: TempDir,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::start_with(Config::default(), 256 * MIB).await
    }

    pub async fn start_with(config: Config, memory_budget_bytes: usize) -> Self {
        Self::start_behind(Authenticator::disabled(), config, memory_budget_bytes).await
    }

    pub async fn start_behind(
        authenticator: Authenticator,
        config: Config,
        memory_budget_bytes: usize,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (engine, bulk) = engine(&folder, memory_budget_bytes).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = flightsql::router(engine, bulk, config, authenticator);
        let service = Service::http("flightsql", listener, router.clone());
        let shutdown = Shutdown::new();
        let stop = shutdown.clone();
        tokio::spawn(async move {
            server_kit::run([service], stop, Duration::from_secs(5))
                .await
                .unwrap();
        });
        let channel = Endpoint::new(format!("http://{address}"))
            .unwrap()
            .connect_lazy();
        Self {
            address,
            channel,
            paths: test_kit::route_paths(&router),
            router,
            shutdown,
            _folder: folder,
        }
    }

    pub fn flight(&self) -> FlightServiceClient<Channel> {
        FlightServiceClient::new(self.channel.clone())
    }

    pub fn sql(&self) -> FlightSqlServiceClient<Channel> {
        FlightSqlServiceClient::new(self.channel.clone())
    }

    /// The messages of a statement, from the wrapped ticket that clients make.
    pub async fn messages(
        &self,
        sql: &str,
        headers: Headers<'_>,
    ) -> Result<Vec<FlightData>, Status> {
        let stream = self.stream(sql, headers).await?;
        stream.try_collect().await
    }

    pub async fn stream(
        &self,
        sql: &str,
        headers: Headers<'_>,
    ) -> Result<tonic::Streaming<FlightData>, Status> {
        let request = with_headers(statement_ticket(sql), headers);
        Ok(self.flight().do_get(request).await?.into_inner())
    }

    pub async fn query(&self, sql: &str, headers: Headers<'_>) -> Result<Answer, Status> {
        Ok(Answer::of(self.messages(sql, headers).await?).await)
    }

    /// The error of a statement that must have one.
    pub async fn refusal(&self, sql: &str, headers: Headers<'_>) -> Status {
        match self.messages(sql, headers).await {
            Ok(messages) => panic!("{sql} answered {} messages", messages.len()),
            Err(status) => status,
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.shutdown.trigger();
    }
}

/// A service without any layer, and the folder that it needs.
pub async fn service_over_nothing() -> (FlightSql, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let (engine, bulk) = engine(&folder, 256 * MIB).await;
    (FlightSql::new(engine, bulk, Config::default()), folder)
}

async fn engine(folder: &TempDir, memory_budget_bytes: usize) -> (QueryEngine, BulkIngest) {
    let catalog = Catalog::connect(&CatalogConfig {
        url: format!("sqlite://{}/catalog.db", folder.path().display()),
        max_connections: 4,
        cache_bytes: 8 << 20,
    })
    .await
    .unwrap();
    let lake = Lake::open("memory:///", []).unwrap();
    let resources = Resources::new(&ResourceConfig {
        memory_bytes: memory_budget_bytes,
        plan_memory_bytes: memory_budget_bytes,
        footer_cache_bytes: MIB,
        call_tree_cache_bytes: MIB,
        spill_bytes_max: 0,
        spill_folder: None,
        parallelism: 2,
    });
    let house = Lakehouse::new(catalog, lake, resources.unwrap());
    let config = EngineConfig {
        denial_refresh: Duration::from_secs(10),
        query_time_max: query::QUERY_TIME_LIMIT,
        ..EngineConfig::default()
    };
    let bulk = BulkIngest::new(house.catalog().clone(), house.lake().clone());
    (QueryEngine::new(house, &config).unwrap(), bulk)
}

pub type Headers<'a> = &'a [(&'static str, &'a str)];

pub fn with_headers<T>(message: T, headers: Headers) -> Request<T> {
    let mut metadata = MetadataMap::new();
    for (name, value) in headers {
        metadata.append(*name, value.parse().unwrap());
    }
    Request::from_parts(metadata, Default::default(), message)
}

pub fn statement_ticket(sql: &str) -> Ticket {
    let statement = TicketStatementQuery {
        statement_handle: sql.to_owned().into(),
    };
    Ticket::new(statement.as_any().encode_to_vec())
}

pub fn descriptor(command: &impl ProstMessageExt) -> FlightDescriptor {
    FlightDescriptor::new_cmd(command.as_any().encode_to_vec())
}

pub fn unpack<M: ProstMessageExt>(bytes: &[u8]) -> M {
    Any::decode(bytes).unwrap().unpack().unwrap().unwrap()
}

/// What a client reads of a stream.
#[derive(Debug)]
pub struct Answer {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
}

impl Answer {
    pub async fn of(messages: Vec<FlightData>) -> Self {
        let messages = futures::stream::iter(messages.into_iter().map(Ok));
        let payloads: Vec<_> = FlightDataDecoder::new(messages)
            .map(|data| data.unwrap().payload)
            .collect()
            .await;
        let mut schema = None;
        let mut batches = Vec::new();
        for payload in payloads {
            match payload {
                DecodedPayload::Schema(first) => assert!(schema.replace(first).is_none()),
                DecodedPayload::RecordBatch(batch) => batches.push(batch),
                DecodedPayload::None => {}
            }
        }
        Self {
            schema: schema.expect("a schema message"),
            batches,
        }
    }

    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// All rows in one batch.
    pub fn all(&self) -> RecordBatch {
        arrow::compute::concat_batches(&self.schema, &self.batches).unwrap()
    }
}
