//! What the partitions of one execution of a plan share.

use std::sync::{Arc, Mutex, PoisonError};

/// A plan may be executed again, so each round of its partitions gets a value of its own.
#[derive(Debug)]
pub struct Rounds<T> {
    partitions: usize,
    round: Mutex<(usize, Option<Arc<T>>)>,
}

impl<T> Rounds<T> {
    pub fn new(partitions: usize) -> Self {
        Self {
            partitions,
            round: Mutex::new((0, None)),
        }
    }

    /// The value of the round that a partition starts with: every partition asks once.
    pub fn join(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut round = self.round.lock().unwrap_or_else(PoisonError::into_inner);
        let value = Arc::clone(round.1.get_or_insert_with(|| Arc::new(make())));
        round.0 += 1;
        if round.0 == self.partitions {
            *round = (0, None);
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_has_its_own_value() {
        let rounds = Rounds::new(2);
        let values: Vec<i32> = (0..5).map(|value| *rounds.join(|| value)).collect();
        assert_eq!(values, [0, 0, 2, 2, 4]);
    }
}
