//! What the parts of a process ask for.

use super::{MemoryRoles, mebibytes};
use crate::variables::{
    MICROMEGAS_DATAFUSION_MEMORY_BUDGET_MB, MICROMEGAS_INGESTION_IN_FLIGHT_MB,
    MICROMEGAS_METADATA_CACHE_MB, MICROMEGAS_OBJECT_CACHE_L1_MB,
};
use crate::{Environment, Problems, gather};

/// One request body of the largest size must fit.
pub(super) const INGESTION_MIB_MIN: u64 = 100;

/// Below it, queries would spill all the time.
pub(super) const ENGINE_MIB_MIN: u64 = 64;

/// The parts that the process has, and what variables give to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Demand {
    pub ingestion: Part,
    pub engine: Part,
    pub footers: Part,
    /// What it keeps of call trees and of the catalog has no variable.
    pub trees: Part,
    pub catalog: Part,
    pub ranges: Part,
}

/// One part of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The process does not do this.
    Absent,
    /// It gets a share of the budget.
    Shared,
    /// A variable says how many MiB it gets.
    Explicit { name: &'static str, mib: u64 },
}

impl Demand {
    /// Variables about what the process does not do are left unread.
    pub fn read(environment: &Environment, roles: MemoryRoles) -> Result<Self, Problems> {
        let part = |plays, name, min| match plays {
            true => Part::read(environment, name, min),
            false => Ok(Part::Absent),
        };
        let ingestion = part(roles.ingestion, MICROMEGAS_INGESTION_IN_FLIGHT_MB, 0);
        let (ingestion, engine, footers, ranges) = gather((
            ingestion.and_then(holds_a_body),
            part(roles.engine, MICROMEGAS_DATAFUSION_MEMORY_BUDGET_MB, 1),
            part(roles.engine, MICROMEGAS_METADATA_CACHE_MB, 0),
            part(roles.engine, MICROMEGAS_OBJECT_CACHE_L1_MB, 0),
        ))?;
        let shared = |plays| match plays {
            true => Part::Shared,
            false => Part::Absent,
        };
        let trees = shared(roles.engine);
        let catalog = shared(roles.ingestion || roles.engine);
        Ok(Self {
            ingestion,
            engine,
            footers,
            trees,
            catalog,
            ranges,
        })
    }

    /// The variables that are set.
    pub fn explicit(&self) -> Vec<(&'static str, u64)> {
        let parts = [self.ingestion, self.engine, self.footers, self.ranges];
        let explicit = parts.into_iter().filter_map(|part| match part {
            Part::Explicit { name, mib } => Some((name, mib)),
            Part::Absent | Part::Shared => None,
        });
        explicit.collect()
    }
}

impl Part {
    fn read(environment: &Environment, name: &'static str, min: u64) -> Result<Self, Problems> {
        let mib = mebibytes(environment, name, min)?;
        Ok(mib.map_or(Self::Shared, |mib| Self::Explicit { name, mib }))
    }

    /// What it gets: nothing, what the variable says, or else its share.
    pub fn or_share(self, share: u64) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Shared => share,
            Self::Explicit { mib, .. } => mib,
        }
    }
}

fn holds_a_body(part: Part) -> Result<Part, Problems> {
    match part {
        Part::Explicit { name, mib } if mib < INGESTION_MIB_MIN => Err(Problems::one(format!(
            "{name} is {mib} MiB and can not hold one request body of up to {INGESTION_MIB_MIN} \
             MiB: raise it to {INGESTION_MIB_MIN} or unset it"
        ))),
        part => Ok(part),
    }
}
