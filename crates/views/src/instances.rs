//! View sets that have instances of single processes or streams.

use std::sync::Arc;

use decode::{ChainTable, EventTable};

use crate::chains::{self, ChainsView, Owner};
use crate::events_view;
use crate::view::{GLOBAL_INSTANCE, View, ViewSet};
use crate::{Error, Lakehouse, Result};

/// What the instances of a view set are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InstanceKind {
    Events(EventTable),
    Chains(ChainTable),
}

impl InstanceKind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Events(EventTable::LogEntries),
        Self::Events(EventTable::Measures),
        Self::Chains(ChainTable::ThreadSpans),
        Self::Events(EventTable::AsyncEvents),
        Self::Chains(ChainTable::NetSpans),
        Self::Events(EventTable::Images),
    ];

    /// None if the view set is not known or has no instances.
    pub(crate) fn of(view_set: &str) -> Option<Self> {
        let mut kinds = Self::ALL.into_iter();
        kinds.find(|kind| kind.set().name == view_set)
    }

    pub(crate) fn set(self) -> &'static ViewSet {
        match self {
            Self::Events(table) => events_view::view_set(table),
            Self::Chains(table) => chains::view_set(table),
        }
    }

    /// Whether there is an instance of all processes.
    pub(crate) const fn is_global(self) -> bool {
        matches!(
            self,
            Self::Events(EventTable::LogEntries | EventTable::Measures)
        )
    }

    const fn expected(self) -> &'static str {
        match self {
            _ if self.is_global() => "the UUID of a process, or 'global'",
            Self::Chains(ChainTable::ThreadSpans) => "the UUID of a stream",
            _ => "the UUID of a process",
        }
    }

    pub(crate) fn view(self, house: &Lakehouse, instance: &str) -> Result<Arc<dyn View>> {
        let view: Option<Arc<dyn View>> = match self {
            Self::Events(table) if instance == GLOBAL_INSTANCE => {
                self.is_global().then(|| house.events(table, None))
            }
            Self::Events(table) => {
                let process = instance.parse().ok();
                process.map(|process| house.events(table, Some(process)))
            }
            Self::Chains(table) => {
                let owner = match table {
                    ChainTable::ThreadSpans => instance.parse().map(Owner::Stream).ok(),
                    ChainTable::NetSpans => instance.parse().map(Owner::Process).ok(),
                };
                owner.map(|owner| Arc::new(ChainsView::new(house.clone(), table, owner)) as _)
            }
        };
        view.ok_or_else(|| Error::BadInstance {
            view_set: self.set().name.to_owned(),
            instance: instance.to_owned(),
            expected: self.expected(),
        })
    }
}
