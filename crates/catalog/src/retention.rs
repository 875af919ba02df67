//! The end of old data, in two phases, so that nothing is deleted that a running query
//! may read: a horizon takes it out of later snapshots at once; what a horizon
//! committed long enough ago left behind is purged. How long is the caller's business.

mod horizons;
mod purge_blocks;
mod purge_owners;
mod purge_segments;
mod purge_staged;
