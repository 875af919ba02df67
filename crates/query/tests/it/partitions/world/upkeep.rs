//! What becomes of partitions.

use std::pin::pin;
use std::task::Poll;

use anyhow::{Context, Result};
use catalog::PartitionFilter;
use model::{InsertRange, InsertTime, TimeNs, TimeRange};
use views::{Effort, Gaps, Lakehouse, Upkeep};

use super::super::plans::EFFORT;
use super::super::questions::Question;
use super::super::telemetry::{DAY, HOUR, MINUTE};
use super::{BEGIN, World};

impl World {
    /// All insert times so far.
    pub fn history(&self) -> InsertRange {
        InsertRange::new(InsertTime(BEGIN), InsertTime(self.now()))
    }

    /// A closed range of insert times.
    pub(super) fn closed_range(&mut self) -> InsertRange {
        let now = self.now();
        let unit = *self.random.choose(&[1, MINUTE, HOUR, DAY]);
        let begin = match self.random.one_in(3) {
            true => BEGIN - DAY,
            false => self.random.within(BEGIN - HOUR..now + 1),
        };
        let begin = begin - begin.rem_euclid(unit);
        let length = unit.saturating_mul(1 + self.random.within(0..30));
        let end = match self.random.one_in(3) {
            true => now,
            false => (begin + length).min(now),
        };
        InsertRange::new(InsertTime(begin), InsertTime(end))
    }

    pub(super) fn effort(&mut self) -> Effort {
        Effort {
            payload_bytes_min: *self.random.choose(&[0, 0, 2000]),
            gaps: *self
                .random
                .choose(&[Gaps::Stay, Gaps::BeforeBlocks, Gaps::All]),
            merge: self.random.one_in(2),
        }
    }

    pub(super) fn house(&mut self) -> Lakehouse {
        // The new release does most of the work.
        let index = usize::from(self.random.below(4) != 0);
        self.houses[index].clone()
    }

    pub(super) async fn maintain(&mut self) -> Result<()> {
        let (house, range, effort) = (self.house(), self.closed_range(), self.effort());
        let views = house.global_views();
        let only = match self.random.one_in(3) {
            true => None,
            false => Some(self.random.index(views.len())),
        };
        for (index, view) in views.iter().enumerate() {
            if only.is_none_or(|only| only == index) {
                let upkeep = house.maintain(view, range, effort).await?;
                self.done.built += upkeep.built;
                self.done.merged += upkeep.merged;
            }
        }
        Ok(())
    }

    /// Two writers of one view at the same time.
    pub(super) async fn race(&mut self) -> Result<()> {
        let (range, other) = (self.closed_range(), self.closed_range());
        let (effort, other_effort) = (self.effort(), self.effort());
        let house = self.house();
        let views = house.global_views();
        let view = self.random.choose(&views);
        let (one, other) = tokio::join!(
            house.maintain(view, range, effort),
            house.maintain(view, other, other_effort)
        );
        for upkeep in [one?, other?] {
            self.done.built += upkeep.built;
            self.done.merged += upkeep.merged;
        }
        Ok(())
    }

    /// A writer ends at any moment.
    pub(super) async fn drop_a_writer(&mut self) -> Result<()> {
        let polls = self.random.below(40);
        let maintenance = Box::pin(self.maintain());
        match polled(maintenance, polls).await {
            Some(result) => result,
            None => {
                self.done.dropped += 1;
                Ok(())
            }
        }
    }

    pub(super) async fn query_an_instance(&mut self) -> Result<()> {
        let (processes, streams) = (self.processes(), self.threads());
        let process = self.random.choose(&processes).to_string();
        let stream = self.random.choose(&streams).to_string();
        let instances = [
            ("log_entries", process.clone()),
            ("measures", process),
            ("thread_spans", stream),
        ];
        let (table, instance) = self.random.choose(&instances);
        let sql = format!("SELECT count(*) FROM view_instance('{table}', '{instance}')");
        let question = Question {
            range: Some(TimeRange {
                begin: 0,
                end: TimeNs::MAX,
            }),
            ..Question::new(sql)
        };
        let engine = self.random.index(self.engines.len());
        let latest = InsertTime(TimeNs::MAX);
        question
            .answer(&self.engines[engine], latest, false)
            .await?;
        self.houses[engine].just_in_time_idle().await;
        Ok(())
    }

    /// One partition of all log entries, if there is none yet.
    pub async fn build_log_entries(&self) -> Result<Upkeep> {
        let views = self.houses[0].global_views();
        let view = views.iter().find(|view| view.name() == "log_entries");
        let view = view.context("there are log entries")?;
        Ok(self.houses[0]
            .maintain(view, self.history(), EFFORT)
            .await?)
    }

    /// One partition of each global view.
    pub async fn materialize_all(&self) -> Result<()> {
        for view in self.houses[0].global_views() {
            self.houses[0]
                .maintain(&view, self.history(), EFFORT)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn retire(&mut self) -> Result<()> {
        let snapshot = self.catalog.snapshot().await?;
        let active = self
            .catalog
            .partitions(PartitionFilter::at(snapshot))
            .await?;
        let chosen = active.iter().filter(|_| self.random.one_in(6));
        let ids: Vec<_> = chosen.map(|stored| stored.id).collect();
        self.done.retired += self.catalog.retire_partitions(&ids).await?;
        Ok(())
    }
}

/// What a future makes of so many polls; it is dropped after that.
async fn polled<F: Future>(future: F, polls: u64) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(move |context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}
