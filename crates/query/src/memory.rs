//! The memory of one query, within the memory of all.
//!
//! Every reservation counts twice: in the share of its query, which bounds the query and divides
//! its share fairly among its operators, and in the pool of the process. Who is refused by either
//! spills; what can not spill fails its query, and no other.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};
use views::bounded_pool;

#[cfg(test)]
mod tests;

const MIB: usize = 1024 * 1024;

/// How the sentences about memory begin.
const QUERY_IS_FULL: &str = "the query needs more memory than the";
const POOL_IS_FULL: &str = "the queries that run now use up the";

/// How the engine says that the disk share is used up.
const SPILL_IS_FULL: &str = "exceeded the allowable limit";

/// How an aggregation says that it was refused before it held anything.
const NOTHING_TO_SPILL: &str = "ran out of memory with no aggregated groups";

/// What a user or operator can do.
const WAYS_OUT: &str = "narrow the time range, ask for fewer columns or groups, or add a LIMIT; the \
                        operator can raise MICROMEGAS_MEMORY_BUDGET_MB";

/// What one query has reserved, and the most that it had.
#[derive(Debug, Default)]
pub(crate) struct MemoryUse {
    reserved: AtomicUsize,
    peak: AtomicUsize,
}

impl MemoryUse {
    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    fn grow(&self, bytes: usize) {
        let reserved = self.reserved.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.peak.fetch_max(reserved, Ordering::Relaxed);
    }

    fn shrink(&self, bytes: usize) {
        self.reserved.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The pool of the process as one query sees it.
#[derive(Debug)]
pub(crate) struct QueryPool {
    shared: Arc<dyn MemoryPool>,
    own: Box<dyn MemoryPool>,
    memory: Arc<MemoryUse>,
}

impl QueryPool {
    /// The query may hold `bytes` of what is in `shared`.
    pub fn new(shared: Arc<dyn MemoryPool>, bytes: usize, memory: Arc<MemoryUse>) -> Self {
        Self {
            shared,
            own: Box::new(bounded_pool(bytes)),
            memory,
        }
    }
}

impl fmt::Display for QueryPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} within {}", self.own, self.shared)
    }
}

impl MemoryPool for QueryPool {
    fn name(&self) -> &str {
        "query"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.own.register(consumer);
        self.shared.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.shared.unregister(consumer);
        self.own.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.own.grow(reservation, additional);
        self.shared.grow(reservation, additional);
        self.memory.grow(additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.memory.shrink(shrink);
        self.shared.shrink(reservation, shrink);
        self.own.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let own = self.own.try_grow(reservation, additional);
        own.map_err(|error| {
            let mib = mebibytes(self.own.memory_limit());
            let sentence = format!("{QUERY_IS_FULL} {mib} MiB that one query may use: {WAYS_OUT}");
            explained(error, &sentence)
        })?;
        let shared = self.shared.try_grow(reservation, additional);
        shared.map_err(|error| {
            self.own.shrink(reservation, additional);
            let mib = mebibytes(self.shared.memory_limit());
            let sentence = format!(
                "{POOL_IS_FULL} {mib} MiB of memory for all queries: try again later, or {WAYS_OUT}"
            );
            explained(error, &sentence)
        })?;
        self.memory.grow(additional);
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.own.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.own.memory_limit()
    }
}

/// A sentence for the client in the first line; what the pool says comes below it. Operators
/// recognise this variant alone as a reason to spill.
fn explained(error: DataFusionError, sentence: &str) -> DataFusionError {
    match error {
        DataFusionError::ResourcesExhausted(details) => {
            DataFusionError::ResourcesExhausted(format!("{sentence}\n{details}"))
        }
        other => other,
    }
}

/// Both pools have a limit.
fn mebibytes(limit: MemoryLimit) -> usize {
    match limit {
        MemoryLimit::Finite(bytes) => (bytes / MIB).max(1),
        MemoryLimit::Infinite | MemoryLimit::Unknown => 0,
    }
}

/// What a client is told of a resource that ran out; operators put words of their own around the
/// sentences of this file. `None` if nothing ran out.
pub(crate) fn exhausted(root: &DataFusionError) -> Option<String> {
    match root {
        DataFusionError::ResourcesExhausted(text) => Some(sentence(text).to_owned()),
        // The engine has no variants for these two.
        DataFusionError::IoError(_) | DataFusionError::ArrowError(..)
            if root.to_string().contains(SPILL_IS_FULL) =>
        {
            Some(format!(
                "the queries that run now use up the disk space for what does not fit into \
                 memory: try again later, or {WAYS_OUT}, or \
                 MICROMEGAS_DATAFUSION_MAX_TEMP_DIRECTORY_MB"
            ))
        }
        DataFusionError::Internal(text) if text.contains(NOTHING_TO_SPILL) => Some(format!(
            "the query got no memory to begin with: try again later, or {WAYS_OUT}"
        )),
        _ => None,
    }
}

fn sentence(text: &str) -> &str {
    let begin = [QUERY_IS_FULL, POOL_IS_FULL]
        .iter()
        .find_map(|begin| text.find(begin));
    let text = &text[begin.unwrap_or(0)..];
    text.lines().next().unwrap_or_default()
}
