//! What all queries of a process share.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::CatalogProvider;
use datafusion::catalog::memory::MemoryCatalogProvider;
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;
use views::Lakehouse;

use crate::admin_functions;
use crate::caller::Access;
use crate::deadline::{Deadline, QUERY_TIME_LIMIT};
use crate::denials::{Denials, keep_fresh};
use crate::error::QueryError;
use crate::get_payload;
use crate::plan::{BUILDING, PlannedQuery, QueryRequest};
use crate::statement::HideSpillFolder;
use crate::static_tables::StaticTablesConfig;
use crate::table_functions;
use crate::tables::Tables;
use crate::told_apart::tell_calls_apart;
use crate::usage::QueryUsage;

/// Where unqualified table names are looked up.
const CATALOG: &str = "datafusion";
const SCHEMA: &str = "public";

/// How queries are treated, whatever memory there is.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// How often the rules of the deny list are read from the catalog.
    pub denial_refresh: Duration,
    /// How long a query may take, up to [`QUERY_TIME_LIMIT`](crate::QUERY_TIME_LIMIT).
    pub query_time_max: Duration,
    /// Files that are tables beside those of the lake.
    pub static_tables: Option<StaticTablesConfig>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            denial_refresh: Duration::from_secs(10),
            query_time_max: QUERY_TIME_LIMIT,
            static_tables: None,
        }
    }
}

/// Plans and runs queries over one lake. Cheap to clone; one per process.
#[derive(Clone)]
pub struct QueryEngine {
    house: Lakehouse,
    templates: Templates,
    global_tables: Arc<[(&'static str, SchemaRef)]>,
    denials: Arc<Denials>,
    query_time_max: Duration,
    /// Ends with the last copy of the engine.
    _refreshing: Arc<SpawnedTask<()>>,
}

/// The sessions that queries start from copies of.
#[derive(Clone)]
struct Templates {
    reader: Arc<SessionState>,
    administrator: Arc<SessionState>,
}

impl fmt::Debug for QueryEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryEngine")
            .field("house", &self.house)
            .finish_non_exhaustive()
    }
}

impl QueryEngine {
    /// Called within a Tokio runtime: the deny list and the static tables are kept fresh in
    /// the background.
    pub fn new(house: Lakehouse, config: &EngineConfig) -> Result<Self, QueryError> {
        let failed =
            |error: DataFusionError| QueryError::from_engine("error creating the session", &error);
        let mut reader = template(&house, config).map_err(failed)?;
        let mut administrator = reader.clone();
        tell_calls_apart(&mut reader).map_err(failed)?;
        let reader = Arc::new(reader);
        let denials = Arc::new(Denials::new(house.catalog().clone(), Arc::clone(&reader)));
        admin_functions::register(&mut administrator, &house, &denials).map_err(failed)?;
        tell_calls_apart(&mut administrator).map_err(failed)?;
        let refreshing = keep_fresh(Arc::clone(&denials), config.denial_refresh);
        let tables = house.global_tables().map_err(failed)?.into_iter();
        let tables = tables.map(|(name, table)| (name, table.schema()));
        Ok(Self {
            house,
            global_tables: tables.collect(),
            templates: Templates {
                reader,
                administrator: Arc::new(administrator),
            },
            denials,
            query_time_max: config.query_time_max,
            _refreshing: Arc::new(refreshing),
        })
    }

    /// The global tables with their stored schemas, in alphabetical order.
    pub fn global_tables(&self) -> Vec<(&'static str, SchemaRef)> {
        self.global_tables.to_vec()
    }

    /// The views that it queries.
    pub const fn lakehouse(&self) -> &Lakehouse {
        &self.house
    }

    /// Parse and plan one read-only statement that no rule of the deny list refuses; nothing
    /// is executed.
    pub async fn plan(&self, request: QueryRequest) -> Result<PlannedQuery, QueryError> {
        self.denials.check(&request)?;
        let begin = Instant::now();
        let deadline = Deadline::after(self.query_time_max);
        let context = Arc::new(request.scan_context());
        let mut session = self.session(&request);
        context.install(session.config_mut());
        session.mark_start_execution();
        let share = self.house.resources().plan_memory_bytes();
        let usage = Arc::new(QueryUsage::new(begin.elapsed(), share));
        get_payload::register(&mut session, &self.house, &context, &usage)
            .map_err(|error| QueryError::from_engine(BUILDING, &error))?;
        let planning = PlannedQuery::plan(session, context, usage, deadline, &request);
        // Boxed, for it is large and passes through many callers.
        deadline.limit(BUILDING, Box::pin(planning)).await
    }

    fn session(&self, request: &QueryRequest) -> SessionState {
        match request.access {
            Access::Reader => SessionState::clone(&self.templates.reader),
            Access::Administrator => {
                let mut session = SessionState::clone(&self.templates.administrator);
                // Administrative functions record who called them.
                let origin = Arc::new(request.origin.clone());
                session.config_mut().set_extension(origin);
                session
            }
        }
    }
}

fn template(house: &Lakehouse, config: &EngineConfig) -> DataFusionResult<SessionState> {
    let mut state = SessionStateBuilder::new()
        .with_config(session_config(house))
        .with_runtime_env(Arc::clone(house.resources().runtime()))
        .with_default_features()
        .with_analyzer_rule(Arc::new(HideSpillFolder))
        .build();
    let catalog = MemoryCatalogProvider::new();
    let tables = Tables::new(house.global_tables()?, config.static_tables.as_ref());
    catalog.register_schema(SCHEMA, Arc::new(tables))?;
    state
        .catalog_list()
        .register_catalog(CATALOG.to_owned(), Arc::new(catalog));
    sql_functions::register(&mut state)?;
    table_functions::register(&mut state, house);
    Ok(state)
}

fn session_config(house: &Lakehouse) -> SessionConfig {
    let mut session = house
        .resources()
        .session_config()
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true);
    let options = session.options_mut();
    // Older Arrow implementations, Go's among them, can not read string views.
    options.sql_parser.map_string_types_to_utf8view = false;
    // Positions in error messages.
    options.sql_parser.collect_spans = true;
    session
}
