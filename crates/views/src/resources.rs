//! Memory, disk and caches that the queries and writers of a process share.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::cache::cache_manager::CacheManagerConfig;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{MemoryPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::SessionConfig;

mod bounded;
mod spill;

use self::bounded::BoundedPool;
use self::spill::SpillFolder;

/// Spilled files that a sort merges at a time. It would take all the memory that is left for
/// more of them, and sorts beside it would find none.
const MERGED_FILES: usize = 8;

/// Consumers named in the log when memory ran out.
const REPORTED_CONSUMERS: NonZeroUsize = NonZeroUsize::new(5).expect("five is not zero");

/// Bounds of what the process spends on queries and partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceConfig {
    /// Memory for all running queries and writers together; what does not fit spills or
    /// fails.
    pub memory_bytes: usize,
    /// The most of it that one plan may hold.
    pub plan_memory_bytes: usize,
    /// Memory for the footers of Parquet files, beside the queries.
    pub footer_cache_bytes: usize,
    /// Memory for the call trees of recent queries, beside the queries.
    pub call_tree_cache_bytes: usize,
    /// Disk for spilling, all plans together.
    pub spill_bytes_max: u64,
    /// Where to spill: created if missing, emptied if left over, shared by the processes
    /// of this machine. Otherwise the operating system's folder for temporary files.
    pub spill_folder: Option<PathBuf>,
    /// Partitions that one plan runs at the same time.
    pub parallelism: usize,
}

/// The shared means, and how a plan may use them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Resources {
    runtime: Arc<RuntimeEnv>,
    plan_memory_bytes: usize,
    call_tree_cache_bytes: usize,
    parallelism: usize,
    _spill_folder: Option<Arc<SpillFolder>>,
}

impl Resources {
    /// # Errors
    /// The folder for spilling can not be used.
    pub fn new(config: &ResourceConfig) -> Result<Self> {
        let spill_folder = config.spill_folder.as_deref().map(SpillFolder::open);
        Ok(Self {
            _spill_folder: spill_folder.transpose()?.map(Arc::new),
            runtime: runtime(config)?,
            plan_memory_bytes: config.plan_memory_bytes,
            call_tree_cache_bytes: config.call_tree_cache_bytes,
            parallelism: config.parallelism.max(1),
        })
    }

    pub const fn runtime(&self) -> &Arc<RuntimeEnv> {
        &self.runtime
    }

    /// The most memory that one plan may hold.
    pub const fn plan_memory_bytes(&self) -> usize {
        self.plan_memory_bytes
    }

    pub(crate) const fn call_tree_cache_bytes(&self) -> usize {
        self.call_tree_cache_bytes
    }

    /// What the plans that run now hold.
    pub fn reserved_memory_bytes(&self) -> usize {
        self.runtime.memory_pool.reserved()
    }

    /// The part of a session's configuration that these bounds decide.
    pub fn session_config(&self) -> SessionConfig {
        SessionConfig::new()
            .with_target_partitions(self.parallelism)
            .with_sort_spill_reservation_bytes(self.sort_reservation())
    }

    /// What every partition of a sort takes before it begins, for merging what it will
    /// have spilled. Many cores and a small share must leave something to sort.
    fn sort_reservation(&self) -> usize {
        const ENOUGH: usize = 10 * 1024 * 1024;
        let partition = self.plan_memory_bytes / self.parallelism;
        (partition / 4).min(ENOUGH)
    }
}

/// A pool of so many bytes that keeps to its size, divides it fairly, and names in its
/// refusals who holds most.
pub fn bounded_pool(bytes: usize) -> impl MemoryPool {
    TrackConsumersPool::new(BoundedPool::new(bytes), REPORTED_CONSUMERS)
}

fn runtime(config: &ResourceConfig) -> Result<Arc<RuntimeEnv>> {
    let mode = match &config.spill_folder {
        Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
        None => DiskManagerMode::OsTmpDirectory,
    };
    let disk = DiskManagerBuilder::default()
        .with_mode(mode)
        .with_max_temp_directory_size(config.spill_bytes_max)
        .with_max_spill_merge_fan_in(MERGED_FILES);
    // Files are listed by the catalog, so the caches of listings would only cost.
    let caches = CacheManagerConfig::default()
        .with_metadata_cache_limit(config.footer_cache_bytes)
        .with_file_statistics_cache_limit(0)
        .with_list_files_cache_limit(0);
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(bounded_pool(config.memory_bytes)))
        .with_disk_manager_builder(disk)
        .with_cache_manager(caches)
        .build_arc()
}
