//! Queries over recorded telemetry in a real catalog and object store.

mod administrators;
mod denials;
mod house;
mod just_in_time;
mod limits;
mod listings;
mod maintenance;
mod memory;
mod partitions;
mod refusals;
mod regeneration;
mod retirement;
mod scans;
