//! Runs over the global views.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI64, Ordering};

use catalog::Snapshot;
use futures::FutureExt;
use model::{InsertRange, InsertTime, TimeNs};
use server_kit::{ErrorChain, Shutdown};
use tokio::sync::Mutex;
use views::{Effort, GlobalView, Lakehouse, Upkeep};

use crate::schedule::{DAY, MINUTE, SECOND, floor};
use crate::slots::{Step, TAIL_BYTES_MIN, steps};
use crate::{Report, Task};

/// Slots that the catalog is asked about at once.
const SLOTS: usize = 32;
/// After so many slots of a view in a row have failed, the next run tries again.
const FAILURES_MAX: u64 = 3;

#[derive(Debug)]
pub(crate) struct Passes {
    house: Lakehouse,
    retention_days: u32,
    /// One partition at a time for what is fresh, and one for what is not: they bound the
    /// memory, keep passes over the same slots from doing the work twice, and fresh
    /// partitions do not wait for old days.
    fresh: Mutex<()>,
    old: Mutex<()>,
    /// What was committed before these times is done.
    seconds_done: AtomicI64,
    minutes_done: AtomicI64,
}

type Result<T, E = views::Error> = std::result::Result<T, E>;

impl Passes {
    pub(crate) fn new(house: Lakehouse, retention_days: u32) -> Self {
        Self {
            house,
            retention_days,
            fresh: Mutex::new(()),
            old: Mutex::new(()),
            seconds_done: AtomicI64::new(TimeNs::MIN),
            minutes_done: AtomicI64::new(TimeNs::MIN),
        }
    }

    pub(crate) async fn run(&self, task: Task, stop: &Shutdown, report: &mut Report) {
        let now = self.house.catalog().clock().now();
        let steps = match self.steps(task, now).await {
            Ok(steps) => steps,
            Err(error) => return report.failed("looking for work", &error),
        };
        let failures = report.failures;
        let is_worth = |view: &GlobalView| task != Task::Second || view.decodes_payloads();
        for view in self.house.global_views().into_iter().filter(is_worth) {
            for step in &steps {
                self.run_step(task, &view, step, stop, report).await;
            }
        }
        if report.failures == failures && !stop.is_triggered() {
            self.set_done(task, now);
        }
    }

    /// The steps of this run; none if there can be nothing to do.
    async fn steps(&self, task: Task, now: TimeNs) -> Result<Vec<Step>> {
        let catalog = self.house.catalog();
        let snapshot = catalog.current_snapshot().await?;
        if self.is_done(task, snapshot) {
            return Ok(Vec::new());
        }
        let Some(begin) = self.begin(snapshot, now).await? else {
            return Ok(Vec::new());
        };
        let steps = steps(task, now, begin);
        if task == Task::Second && !self.has_long_tail(&steps).await? {
            return Ok(Vec::new());
        }
        Ok(steps)
    }

    /// Where the lake begins: nothing is older that will be seen tomorrow. None if it is
    /// empty.
    async fn begin(&self, snapshot: Snapshot, now: TimeNs) -> Result<Option<InsertTime>> {
        let retained = i64::from(self.retention_days).saturating_mul(DAY);
        let retained = InsertTime(floor(now.saturating_sub(retained), DAY));
        let begin = snapshot.expired_before.max(retained);
        let first = self.house.next_block_time(begin).await?;
        Ok(first.map(|first| begin.max(InsertTime(floor(first.0, DAY)))))
    }

    /// Whether all that lies in the slots could be worth a partition.
    async fn has_long_tail(&self, steps: &[Step]) -> Result<bool> {
        let mut bytes = 0;
        for slot in steps.iter().flat_map(|step| &step.slots) {
            let totals = self.house.catalog().block_totals(*slot, None).await?;
            bytes += totals.payload_bytes;
        }
        Ok(bytes >= TAIL_BYTES_MIN)
    }

    async fn run_step(
        &self,
        task: Task,
        view: &GlobalView,
        step: &Step,
        stop: &Shutdown,
        report: &mut Report,
    ) {
        let mut failures = 0;
        for slots in step.slots.chunks(SLOTS) {
            let unfinished = match self.house.unfinished(view, slots, step.effort).await {
                Ok(unfinished) => unfinished,
                Err(error) => return report.failed("looking for work", &error),
            };
            for slot in unfinished {
                if stop.is_triggered() || failures >= FAILURES_MAX {
                    return;
                }
                match self.maintain(task, view, slot, step.effort, stop).await {
                    Some(upkeep) => {
                        failures = 0;
                        report.upkeep.add(upkeep);
                    }
                    None => {
                        failures += 1;
                        report.failures += 1;
                    }
                }
            }
        }
    }

    /// None: it failed, which is logged.
    async fn maintain(
        &self,
        task: Task,
        view: &GlobalView,
        slot: InsertRange,
        effort: Effort,
        stop: &Shutdown,
    ) -> Option<Upkeep> {
        let lane = match task {
            Task::Second | Task::Minute => &self.fresh,
            Task::Hour | Task::Day | Task::Orphans => &self.old,
        };
        let _lane = lane.lock().await;
        let is_over = || stop.is_triggered();
        let upkeep = self.house.maintain_until(view, slot, effort, &is_over);
        // Other views, and what else runs in the process, go on.
        let outcome = AssertUnwindSafe(upkeep).catch_unwind().await;
        let (view, begin, end) = (view.name(), slot.begin.0, slot.end.0);
        match outcome {
            Ok(Ok(upkeep)) => return Some(upkeep),
            Ok(Err(error)) => tracing::warn!(
                view,
                begin,
                end,
                error = %ErrorChain(&error),
                "maintaining a view failed; the next run tries again"
            ),
            Err(_) => tracing::error!(view, begin, end, "maintaining a view panicked"),
        }
        None
    }

    /// Whether nothing was committed since the last run.
    fn is_done(&self, task: Task, snapshot: Snapshot) -> bool {
        self.done(task)
            .is_some_and(|(done, _)| snapshot.time.0 < done.load(Ordering::Relaxed))
    }

    fn set_done(&self, task: Task, now: TimeNs) {
        if let Some((done, width)) = self.done(task) {
            done.store(floor(now, width), Ordering::Relaxed);
        }
    }

    /// The others run seldom, and they also merge what came together meanwhile.
    const fn done(&self, task: Task) -> Option<(&AtomicI64, TimeNs)> {
        match task {
            Task::Second => Some((&self.seconds_done, SECOND)),
            Task::Minute => Some((&self.minutes_done, MINUTE)),
            Task::Hour | Task::Day | Task::Orphans => None,
        }
    }
}
