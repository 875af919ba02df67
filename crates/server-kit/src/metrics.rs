//! What a process counts about itself, told in its log.
//!
//! A counter is a static of the code that counts. It is known from its first count on, so
//! that a process tells what it does and nothing else.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::Shutdown;

#[cfg(test)]
mod tests;

/// The log target of the lines.
pub const METRICS_TARGET: &str = "process_metrics";

/// Time between two lines.
const PERIOD: Duration = Duration::from_secs(60);

/// The counters that have counted. They are statics of the code, so there are few.
static COUNTERS: Mutex<Vec<&'static Counter>> = Mutex::new(Vec::new());

/// A number that only grows while the process lives.
#[derive(Debug)]
pub struct Counter {
    name: &'static str,
    unit: &'static str,
    value: AtomicU64,
    is_known: AtomicBool,
}

impl Counter {
    /// `unit`: `count` or `bytes`.
    pub const fn new(name: &'static str, unit: &'static str) -> Self {
        Self {
            name,
            unit,
            value: AtomicU64::new(0),
            is_known: AtomicBool::new(false),
        }
    }

    pub fn add(&'static self, count: u64) {
        self.value.fetch_add(count, Ordering::Relaxed);
        if !self.is_known.load(Ordering::Relaxed) && !self.is_known.swap(true, Ordering::Relaxed) {
            let mut counters = COUNTERS.lock().unwrap_or_else(PoisonError::into_inner);
            counters.push(self);
        }
    }

    pub fn value(&self) -> u64 {
        self.value.load(Ordering::Relaxed)
    }
}

/// One line a minute while something counts, and one at the end.
pub(crate) async fn tell(shutdown: Shutdown) {
    let mut told = String::new();
    loop {
        let is_over = tokio::time::timeout(PERIOD, shutdown.wait()).await.is_ok();
        let counts = counts();
        if counts != told {
            tracing::info!(target: METRICS_TARGET, "{counts}");
            told = counts;
        }
        if is_over {
            return;
        }
    }
}

/// Every counter as `name=value unit`, ordered by name.
fn counts() -> String {
    let counters = COUNTERS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut counters = counters.clone();
    counters.sort_unstable_by_key(|counter| counter.name);
    let mut text = String::new();
    for counter in counters {
        let separator = if text.is_empty() { "" } else { ", " };
        let (name, value, unit) = (counter.name, counter.value(), counter.unit);
        write!(text, "{separator}{name}={value} {unit}").expect("writing to a text does not fail");
    }
    text
}
