//! One budget of memory per process, and the share of each part.
//!
//! A process that may use much memory uses about half of it, without any variable: the smaller of
//! the machine's memory and what its container is given counts. Only what grows with the load is
//! given a share; the reserve stands for everything that nobody accounts for.

use crate::variables::MICROMEGAS_MEMORY_BUDGET_MB;
use crate::{Environment, Problems, gather};

mod demand;
mod detect;
mod shares;
#[cfg(test)]
mod tests;

use self::demand::Demand;
use self::detect::usable_mib;

const MIB: u64 = 1024 * 1024;

/// The largest number of MiB that a variable may say: a pebibyte. More is a mistake in the unit.
const MIB_MAX: u64 = 1024 * 1024 * 1024;

/// Budget where the memory of the machine can not be told.
const UNDETECTED_MIB: u64 = 1024;

/// What the process does with memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryRoles {
    /// It holds request bodies with telemetry.
    pub ingestion: bool,
    /// It runs queries.
    pub engine: bool,
}

impl MemoryRoles {
    pub const INGESTION: Self = Self {
        ingestion: true,
        engine: false,
    };
    pub const ENGINE: Self = Self {
        ingestion: false,
        engine: true,
    };
}

/// What each part may hold, in whole MiB. The parts and the reserve are exactly the budget; what
/// the process does not do has no share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryShares {
    pub budget_bytes: u64,
    /// Request bodies in flight.
    pub ingestion_bytes: u64,
    /// All queries together.
    pub engine_bytes: u64,
    /// The most that one query may hold; a part of the engine's share, not beside it.
    pub query_bytes: u64,
    /// Footers of Parquet files.
    pub footer_cache_bytes: u64,
    /// Call trees of recent queries.
    pub call_tree_cache_bytes: u64,
    /// Rows of the catalog.
    pub catalog_cache_bytes: u64,
    /// Ranges of objects.
    pub range_cache_bytes: u64,
    /// Threads, connections, the slack of the allocator: what nobody accounts for.
    pub reserve_bytes: u64,
    origin: BudgetOrigin,
}

/// Where the budget comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BudgetOrigin {
    Variable {
        usable_mib: Option<u64>,
    },
    HalfOf {
        usable_mib: u64,
    },
    Undetected,
    /// The variables of the parts ask for more than this.
    Raised {
        from_mib: u64,
        usable_mib: Option<u64>,
    },
}

impl MemoryShares {
    /// # Errors
    /// A variable is malformed, the parts that are set do not fit the budget that is set, or the
    /// budget is too small for the roles.
    pub fn config(environment: &Environment, roles: MemoryRoles) -> Result<Self, Problems> {
        Self::of(environment, roles, usable_mib())
    }

    fn of(
        environment: &Environment,
        roles: MemoryRoles,
        usable_mib: Option<u64>,
    ) -> Result<Self, Problems> {
        let (budget, demand) = gather((
            mebibytes(environment, MICROMEGAS_MEMORY_BUDGET_MB, 1),
            Demand::read(environment, roles),
        ))?;
        shares::divide(&demand, budget, usable_mib)
    }

    /// Tells the budget and the shares in the log.
    pub fn announce(&self) {
        let mib = |bytes: u64| bytes / MIB;
        self.announce_origin(mib(self.budget_bytes));
        tracing::info!(
            budget_mib = mib(self.budget_bytes),
            ingestion_mib = mib(self.ingestion_bytes),
            engine_mib = mib(self.engine_bytes),
            query_mib = mib(self.query_bytes),
            footer_cache_mib = mib(self.footer_cache_bytes),
            call_tree_cache_mib = mib(self.call_tree_cache_bytes),
            catalog_cache_mib = mib(self.catalog_cache_bytes),
            range_cache_mib = mib(self.range_cache_bytes),
            reserve_mib = mib(self.reserve_bytes),
            "memory budget"
        );
    }

    fn announce_origin(&self, budget_mib: u64) {
        let usable_mib = match self.origin {
            BudgetOrigin::Variable { usable_mib } => usable_mib,
            BudgetOrigin::HalfOf { usable_mib } => Some(usable_mib),
            BudgetOrigin::Undetected => {
                tracing::warn!(
                    "the memory of this machine can not be told: the memory budget is \
                     {UNDETECTED_MIB} MiB; {MICROMEGAS_MEMORY_BUDGET_MB} sets another one"
                );
                None
            }
            BudgetOrigin::Raised {
                from_mib,
                usable_mib,
            } => {
                tracing::warn!(
                    "the memory that variables give to single parts raises the memory budget from \
                     {from_mib} MiB to {budget_mib} MiB; {MICROMEGAS_MEMORY_BUDGET_MB} would bound \
                     them"
                );
                usable_mib
            }
        };
        if let Some(usable_mib) = usable_mib.filter(|usable| *usable < budget_mib) {
            tracing::warn!(
                "the memory budget is {budget_mib} MiB, more than the {usable_mib} MiB that this \
                 process may use: the operating system may end it"
            );
        }
    }
}

/// The value of a variable in MiB, if it is set.
fn mebibytes(environment: &Environment, name: &str, min: u64) -> Result<Option<u64>, Problems> {
    let expected = format!("a whole number of MiB from {min} to {MIB_MAX}");
    let value = environment.parsed(name, &expected)?;
    match value.filter(|value| !(min..=MIB_MAX).contains(value)) {
        Some(_) => Err(Problems::one(format!("{name} must be {expected}"))),
        None => Ok(value),
    }
}
