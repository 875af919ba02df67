//! What keeps a lake fast and small while it runs: partitions of the global views,
//! merged as time goes by; the end of what is older than the retention; the removal of
//! objects that nothing refers to.
//!
//! Nothing here is needed for correct answers: a query reads from blocks what no
//! partition holds. A [`Maintenance`] that fails, stops or never runs costs speed and
//! space.
//!
//! Every [`Task`] has a schedule of its own and at most one run at a time. Any number of
//! processes may maintain one lake: a lease in the catalog lets one of them start tasks.
//! Where two overlap all the same, because the lease went over while a run was under
//! way, the catalog accepts the partition of one of them.

mod config;
mod leadership;
mod maintenance;
mod orphans;
mod passes;
mod report;
mod retention;
mod schedule;
mod slots;

pub use config::MaintenanceConfig;
pub use maintenance::Maintenance;
pub use report::{Cleaned, Report};
pub use schedule::Task;
