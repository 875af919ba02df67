//! What views say of themselves.

mod documentation;
mod events;
mod owners;
mod spans;

pub use documentation::{ViewSetDoc, view_set_docs};

use bytes::Bytes;
use datafusion::arrow::datatypes::SchemaRef;

use crate::instances::InstanceKind;
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
    /// Whether there are instances of single processes or streams.
    pub has_instances: bool,
    /// Whether there is an instance of all processes.
    pub is_global: bool,
    /// The column of which the event range of a partition has the minimum and the maximum;
    /// `None` where those are of two columns.
    pub event_time: Option<&'static str>,
}

impl Lakehouse {
    /// Every view set; global ones come first.
    pub fn view_sets(&self) -> Vec<ViewSetInfo> {
        let global = self.global_views();
        let global = global.iter().map(|view| info(view.0.set(), true));
        let others = InstanceKind::ALL.into_iter();
        let others = others.filter(|kind| !kind.is_global());
        global
            .chain(others.map(|kind| info(kind.set(), false)))
            .collect()
    }

    /// The global view with this name.
    pub fn global_view(&self, name: &str) -> Result<GlobalView> {
        let mut views = self.global_views().into_iter();
        views
            .find(|view| view.name() == name)
            .ok_or_else(|| Error::UnknownViewSet(name.to_owned()))
    }
}

fn info(set: &ViewSet, is_global: bool) -> ViewSetInfo {
    ViewSetInfo {
        name: set.name,
        schema_hash: set.schema_hash.clone(),
        schema: set.visible_schema(),
        has_instances: InstanceKind::of(set.name).is_some(),
        is_global,
        event_time: Some(set.bounds.0).filter(|first| *first == set.bounds.1),
    }
}
