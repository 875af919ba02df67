//! One rule, compiled.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use catalog::StoredDenial;
use datafusion::arrow::record_batch::RecordBatch;
use model::{DenialId, TimeNs};

use super::condition::Condition;
use crate::error::{ErrorClass, QueryError};

/// Stands for no hit that waits to be recorded.
const NO_HIT: TimeNs = TimeNs::MIN;

#[derive(Debug)]
pub(super) struct Rule {
    id: DenialId,
    created_at: TimeNs,
    reason: String,
    condition: Condition,
    /// The latest hit that the catalog does not know.
    hit: AtomicI64,
    /// Whether a failure was logged since the last refresh.
    failed: AtomicBool,
}

impl Rule {
    pub fn new(stored: &StoredDenial, condition: Condition) -> Self {
        Self {
            id: stored.rule_id,
            created_at: stored.created_at,
            reason: stored.reason.clone(),
            condition,
            hit: AtomicI64::new(NO_HIT),
            failed: AtomicBool::new(false),
        }
    }

    pub fn id(&self) -> DenialId {
        self.id
    }

    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What rules are ordered by.
    pub fn age(&self) -> (TimeNs, DenialId) {
        (self.created_at, self.id)
    }

    /// Whether it is for the query that `row` describes. A condition that fails is not.
    pub fn matches(&self, row: &RecordBatch) -> bool {
        self.condition.matches(row).unwrap_or_else(|error| {
            if !self.failed.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    rule_id = %self.id,
                    error = &error as &dyn std::error::Error,
                    "a query denial can not be evaluated, so it denies nothing"
                );
            }
            false
        })
    }

    /// Let the next failure be logged again.
    pub fn renew(&self) {
        self.failed.store(false, Ordering::Relaxed);
    }

    pub fn hit(&self, now: TimeNs) {
        self.hit.fetch_max(now, Ordering::Relaxed);
    }

    /// What the catalog is to be told.
    pub fn unrecorded_hit(&self) -> Option<(DenialId, TimeNs)> {
        let time = self.hit.load(Ordering::Relaxed);
        (time != NO_HIT).then_some((self.id, time))
    }

    /// The catalog was told; a later hit is still to be.
    pub fn recorded_hit(&self, time: TimeNs) {
        let _ = self
            .hit
            .compare_exchange(time, NO_HIT, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub fn refusal(&self) -> QueryError {
        let Self { id, reason, .. } = self;
        QueryError {
            class: ErrorClass::Denied,
            message: format!(
                "query denied by rule {id} (reason: {reason}); \
                 ask an admin to lift it with remove_query_denial('{id}')"
            ),
        }
    }
}
