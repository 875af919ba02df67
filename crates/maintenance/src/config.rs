//! How long things are kept.

use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long things are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceConfig {
    /// Whole days after which data expires.
    pub retention_days: u32,
    /// Whole days after which a block has no row in the catalog any more: the partitions
    /// of the `blocks` view have it. Until then, a block that is sent again is known.
    pub catalog_days: u32,
    /// Between the moment when data is not seen any more and its deletion. Longer than any
    /// query may run.
    pub grace: Duration,
    /// Objects that nothing refers to are deleted at this age. Far longer than anything
    /// takes from writing an object to committing it.
    pub orphan_age: Duration,
    /// Halves of replicated blocks are given up at this age.
    pub staged_age: Duration,
    /// How long the lease of the process that maintains the lake is valid. Well above the
    /// clock differences between the machines.
    pub lease: Duration,
}

impl Default for MaintenanceConfig {
    fn default() -> Self {
        Self {
            retention_days: 90,
            catalog_days: 7,
            grace: 75 * MINUTE,
            orphan_age: DAY,
            staged_age: 7 * DAY,
            lease: MINUTE / 2,
        }
    }
}
