//! What views say of themselves.

use bytes::Bytes;
use datafusion::arrow::datatypes::SchemaRef;
use decode::EventTable;

use crate::lakehouse::GlobalView;
use crate::view::ViewSet;
use crate::{Error, Lakehouse, Result};

/// A view set as callers may know it.
#[derive(Debug, Clone)]
pub struct ViewSetInfo {
    pub name: &'static str,
    /// Partitions with another one are not read.
    pub schema_hash: Bytes,
    /// The columns that SQL shows.
    pub schema: SchemaRef,
    /// Whether there are instances of single processes.
    pub has_instances: bool,
    /// Whether there is an instance of all processes.
    pub is_global: bool,
    /// The column of which the event range of a partition has the minimum and the maximum;
    /// `None` where those are of two columns.
    pub event_time: Option<&'static str>,
}

/// Views of which processes have instances.
pub(crate) const PROCESS_VIEWS: [EventTable; 2] = [EventTable::LogEntries, EventTable::Measures];

impl Lakehouse {
    /// Every view set; global ones come first.
    pub fn view_sets(&self) -> Vec<ViewSetInfo> {
        let views = self.global_views();
        views.iter().map(|view| info(view.0.set())).collect()
    }

    /// The global view with this name.
    pub fn global_view(&self, name: &str) -> Result<GlobalView> {
        let mut views = self.global_views().into_iter();
        views
            .find(|view| view.name() == name)
            .ok_or_else(|| Error::UnknownViewSet(name.to_owned()))
    }
}

fn info(set: &ViewSet) -> ViewSetInfo {
    ViewSetInfo {
        name: set.name,
        schema_hash: set.schema_hash.clone(),
        schema: set.visible_schema(),
        has_instances: PROCESS_VIEWS.iter().any(|table| table.name() == set.name),
        is_global: true,
        event_time: Some(set.bounds.0).filter(|first| *first == set.bounds.1),
    }
}
