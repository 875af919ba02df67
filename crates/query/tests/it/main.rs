//! Queries over recorded telemetry in a real catalog and object store.

mod administrators;
mod blocks;
mod denials;
mod expected;
mod house;
mod just_in_time;
mod ledger;
mod limits;
mod listings;
mod maintenance;
mod memory;
mod nesting;
mod net_and_images;
mod partitions;
mod payloads;
mod process_spans;
mod reference;
mod refusals;
mod regeneration;
mod retirement;
mod scans;
mod spans;
mod sql;
mod static_tables;
mod told_apart;
mod traces;
