//! What one query took from the budgets that all queries share.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use datafusion::error::Result;
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};
use datafusion::physical_plan::ExecutionPlan;

/// Read when the query has ended; before that it shows what happened so far.
#[derive(Debug, Default)]
pub struct QueryUsage {
    context_init: Duration,
    memory: Arc<MemoryUse>,
    plan: OnceLock<Arc<dyn ExecutionPlan>>,
}

/// What the operators of a query wrote to disk because memory was short.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spill {
    pub bytes: u64,
    pub count: u64,
}

impl QueryUsage {
    pub(crate) fn new(context_init: Duration) -> Self {
        Self {
            context_init,
            ..Self::default()
        }
    }

    /// Time it took to make the session.
    pub const fn context_init(&self) -> Duration {
        self.context_init
    }

    /// The most memory that the query's operators had reserved at one time.
    pub fn peak_memory_bytes(&self) -> u64 {
        self.memory.peak.load(Ordering::Relaxed) as u64
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

    /// The shared pool, seen by this query only.
    pub(crate) fn measured_pool(&self, shared: Arc<dyn MemoryPool>) -> Arc<dyn MemoryPool> {
        Arc::new(MeasuredPool {
            shared,
            memory: Arc::clone(&self.memory),
        })
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

#[derive(Debug, Default)]
struct MemoryUse {
    reserved: AtomicUsize,
    peak: AtomicUsize,
}

impl MemoryUse {
    fn grow(&self, bytes: usize) {
        let reserved = self.reserved.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.peak.fetch_max(reserved, Ordering::Relaxed);
    }

    fn shrink(&self, bytes: usize) {
        self.reserved.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Hands everything to the shared pool and remembers the most that was held.
#[derive(Debug)]
struct MeasuredPool {
    shared: Arc<dyn MemoryPool>,
    memory: Arc<MemoryUse>,
}

impl fmt::Display for MeasuredPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.shared, f)
    }
}

impl MemoryPool for MeasuredPool {
    fn name(&self) -> &str {
        self.shared.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.shared.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.shared.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.shared.grow(reservation, additional);
        self.memory.grow(additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.shared.shrink(reservation, shrink);
        self.memory.shrink(shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.shared.try_grow(reservation, additional)?;
        self.memory.grow(additional);
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.shared.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.shared.memory_limit()
    }
}
