//! What one query took from the budgets that all queries share.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use datafusion::execution::memory_pool::MemoryPool;
use datafusion::physical_plan::ExecutionPlan;

use crate::memory::{MemoryUse, QueryPool};

/// Read when the query has ended; before that it shows what happened so far.
#[derive(Debug, Default)]
pub struct QueryUsage {
    context_init: Duration,
    memory_bytes_max: usize,
    memory: Arc<MemoryUse>,
    pool: OnceLock<Arc<dyn MemoryPool>>,
    plan: OnceLock<Arc<dyn ExecutionPlan>>,
}

/// What the operators of a query wrote to disk because memory was short.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spill {
    pub bytes: u64,
    pub count: u64,
}

impl QueryUsage {
    /// Of a query that may hold `memory_bytes_max` at one time.
    pub(crate) fn new(context_init: Duration, memory_bytes_max: usize) -> Self {
        Self {
            context_init,
            memory_bytes_max,
            ..Self::default()
        }
    }

    /// Time it took to make the session.
    pub const fn context_init(&self) -> Duration {
        self.context_init
    }

    /// The most memory that the query's operators had reserved at one time.
    pub fn peak_memory_bytes(&self) -> u64 {
        self.memory.peak() as u64
    }

    pub fn spill(&self) -> Spill {
        let mut spill = Spill::default();
        if let Some(plan) = self.plan.get() {
            add_spill(plan.as_ref(), &mut spill);
        }
        spill
    }

    pub(crate) fn started(&self, plan: Arc<dyn ExecutionPlan>) {
        // A query is started once; a second plan would be a copy of the first.
        let _ = self.plan.set(plan);
    }

    /// The shared pool as this query sees it: the same one, however often it is asked for.
    pub(crate) fn pool(&self, shared: &Arc<dyn MemoryPool>) -> Arc<dyn MemoryPool> {
        let pool = self.pool.get_or_init(|| {
            let (shared, memory) = (Arc::clone(shared), Arc::clone(&self.memory));
            Arc::new(QueryPool::new(shared, self.memory_bytes_max, memory))
        });
        Arc::clone(pool)
    }
}

fn add_spill(plan: &dyn ExecutionPlan, spill: &mut Spill) {
    if let Some(metrics) = plan.metrics() {
        spill.bytes += metrics.spilled_bytes().unwrap_or(0) as u64;
        spill.count += metrics.spill_count().unwrap_or(0) as u64;
    }
    for child in plan.children() {
        add_spill(child.as_ref(), spill);
    }
}
