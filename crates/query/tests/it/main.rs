//! Queries over recorded telemetry in a real catalog and object store.

mod house;
mod refusals;
mod scans;
