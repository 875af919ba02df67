//! Partitions of instances of processes and streams, made in the background when such an
//! instance is queried.
//!
//! A query is answered from the blocks at once and starts the writing of what it read,
//! as far as no further block can arrive there; the next query reads partitions. All
//! queries of an instance share one writer. When a writer fails nothing is left behind:
//! the next query starts another one.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use catalog::StoredPartition;
use futures::TryStreamExt;
use model::{InsertRange, InsertTime, TimeNs};
use tokio::sync::{Semaphore, watch};

use crate::blocks_scan;
use crate::insert_ranges::InsertRanges;
use crate::predicate::Constraints;
use crate::upkeep::{SOURCE_BYTES_MAX, inside};
use crate::view::View;
use crate::{Lakehouse, Result};

const HOUR: TimeNs = 3_600_000_000_000;
const DAY: TimeNs = 24 * HOUR;
/// Instances that are written or wait for it; a query of one more starts nothing.
const INSTANCES_MAX: usize = 64;
/// Instances that are written at the same time: queries keep most of the machine.
const WRITERS: usize = 1;

type Instance = (&'static str, String);

#[derive(Debug)]
pub(crate) struct JustInTime {
    /// Those that are written or wait for it.
    instances: Arc<watch::Sender<HashSet<Instance>>>,
    writers: Arc<Semaphore>,
}

impl Default for JustInTime {
    fn default() -> Self {
        Self {
            instances: Arc::default(),
            writers: Arc::new(Semaphore::new(WRITERS)),
        }
    }
}

/// An instance that is being written; dropped when that is over.
struct Claim {
    instance: Instance,
    instances: Arc<watch::Sender<HashSet<Instance>>>,
}

impl JustInTime {
    /// None: somebody writes this instance already, or too many are waiting.
    fn claim(&self, view: &Arc<dyn View>) -> Option<Claim> {
        let instance = (view.set().name, view.instance().to_owned());
        let is_claimed = self.instances.send_if_modified(|instances| {
            instances.len() < INSTANCES_MAX && instances.insert(instance.clone())
        });
        is_claimed.then(|| Claim {
            instance,
            instances: Arc::clone(&self.instances),
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.instances
            .send_if_modified(|instances| instances.remove(&self.instance));
    }
}

impl Lakehouse {
    /// Wait until no partition of an instance is being written in the background.
    pub async fn just_in_time_idle(&self) {
        let mut instances = self.just_in_time().instances.subscribe();
        let idle = instances.wait_for(HashSet::is_empty).await;
        idle.expect("the sender is part of this lakehouse");
    }

    /// Write the closed part of what a query of `view` reads from blocks.
    pub(crate) fn materialize_later(
        &self,
        view: &Arc<dyn View>,
        constraints: &Constraints,
        tail: &InsertRanges,
    ) {
        let closed = InsertRange::new(
            InsertTime(TimeNs::MIN),
            InsertTime(floor(self.catalog().clock().now(), HOUR)),
        );
        let tail = tail.within(closed);
        if tail.is_empty() {
            return;
        }
        let Some(claim) = self.just_in_time().claim(view) else {
            return;
        };
        let job = Job {
            house: self.clone(),
            view: Arc::clone(view),
            constraints: constraints.clone(),
            tail,
        };
        let writers = Arc::clone(&self.just_in_time().writers);
        tokio::spawn(async move {
            let _claim = claim;
            let Ok(_writer) = writers.acquire().await else {
                return;
            };
            let (view_set, instance) = (job.view.set().name, job.view.instance());
            if let Err(error) = job.run().await {
                tracing::warn!(
                    view_set,
                    instance,
                    error = &error as &dyn std::error::Error,
                    "writing partitions of an instance failed; its next query tries again"
                );
            }
        });
    }
}

struct Job {
    house: Lakehouse,
    view: Arc<dyn View>,
    constraints: Constraints,
    tail: InsertRanges,
}

impl Job {
    async fn run(&self) -> Result<()> {
        for slot in self.slots().await? {
            let parts = inside(&slot, &self.house.parts(&self.view, slot).await?);
            let covered = parts.iter().map(|part| part.partition.insert_range);
            if InsertRanges::of(slot).without(covered).is_empty() {
                continue;
            }
            self.write(slot, &parts).await?;
        }
        Ok(())
    }

    /// The closed days, and of today the closed hours, that hold a block which the query
    /// reads.
    async fn slots(&self) -> Result<BTreeSet<InsertRange>> {
        let now = self.house.catalog().clock().now();
        let mut constraints = self.constraints.clone();
        self.view.require_owner(&mut constraints);
        let snapshot = self.house.catalog().current_snapshot().await?;
        let scan = constraints.into_block_scan(snapshot, self.view.tag(), &self.tail);
        let mut pages = blocks_scan::pages(&self.house, &scan);
        let mut slots = BTreeSet::new();
        while let Some(page) = pages.try_next().await? {
            slots.extend(
                page.iter()
                    .filter_map(|block| closed_slot(block.insert_time, now)),
            );
        }
        // The catalog takes nothing that begins there: the rest of such a slot stays in
        // its blocks, which expire soon.
        slots.retain(|slot| slot.begin >= snapshot.expired_before);
        Ok(slots)
    }

    /// The slot anew, cut where enough blocks have come together.
    async fn write(&self, slot: InsertRange, parts: &[StoredPartition]) -> Result<()> {
        let mut replaced: Vec<_> = parts.iter().map(|part| part.id).collect();
        let pieces = self.pieces(slot).await?;
        if pieces.len() > 1 {
            // Each piece replaces what lies within; what would be cut goes first.
            self.house.catalog().retire_partitions(&replaced).await?;
            replaced.clear();
        }
        for piece in pieces {
            self.house
                .build(&self.view, piece.range, &replaced, piece.events)
                .await?;
        }
        Ok(())
    }

    async fn pieces(&self, slot: InsertRange) -> Result<Vec<Piece>> {
        self.house.catalog().advance().await?;
        let snapshot = self.house.catalog().current_snapshot().await?;
        let mut constraints = Constraints::default();
        self.view.require_owner(&mut constraints);
        let slot_only = InsertRanges::of(slot);
        let scan = constraints.into_block_scan(snapshot, self.view.tag(), &slot_only);
        let mut pages = blocks_scan::pages(&self.house, &scan);
        let mut cutter = Cutter::new(slot, self.view.set().grain);
        while let Some(page) = pages.try_next().await? {
            for block in &page {
                let events = u64::try_from(block.info.nb_objects).unwrap_or(0);
                cutter.add(
                    block.insert_time,
                    block.range.end - block.range.start,
                    events,
                );
            }
        }
        Ok(cutter.finish())
    }
}

/// What one partition is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    range: InsertRange,
    events: u64,
}

/// Cuts a slot at multiples of the grain, between blocks of different insert times.
struct Cutter {
    grain: TimeNs,
    pieces: Vec<Piece>,
    current: Piece,
    bytes: u64,
    last: InsertTime,
}

impl Cutter {
    fn new(slot: InsertRange, grain: TimeNs) -> Self {
        Self {
            grain,
            pieces: Vec::new(),
            current: Piece {
                range: slot,
                events: 0,
            },
            bytes: 0,
            last: slot.begin,
        }
    }

    /// Blocks come in the order of their insert times.
    fn add(&mut self, time: InsertTime, bytes: u64, events: u64) {
        let cut = InsertTime(floor(time.0, self.grain));
        if self.bytes >= SOURCE_BYTES_MAX && cut > self.last {
            let rest = InsertRange::new(cut, self.current.range.end);
            let mut full = std::mem::replace(
                &mut self.current,
                Piece {
                    range: rest,
                    events: 0,
                },
            );
            full.range.end = cut;
            self.pieces.push(full);
            self.bytes = 0;
        }
        self.bytes += bytes;
        self.current.events += events;
        self.last = time;
    }

    fn finish(mut self) -> Vec<Piece> {
        self.pieces.push(self.current);
        self.pieces
    }
}

fn closed_slot(time: InsertTime, now: TimeNs) -> Option<InsertRange> {
    [DAY, HOUR].into_iter().find_map(|width| {
        let begin = floor(time.0, width);
        let end = begin.checked_add(width)?;
        (end <= now).then(|| InsertRange::new(InsertTime(begin), InsertTime(end)))
    })
}

const fn floor(time: TimeNs, width: TimeNs) -> TimeNs {
    time - time.rem_euclid(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(begin: i64, end: i64) -> InsertRange {
        InsertRange::new(InsertTime(begin), InsertTime(end))
    }

    #[test]
    fn a_day_that_is_over_is_one_slot_and_today_has_hours() {
        let now = 10 * DAY + 5 * HOUR + 1;
        for (time, expected) in [
            (9 * DAY, Some(range(9 * DAY, 10 * DAY))),
            (10 * DAY - 1, Some(range(9 * DAY, 10 * DAY))),
            (10 * DAY, Some(range(10 * DAY, 10 * DAY + HOUR))),
            (
                10 * DAY + 5 * HOUR - 1,
                Some(range(10 * DAY + 4 * HOUR, 10 * DAY + 5 * HOUR)),
            ),
            (10 * DAY + 5 * HOUR, None),
        ] {
            assert_eq!(closed_slot(InsertTime(time), now), expected, "{time}");
        }
    }

    #[test]
    fn pieces_are_cut_between_insert_times_and_cover_the_slot() {
        let slot = range(0, 100);
        let mut cutter = Cutter::new(slot, 1);
        for (time, bytes) in [
            (10, SOURCE_BYTES_MAX),
            (10, 1),
            (20, 1),
            (30, SOURCE_BYTES_MAX),
            (40, 1),
        ] {
            cutter.add(InsertTime(time), bytes, 1);
        }
        let pieces: Vec<_> = cutter
            .finish()
            .iter()
            .map(|p| (p.range, p.events))
            .collect();
        assert_eq!(
            pieces,
            [(range(0, 20), 2), (range(20, 40), 2), (range(40, 100), 1)]
        );
        assert_eq!(Cutter::new(slot, 1).finish()[0].range, slot);
    }

    #[test]
    fn pieces_keep_to_the_grain() {
        let mut cutter = Cutter::new(range(0, 100), 20);
        for time in [5, 15, 25, 39, 70] {
            cutter.add(InsertTime(time), SOURCE_BYTES_MAX, 1);
        }
        let pieces: Vec<_> = cutter.finish().iter().map(|p| p.range).collect();
        assert_eq!(pieces, [range(0, 20), range(20, 60), range(60, 100)]);
    }
}
