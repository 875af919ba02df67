//! The account of bytes in flight.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that may be in memory at once, over all requests. Nobody waits for it: a full budget
/// is an answer. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct ByteBudget(Arc<Semaphore>);

/// The budget has no room for what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BudgetFull;

impl ByteBudget {
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes)))
    }

    pub fn reserve(&self, bytes: usize) -> Result<Reservation, BudgetFull> {
        let bytes = u32::try_from(bytes).map_err(|_| BudgetFull)?;
        let permit = Arc::clone(&self.0).try_acquire_many_owned(bytes);
        permit.map(Reservation).map_err(|_| BudgetFull)
    }
}

/// A part of the budget, given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation(OwnedSemaphorePermit);

impl Reservation {
    pub fn bytes(&self) -> usize {
        self.0.num_permits()
    }

    /// Makes it at least `bytes`.
    pub fn grow_to(&mut self, bytes: usize) -> Result<(), BudgetFull> {
        let missing = bytes.saturating_sub(self.bytes());
        let budget = ByteBudget(Arc::clone(self.0.semaphore()));
        self.0.merge(budget.reserve(missing)?.0);
        Ok(())
    }

    /// Makes it at most `bytes`.
    pub fn shrink_to(&mut self, bytes: usize) {
        let excess = self.bytes().saturating_sub(bytes);
        drop(self.0.split(excess));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_given_back() {
        let budget = ByteBudget::new(100);
        let mut first = budget.reserve(60).unwrap();
        assert_eq!(budget.reserve(41).unwrap_err(), BudgetFull);
        first.grow_to(50).unwrap();
        assert_eq!(first.bytes(), 60);
        first.grow_to(100).unwrap();
        assert_eq!(first.grow_to(101), Err(BudgetFull));
        assert_eq!(first.bytes(), 100);
        first.shrink_to(30);
        let second = budget.reserve(70).unwrap();
        drop((first, second));
        assert_eq!(budget.reserve(100).unwrap().bytes(), 100);
    }

    #[test]
    fn nothing_costs_nothing() {
        let budget = ByteBudget::new(1);
        let _all = budget.reserve(1).unwrap();
        assert_eq!(budget.reserve(0).unwrap().bytes(), 0);
    }
}
