//! Queries over recorded telemetry in a real catalog and object store.

mod administrators;
mod denials;
mod house;
mod refusals;
mod scans;
