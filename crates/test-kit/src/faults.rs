//! Which faults happen, and how often they did.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What can happen to a request. Reordering comes by itself when requests that run side
/// by side are delayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It takes longer: a random time up to the longest delay.
    Delay,
    /// It does not reach the store, and the answer is an error.
    Failure,
    /// Fewer bytes are read than were asked for, and the answer says nothing of it.
    Truncation,
    /// The store did what it was asked to change, but the answer is an error.
    LostAnswer,
    /// A change never takes place although the answer says that it did: an object is
    /// not written or not deleted. No store does so before others have lost it.
    Skipped,
}

const KINDS: usize = 5;
const LONGEST_DELAY: Duration = Duration::from_millis(2);

/// The switchboard of a store's faults: everything is calm until it is told otherwise.
/// Cheap to clone; clones are the same switchboard.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    random: u64,
    longest_delay: Duration,
    probabilities: [f64; KINDS],
    counts: [u64; KINDS],
}

impl Faults {
    /// Requests one after the other meet the same faults with the same seed.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            random: seed,
            longest_delay: LONGEST_DELAY,
            probabilities: [0.0; KINDS],
            counts: [0; KINDS],
        })))
    }

    /// `probability`: 0 is never, 1 is always.
    pub fn set(&self, fault: Fault, probability: f64) {
        self.state().probabilities[fault as usize] = probability;
    }

    pub fn set_longest_delay(&self, delay: Duration) {
        self.state().longest_delay = delay;
    }

    /// No faults from now on. Requests under way may still meet one.
    pub fn calm(&self) {
        self.state().probabilities = [0.0; KINDS];
    }

    /// How often it happened.
    pub fn count(&self, fault: Fault) -> u64 {
        self.state().counts[fault as usize]
    }

    pub(crate) fn happens(&self, fault: Fault) -> bool {
        let mut state = self.state();
        let happens = state.fraction() < state.probabilities[fault as usize];
        state.counts[fault as usize] += u64::from(happens);
        happens
    }

    pub(crate) async fn delay(&self) {
        if self.happens(Fault::Delay) {
            let delay = {
                let mut state = self.state();
                state.longest_delay.mul_f64(state.fraction())
            };
            tokio::time::sleep(delay).await;
        }
    }

    /// How many of `bytes` arrive, if not all of them.
    pub(crate) fn truncated(&self, bytes: u64) -> Option<u64> {
        (bytes > 0 && self.happens(Fault::Truncation)).then(|| self.below(bytes))
    }

    /// A random number below `bound`, which is not 0.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        self.state().random() % bound
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to less than 1.
    fn fraction(&mut self) -> f64 {
        (self.random() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
