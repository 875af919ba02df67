//! What people read about a view set.

use super::{events, owners, spans};

/// The meaning of a view set and of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewSetDoc {
    pub name: &'static str,
    /// What a row is, and where rows come from.
    pub description: &'static str,
    /// Of what an instance has the rows, where there are instances.
    pub instance: Option<&'static str>,
    /// The rows that a time range from B to E keeps.
    pub range: &'static str,
    /// Name and meaning of each column, in the order of the schema.
    pub columns: &'static [(&'static str, &'static str)],
    /// A statement about the view.
    pub example: &'static str,
}

static ALL: [&ViewSetDoc; 10] = [
    &events::LOG_ENTRIES,
    &events::MEASURES,
    &owners::PROCESSES,
    &owners::STREAMS,
    &owners::BLOCKS,
    &events::LOG_STATS,
    &spans::THREAD_SPANS,
    &spans::ASYNC_EVENTS,
    &spans::NET_SPANS,
    &events::IMAGES,
];

/// Those of all view sets, in the order in which to read them.
pub fn view_set_docs() -> &'static [&'static ViewSetDoc] {
    &ALL
}
