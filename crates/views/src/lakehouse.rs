//! The views of one lake, by name.

use std::sync::Arc;

use catalog::Catalog;
use datafusion::catalog::TableProvider;
use decode::{EventTable, StreamPlan};
use lake::Lake;
use model::{ProcessId, StreamId};
use moka::future::Cache;

use crate::blocks_table::BlocksTable;
use crate::entities::{ProcessesTable, StreamsTable};
use crate::events_table::EventsTable;
use crate::{Error, Result};

/// The instance id of tables that span all processes.
pub const GLOBAL_INSTANCE: &str = "global";

/// Stream layouts kept compiled. One is a few kilobytes.
const PLANS_MAX: u64 = 4096;

/// The catalog and the objects of one lake, and what is remembered of them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Lakehouse {
    pub(crate) catalog: Catalog,
    pub(crate) lake: Lake,
    plans: Cache<StreamId, Arc<StreamPlan>>,
}

impl Lakehouse {
    pub fn new(catalog: Catalog, lake: Lake) -> Self {
        Self {
            catalog,
            lake,
            plans: Cache::new(PLANS_MAX),
        }
    }

    pub const fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Every global table, in alphabetical order of the names.
    pub fn global_tables(&self) -> Vec<(&'static str, Arc<dyn TableProvider>)> {
        vec![
            ("blocks", Arc::new(BlocksTable::new(self.clone()))),
            ("log_entries", self.events(EventTable::LogEntries, None)),
            ("measures", self.events(EventTable::Measures, None)),
            ("processes", Arc::new(ProcessesTable::new(self.clone()))),
            ("streams", Arc::new(StreamsTable::new(self.clone()))),
        ]
    }

    /// One instance of a view set: the id of a process, or [`GLOBAL_INSTANCE`].
    pub fn instance(&self, view_set: &str, instance: &str) -> Result<Arc<dyn TableProvider>> {
        let table = [EventTable::LogEntries, EventTable::Measures]
            .into_iter()
            .find(|table| table.name() == view_set)
            .ok_or_else(|| Error::UnknownViewSet(view_set.to_owned()))?;
        if instance == GLOBAL_INSTANCE {
            return Ok(self.events(table, None));
        }
        let process: ProcessId = instance.parse().map_err(|_| Error::BadInstance {
            view_set: view_set.to_owned(),
            instance: instance.to_owned(),
            expected: "the UUID of a process, or 'global'",
        })?;
        Ok(self.events(table, Some(process)))
    }

    fn events(&self, table: EventTable, process: Option<ProcessId>) -> Arc<dyn TableProvider> {
        Arc::new(EventsTable::new(self.clone(), table, process))
    }

    /// The compiled layout of a stream. Registrations never change, so neither does this.
    pub(crate) async fn plan(
        &self,
        stream: &catalog::StoredStream,
    ) -> decode::Result<Arc<StreamPlan>> {
        let id = stream.info.stream_id;
        if let Some(plan) = self.plans.get(&id).await {
            return Ok(plan);
        }
        let plan = Arc::new(StreamPlan::compile(
            &stream.info.dependencies_metadata,
            &stream.info.objects_metadata,
        )?);
        self.plans.insert(id, Arc::clone(&plan)).await;
        Ok(plan)
    }
}
