//! Rows of a view instance in immutable Parquet objects, one for a range of insert times.

mod scan;
mod selection;
mod writer;

pub(crate) use scan::{object_store_url, scan};
pub(crate) use selection::{Selection, select};
pub(crate) use writer::{Written, write};
