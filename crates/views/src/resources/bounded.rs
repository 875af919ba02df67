//! A pool that is fair and keeps to its size.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    FairSpillPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

/// What an operator that can spill may take of the part that is kept for newcomers: one that has
/// nothing yet has nothing to spill either, and would fail.
const FIRST_BYTES: usize = 1024 * 1024;

/// The part of the pool that is kept for newcomers.
const KEPT: usize = 8;

/// Every operator that can spill gets the same part. The fair pool of the engine promises each
/// newcomer a part of what others may still hold, and so passes its size. Here the size holds:
/// newcomers spill until others have given back, and an eighth is kept for their first bytes.
#[derive(Debug)]
pub(super) struct BoundedPool {
    fair: FairSpillPool,
    size: usize,
    reserved: AtomicUsize,
}

impl BoundedPool {
    pub fn new(size: usize) -> Self {
        Self {
            fair: FairSpillPool::new(size),
            size,
            reserved: AtomicUsize::new(0),
        }
    }

    fn take(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let limit = self.limit(reservation, additional);
        let taken = |reserved: usize| {
            let reserved = reserved.checked_add(additional)?;
            (reserved <= limit).then_some(reserved)
        };
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        let result = self.reserved.fetch_update(set, fetch, taken);
        result.map(drop).map_err(|reserved| {
            DataFusionError::ResourcesExhausted(format!(
                "{} with {} bytes asks for {additional} more of {self}, of which {reserved} are \
                 taken",
                reservation.consumer().name(),
                reservation.size(),
            ))
        })
    }

    /// Who can not spill has no other way than to get it.
    fn limit(&self, reservation: &MemoryReservation, additional: usize) -> usize {
        let is_first = reservation.size().saturating_add(additional) <= FIRST_BYTES;
        if is_first || !reservation.consumer().can_spill() {
            self.size
        } else {
            self.size - self.size / KEPT
        }
    }

    fn give_back(&self, bytes: usize) {
        self.reserved.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl fmt::Display for BoundedPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.name(), self.size)
    }
}

impl MemoryPool for BoundedPool {
    fn name(&self) -> &str {
        "bounded"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.fair.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.fair.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.reserved.fetch_add(additional, Ordering::Relaxed);
        self.fair.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.fair.shrink(reservation, shrink);
        self.give_back(shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.take(reservation, additional)?;
        let fair = self.fair.try_grow(reservation, additional);
        fair.inspect_err(|_| self.give_back(additional))
    }

    fn reserved(&self) -> usize {
        self.reserved.load(Ordering::Relaxed)
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.size)
    }
}
