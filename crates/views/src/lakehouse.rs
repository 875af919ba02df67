//! The views of one lake, by name.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use catalog::Catalog;
use datafusion::catalog::TableProvider;
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use decode::{EventTable, StreamPlan};
use lake::Lake;
use model::{ProcessId, StreamId};
use moka::future::Cache;

use crate::blocks_view::BlocksView;
use crate::chains::ChainCache;
use crate::events_view::EventsView;
use crate::instances::InstanceKind;
use crate::just_in_time::JustInTime;
use crate::log_stats_view::LogStatsView;
use crate::merged_table::merged_table;
use crate::owners_views::{ProcessesView, StreamsView};
use crate::partitioned_table::PartitionedTable;
use crate::partitions;
use crate::view::{View, ViewSet};
use crate::{Error, Resources, Result};

/// Stream layouts kept compiled. One is a few kilobytes.
const PLANS_MAX: u64 = 4096;

/// The catalog and the objects of one lake, and what is remembered of them. Cheap to clone.
#[derive(Clone)]
pub struct Lakehouse(Arc<Shared>);

struct Shared {
    catalog: Catalog,
    lake: Lake,
    plans: Cache<StreamId, Arc<StreamPlan>>,
    chains: ChainCache,
    resources: Resources,
    /// What partitions are written with.
    session: SessionState,
    just_in_time: JustInTime,
    /// Tells its partitions apart from those of other revisions.
    revision: u8,
}

/// A global view, as maintenance knows it.
#[derive(Debug, Clone)]
pub struct GlobalView(pub(crate) Arc<dyn View>);

impl GlobalView {
    pub fn name(&self) -> &'static str {
        self.0.set().name
    }

    /// Whether rows of its tail cost the decoding of payloads. The others read theirs from
    /// the catalog.
    pub fn decodes_payloads(&self) -> bool {
        self.0.tag().is_some()
    }
}

impl Lakehouse {
    /// `resources`: what queries and writers share.
    pub fn new(catalog: Catalog, lake: Lake, resources: Resources) -> Self {
        Self::of_revision(catalog, lake, resources, 0)
    }

    /// One whose views all have another version, as if another release had made it. Only
    /// for tests of releases side by side.
    #[doc(hidden)]
    pub fn of_revision(catalog: Catalog, lake: Lake, resources: Resources, revision: u8) -> Self {
        let url = partitions::object_store_url();
        let runtime = resources.runtime();
        runtime.register_object_store(url.as_ref(), lake.object_store());
        Self(Arc::new(Shared {
            catalog,
            lake,
            plans: Cache::new(PLANS_MAX),
            chains: ChainCache::new(resources.call_tree_cache_bytes()),
            session: writing_session(&resources),
            resources,
            just_in_time: JustInTime::default(),
            revision,
        }))
    }

    pub fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }

    pub fn lake(&self) -> &Lake {
        &self.0.lake
    }

    pub fn resources(&self) -> &Resources {
        &self.0.resources
    }

    /// Every global table, in alphabetical order of the names. Those that begin with
    /// `__` hold rows that the table named within has still to sum up.
    pub fn global_tables(&self) -> DataFusionResult<Vec<(&'static str, Arc<dyn TableProvider>)>> {
        let table = |view| self.table(view);
        let [log_stats, processes, streams] = [self.log_stats(), self.processes(), self.streams()];
        Ok(vec![
            ("__log_stats__partitions", table(Arc::clone(&log_stats))),
            ("__processes__partitions", table(Arc::clone(&processes))),
            ("__streams__partitions", table(Arc::clone(&streams))),
            ("blocks", table(Arc::new(BlocksView::new(self.clone())))),
            (
                "log_entries",
                table(self.events(EventTable::LogEntries, None)),
            ),
            ("log_stats", merged_table(self, log_stats)?),
            ("measures", table(self.events(EventTable::Measures, None))),
            ("processes", merged_table(self, processes)?),
            ("streams", merged_table(self, streams)?),
        ])
    }

    /// The global views in the order in which their partitions are made: later ones read
    /// those of earlier ones.
    pub fn global_views(&self) -> Vec<GlobalView> {
        let views: [Arc<dyn View>; 6] = [
            Arc::new(BlocksView::new(self.clone())),
            self.events(EventTable::LogEntries, None),
            self.events(EventTable::Measures, None),
            self.processes(),
            self.streams(),
            self.log_stats(),
        ];
        views.into_iter().map(GlobalView).collect()
    }

    /// One instance of a view set: the id of a process or stream, or [`GLOBAL_INSTANCE`].
    pub fn instance(&self, view_set: &str, instance: &str) -> Result<Arc<dyn TableProvider>> {
        let kind = InstanceKind::of(view_set);
        let kind = kind.ok_or_else(|| Error::UnknownViewSet(view_set.to_owned()))?;
        Ok(self.table(kind.view(self, instance)?))
    }

    pub(crate) fn table(&self, view: Arc<dyn View>) -> Arc<dyn TableProvider> {
        Arc::new(PartitionedTable::new(self.clone(), view))
    }

    /// What partitions must carry to be read as rows of the view set.
    pub(crate) fn schema_hash(&self, set: &ViewSet) -> Bytes {
        match self.0.revision {
            0 => set.schema_hash.clone(),
            revision => [&set.schema_hash[..], &[revision]].concat().into(),
        }
    }

    pub(crate) fn session(&self) -> &SessionState {
        &self.0.session
    }

    pub(crate) fn just_in_time(&self) -> &JustInTime {
        &self.0.just_in_time
    }

    pub(crate) fn chain_cache(&self) -> &ChainCache {
        &self.0.chains
    }

    pub(crate) fn events(&self, table: EventTable, process: Option<ProcessId>) -> Arc<dyn View> {
        Arc::new(EventsView::new(self.clone(), table, process))
    }

    fn processes(&self) -> Arc<dyn View> {
        Arc::new(ProcessesView::new(self.clone()))
    }

    fn streams(&self) -> Arc<dyn View> {
        Arc::new(StreamsView::new(self.clone()))
    }

    fn log_stats(&self) -> Arc<dyn View> {
        Arc::new(LogStatsView::new(self.clone()))
    }

    /// The compiled layout of a stream. Registrations never change, so neither does this.
    pub(crate) async fn plan(
        &self,
        stream: &catalog::StoredStream,
    ) -> decode::Result<Arc<StreamPlan>> {
        let id = stream.info.stream_id;
        if let Some(plan) = self.0.plans.get(&id).await {
            return Ok(plan);
        }
        let plan = Arc::new(StreamPlan::compile(
            &stream.info.dependencies_metadata,
            &stream.info.objects_metadata,
        )?);
        self.0.plans.insert(id, Arc::clone(&plan)).await;
        Ok(plan)
    }
}

impl fmt::Debug for Lakehouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lakehouse")
            .field("catalog", self.catalog())
            .field("lake", self.lake())
            .finish_non_exhaustive()
    }
}

fn writing_session(resources: &Resources) -> SessionState {
    SessionStateBuilder::new()
        .with_config(resources.session_config())
        .with_runtime_env(Arc::clone(resources.runtime()))
        .with_default_features()
        .build()
}
