//! The whole catalog, the same tests on both databases.

mod bulk;
mod commit;
mod connect;
mod denials;
mod event_range;
mod fixture;
mod horizons;
mod leases;
mod partition_commits;
mod partition_fixture;
mod partition_model;
mod partitions;
mod recorded;
mod register;
mod retention;
mod scan;
mod segments;
mod summaries;
mod totals;
