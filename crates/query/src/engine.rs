//! What all queries of a process share.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use catalog::Catalog;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::CatalogProvider;
use datafusion::catalog::SchemaProvider;
use datafusion::catalog::memory::{MemoryCatalogProvider, MemorySchemaProvider};
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;
use lake::Lake;
use views::{Lakehouse, ScanContext};

use crate::admin_functions;
use crate::caller::Access;
use crate::denials::{Denials, keep_fresh};
use crate::error::QueryError;
use crate::plan::{PlannedQuery, QueryRequest};
use crate::table_functions::ViewInstance;
use crate::usage::QueryUsage;

/// Consumers named in the message of a query that ran out of memory.
const REPORTED_CONSUMERS: NonZeroUsize = NonZeroUsize::new(5).expect("five is not zero");

/// Where unqualified table names are looked up.
const CATALOG: &str = "datafusion";
const SCHEMA: &str = "public";

/// Bounds of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineConfig {
    /// Memory for all running queries together; what does not fit spills or fails.
    pub memory_budget_bytes: usize,
    /// Disk for spilling, all queries together.
    pub spill_bytes_max: u64,
    /// Partitions that one query runs at the same time.
    pub parallelism: usize,
    /// How often the rules of the deny list are read from the catalog.
    pub denial_refresh: Duration,
}

/// Plans and runs queries over one lake. Cheap to clone; one per process.
#[derive(Clone)]
pub struct QueryEngine {
    house: Lakehouse,
    templates: Templates,
    denials: Arc<Denials>,
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
    /// Called within a Tokio runtime: the deny list is kept fresh in the background.
    pub fn new(catalog: Catalog, lake: Lake, config: &EngineConfig) -> Result<Self, QueryError> {
        let house = Lakehouse::new(catalog.clone(), lake);
        let failed = |error| QueryError::from_engine("error creating the session", &error);
        let reader = Arc::new(template(&house, config).map_err(failed)?);
        let denials = Arc::new(Denials::new(catalog, Arc::clone(&reader)));
        let mut administrator = SessionState::clone(&reader);
        admin_functions::register(&mut administrator, &denials).map_err(failed)?;
        let refreshing = keep_fresh(Arc::clone(&denials), config.denial_refresh);
        Ok(Self {
            house,
            templates: Templates {
                reader,
                administrator: Arc::new(administrator),
            },
            denials,
            _refreshing: Arc::new(refreshing),
        })
    }

    /// The global tables with their stored schemas, in alphabetical order.
    pub fn global_tables(&self) -> Vec<(&'static str, SchemaRef)> {
        let tables = self.house.global_tables();
        tables
            .into_iter()
            .map(|(name, table)| (name, table.schema()))
            .collect()
    }

    /// Parse and plan one read-only statement that no rule of the deny list refuses; nothing
    /// is executed.
    pub async fn plan(&self, request: QueryRequest) -> Result<PlannedQuery, QueryError> {
        self.denials.check(&request)?;
        let begin = Instant::now();
        let context = Arc::new(ScanContext::new(request.range));
        let mut session = self.session(&request);
        context.install(session.config_mut());
        session.mark_start_execution();
        let usage = Arc::new(QueryUsage::new(begin.elapsed()));
        PlannedQuery::plan(session, context, usage, &request).await
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
        .with_config(session_config(config))
        .with_runtime_env(runtime(config)?)
        .with_default_features()
        .build();
    let catalog = MemoryCatalogProvider::new();
    let schema = MemorySchemaProvider::new();
    for (name, table) in house.global_tables() {
        schema.register_table(name.to_owned(), table)?;
    }
    catalog.register_schema(SCHEMA, Arc::new(schema))?;
    state
        .catalog_list()
        .register_catalog(CATALOG.to_owned(), Arc::new(catalog));
    sql_functions::register(&mut state)?;
    state.register_udtf("view_instance", Arc::new(ViewInstance::new(house.clone())));
    Ok(state)
}

fn session_config(config: &EngineConfig) -> SessionConfig {
    let mut session = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true)
        .with_target_partitions(config.parallelism.max(1));
    let options = session.options_mut();
    // Older Arrow implementations, Go's among them, can not read string views.
    options.sql_parser.map_string_types_to_utf8view = false;
    // Positions in error messages.
    options.sql_parser.collect_spans = true;
    session
}

fn runtime(config: &EngineConfig) -> DataFusionResult<Arc<RuntimeEnv>> {
    let pool = FairSpillPool::new(config.memory_budget_bytes);
    let disk = DiskManagerBuilder::default()
        .with_mode(DiskManagerMode::OsTmpDirectory)
        .with_max_temp_directory_size(config.spill_bytes_max);
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(TrackConsumersPool::new(pool, REPORTED_CONSUMERS)))
        .with_disk_manager_builder(disk)
        .build_arc()
}
