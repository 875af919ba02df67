//! What queries and writers of partitions may use.

use std::num::NonZeroU64;
use std::path::PathBuf;

use views::ResourceConfig;

use crate::variables::MICROMEGAS_DATAFUSION_MAX_TEMP_DIRECTORY_MB;
use crate::{Environment, MemoryShares, Problems};

const MIB: u64 = 1024 * 1024;
const DEFAULT_SPILL_MIB: u64 = 100 * 1024;

/// What, with a share of the memory, the engine of a process is built from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineSettings {
    pub spill_bytes_max: u64,
}

impl EngineSettings {
    /// # Errors
    /// A variable is malformed.
    pub fn config(environment: &Environment) -> Result<Self, Problems> {
        let name = MICROMEGAS_DATAFUSION_MAX_TEMP_DIRECTORY_MB;
        let expected = "a whole number of MiB, at least 1";
        let spill: Option<NonZeroU64> = environment.parsed(name, expected)?;
        let spill = spill.map_or(DEFAULT_SPILL_MIB, u64::from);
        Ok(Self {
            spill_bytes_max: spill.saturating_mul(MIB),
        })
    }

    /// Without a folder for what is spilled it is the operating system's for temporary files.
    pub fn resources(
        &self,
        memory: &MemoryShares,
        spill_folder: Option<PathBuf>,
    ) -> ResourceConfig {
        let bytes = |share| usize::try_from(share).unwrap_or(usize::MAX);
        ResourceConfig {
            memory_bytes: bytes(memory.engine_bytes),
            plan_memory_bytes: bytes(memory.query_bytes),
            footer_cache_bytes: bytes(memory.footer_cache_bytes),
            call_tree_cache_bytes: bytes(memory.call_tree_cache_bytes),
            spill_bytes_max: self.spill_bytes_max,
            spill_folder,
            parallelism: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}
