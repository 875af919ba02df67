//! The tasks over one lake, by hand or by their schedules.

use std::sync::Arc;
use std::time::Duration;

use model::TimeNs;
use server_kit::Shutdown;
use tokio::task::JoinSet;
use views::Lakehouse;

use crate::leadership::Leadership;
use crate::passes::Passes;
use crate::schedule::Timer;
use crate::{MaintenanceConfig, Report, Task, orphans, retention};

/// The longest wait without a look at the clock, which somebody may set.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Maintenance of one lake. Cheap to clone; clones are one member of the election.
#[derive(Debug, Clone)]
pub struct Maintenance(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    house: Lakehouse,
    config: MaintenanceConfig,
    leadership: Leadership,
    passes: Passes,
}

impl Maintenance {
    pub fn new(house: Lakehouse, config: MaintenanceConfig) -> Self {
        let leadership = Leadership::new(house.catalog().clone(), config.lease);
        Self(Arc::new(Shared {
            passes: Passes::new(house.clone(), config.retention_days),
            house,
            config,
            leadership,
        }))
    }

    /// Whether this is the process that starts tasks.
    pub fn leads(&self) -> bool {
        self.0.leadership.leads()
    }

    /// Run all tasks by their schedules until the signal. Then no run begins, those under
    /// way end before their next partition, and the lease is given back.
    pub async fn run(&self, shutdown: Shutdown) {
        let mut runners = JoinSet::new();
        for task in Task::ALL {
            let (this, shutdown) = (self.clone(), shutdown.clone());
            runners.spawn(async move { this.run_by_schedule(task, &shutdown).await });
        }
        let all_ended = async {
            while let Some(ended) = runners.join_next().await {
                if let Err(error) = ended {
                    tracing::error!(%error, "a runner of maintenance ended early");
                }
            }
        };
        tokio::select! {
            () = all_ended => {}
            () = self.0.leadership.keep() => {}
        }
        self.0.leadership.release().await;
    }

    /// One run of a task, now, whoever leads. Ends early at the signal.
    pub async fn run_task(&self, task: Task, stop: &Shutdown) -> Report {
        let Shared { house, config, .. } = &*self.0;
        let mut report = Report::default();
        if task == Task::Orphans {
            orphans::run(house, config, stop, &mut report).await;
            return report;
        }
        if task == Task::Hour {
            retention::run(house, config, stop, &mut report).await;
        }
        self.0.passes.run(task, stop, &mut report).await;
        report
    }

    async fn run_by_schedule(&self, task: Task, shutdown: &Shutdown) {
        while !shutdown.is_triggered() {
            tokio::select! {
                biased;
                () = shutdown.wait() => return,
                () = self.0.leadership.gained() => {}
            }
            // Whoever takes over does not know what was left undone: every task runs at once.
            self.lead(task, shutdown).await;
        }
    }

    /// Returns when this process does not lead any more, or is told to stop.
    async fn lead(&self, task: Task, shutdown: &Shutdown) {
        let mut timer = Timer::new(task);
        loop {
            let wait = timer.wait(self.now());
            tokio::select! {
                biased;
                () = shutdown.wait() => return,
                () = tokio::time::sleep(wait.min(WAIT_MAX)) => {}
            }
            if !self.leads() {
                return;
            }
            if timer.wait(self.now()).is_zero() {
                self.run_once(task, &mut timer, shutdown).await;
            }
        }
    }

    async fn run_once(&self, task: Task, timer: &mut Timer, shutdown: &Shutdown) {
        let began = self.now();
        let report = self.run_task(task, shutdown).await;
        let ended = self.now();
        let skipped = timer.finish(began, ended);
        let seconds = ended.saturating_sub(began) as f64 / 1e9;
        report.log(task, seconds);
        match (skipped, task) {
            (0, _) => {}
            // Under load the next run simply takes more at once.
            (_, Task::Second) => tracing::debug!(skipped, seconds, "seconds were skipped"),
            _ => tracing::warn!(
                task = task.name(),
                skipped,
                seconds,
                "a run outlasted its period"
            ),
        }
    }

    fn now(&self) -> TimeNs {
        self.0.house.catalog().clock().now()
    }
}
