//! Queries over recorded telemetry in a real catalog and object store.

mod administrators;
mod denials;
mod house;
mod limits;
mod listings;
mod maintenance;
mod memory;
mod partitions;
mod refusals;
mod regeneration;
mod retirement;
mod scans;
