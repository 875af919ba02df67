//! The whole catalog, the same tests on both databases.

mod commit;
mod connect;
mod denials;
mod event_range;
mod fixture;
mod leases;
mod register;
mod scan;
mod segments;
mod summaries;
