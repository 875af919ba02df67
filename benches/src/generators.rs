//! Load of one kind each, for a while, with a report.

pub mod flight;
pub mod gateway;
pub mod ingest;
