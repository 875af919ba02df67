//! Random commits, retirements and expiries against a model in memory.

use bytes::Bytes;
use catalog::{NewPartition, PartitionCommit, PartitionFilter, PartitionId};
use model::{InsertRange, InsertTime};

use crate::fixture::{Fixture, for_each_catalog};
use crate::partition_fixture::{partition, range};

const STEPS: usize = 300;
const SEED: u64 = 0x5eed;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn partition(&mut self, step: usize, index: usize) -> NewPartition {
        let begin = self.below(100) as i64;
        let end = begin + 1 + self.below(15) as i64;
        let mut new = partition(begin, end, &format!("{step}-{index}"));
        new.view_instance = ["global", "a process"][self.below(2) as usize].to_owned();
        // The first version is the common one.
        new.schema_hash = Bytes::from(vec![u8::from(self.below(4) == 0)]);
        new
    }
}

struct Known {
    id: PartitionId,
    partition: NewPartition,
    added: InsertTime,
    retired: Option<InsertTime>,
}

#[derive(Default)]
struct Model {
    partitions: Vec<Known>,
    /// Commit times, and the expiry horizon from then on.
    horizons: Vec<(InsertTime, InsertTime)>,
}

impl Model {
    fn horizon_at(&self, time: InsertTime) -> InsertTime {
        let horizons = self.horizons.iter().rev();
        let mut until = horizons.filter(|(committed, _)| *committed <= time);
        until.next().map_or(InsertTime(0), |(_, before)| *before)
    }

    fn is_active(&self, id: PartitionId) -> bool {
        self.active().any(|known| known.id == id)
    }

    fn active(&self) -> impl Iterator<Item = &Known> {
        self.partitions.iter().filter(|p| p.retired.is_none())
    }

    fn conflicts(&self, new: &[NewPartition], replaces: &[PartitionId]) -> bool {
        let same = |a: &NewPartition, b: &NewPartition| {
            a.view_instance == b.view_instance && a.insert_range.overlaps(&b.insert_range)
        };
        let horizon = self.horizon_at(InsertTime(i64::MAX));
        let in_the_way = |new: &NewPartition| {
            self.active().any(|known| {
                !replaces.contains(&known.id)
                    && known.partition.schema_hash == new.schema_hash
                    && same(&known.partition, new)
            })
        };
        !replaces.iter().all(|id| self.is_active(*id))
            || new
                .iter()
                .any(|new| in_the_way(new) || new.insert_range.begin < horizon)
            || (1..new.len()).any(|n| new[..n].iter().any(|other| same(other, &new[n])))
    }

    fn retire(&mut self, time: InsertTime, mut which: impl FnMut(&Known) -> bool) -> u64 {
        let mut retired = 0;
        for known in &mut self.partitions {
            if known.retired.is_none() && which(known) {
                known.retired = Some(time);
                retired += 1;
            }
        }
        retired
    }

    fn commit(
        &mut self,
        time: InsertTime,
        ids: &[PartitionId],
        new: &[NewPartition],
        replaces: &[PartitionId],
    ) {
        self.retire(time, |known| {
            let is_outdated = |new: &NewPartition| {
                new.view_instance == known.partition.view_instance
                    && new.schema_hash != known.partition.schema_hash
                    && new.insert_range.covers(&known.partition.insert_range)
            };
            replaces.contains(&known.id) || new.iter().any(is_outdated)
        });
        assert_eq!(ids.len(), new.len());
        let added = ids.iter().zip(new).map(|(id, new)| Known {
            id: *id,
            partition: new.clone(),
            added: time,
            retired: None,
        });
        self.partitions.extend(added);
    }

    fn seen_at(&self, snapshot: InsertTime, filter: Option<InsertRange>) -> Vec<PartitionId> {
        let mut seen: Vec<_> = self
            .partitions
            .iter()
            .filter(|p| p.added <= snapshot && p.retired.is_none_or(|time| time > snapshot))
            .filter(|p| filter.is_none_or(|range| range.overlaps(&p.partition.insert_range)))
            .map(|p| {
                let begin = p.partition.insert_range.begin;
                (p.partition.view_instance.clone(), begin, p.id)
            })
            .collect();
        seen.sort();
        seen.into_iter().map(|(.., id)| id).collect()
    }
}

async fn step(fixture: &Fixture, model: &mut Model, random: &mut Random, step: usize) {
    let catalog = &fixture.catalog;
    match random.below(20) {
        0 => drop(catalog.advance().await.unwrap()),
        1 => {
            // Mostly forward, in small steps, so that there is something left.
            let before = InsertTime((step / 6) as i64 - random.below(3) as i64);
            let time = catalog.expire(before).await.unwrap();
            if before > model.horizon_at(time) {
                model.horizons.push((time, before));
                model.retire(time, |known| known.partition.insert_range.end <= before);
            }
        }
        2 | 3 => {
            let ids = pick(model, random, 3);
            let retired = catalog.retire_partitions(&ids).await.unwrap();
            let time = fixture.snapshot().await;
            assert_eq!(retired, model.retire(time, |known| ids.contains(&known.id)));
        }
        _ => commit(fixture, model, random, step).await,
    }
}

async fn commit(fixture: &Fixture, model: &mut Model, random: &mut Random, step: usize) {
    let count = 1 + random.below(2) as usize;
    let new: Vec<_> = (0..count).map(|n| random.partition(step, n)).collect();
    let mut replaces = pick(model, random, 1);
    if random.below(2) == 0 {
        // As a merge does: whatever is in the way.
        let in_the_way = model.active().filter(|known| {
            let clashes = |new: &NewPartition| {
                new.view_instance == known.partition.view_instance
                    && new.schema_hash == known.partition.schema_hash
                    && new.insert_range.overlaps(&known.partition.insert_range)
            };
            new.iter().any(clashes)
        });
        replaces = in_the_way.map(|known| known.id).collect();
    }
    let conflicts = model.conflicts(&new, &replaces);
    let outcome = fixture.catalog.commit_partitions(&new, &replaces).await;
    match outcome.unwrap() {
        PartitionCommit::Committed { time, ids } => {
            assert!(!conflicts, "step {step}: {new:?} {replaces:?}");
            model.commit(time, &ids, &new, &replaces);
        }
        PartitionCommit::Conflict => assert!(conflicts, "step {step}: {new:?} {replaces:?}"),
    }
}

/// Up to `most` partitions, mostly recent ones, retired ones among them.
fn pick(model: &Model, random: &mut Random, most: u64) -> Vec<PartitionId> {
    let recent = model.partitions.iter().rev().take(20);
    let recent: Vec<_> = recent.map(|known| known.id).collect();
    let count = random.below(most + 1).min(recent.len() as u64);
    (0..count)
        .map(|_| recent[random.below(recent.len() as u64) as usize])
        .collect()
}

async fn compare(fixture: &Fixture, model: &Model, snapshot: InsertTime) {
    for insert_range in [None, Some(range(30, 45))] {
        let filter = PartitionFilter {
            insert_range,
            ..PartitionFilter::at(snapshot)
        };
        let seen = fixture.catalog.partitions(filter).await.unwrap();
        let seen: Vec<_> = seen.iter().map(|stored| stored.id).collect();
        let expected = model.seen_at(snapshot, insert_range);
        assert_eq!(seen, expected, "{snapshot:?} {insert_range:?}");
    }
    let found = fixture.catalog.snapshot_at(snapshot).await.unwrap();
    assert_eq!(found.expired_before, model.horizon_at(snapshot));
}

#[tokio::test]
async fn every_snapshot_agrees_with_a_model() {
    for_each_catalog(async |fixture: &Fixture| {
        let (mut model, mut random) = (Model::default(), Random(SEED));
        let mut snapshots = vec![fixture.catalog.advance().await.unwrap()];
        for n in 0..STEPS {
            step(fixture, &mut model, &mut random, n).await;
            snapshots.push(fixture.snapshot().await);
            compare(fixture, &model, snapshots[n + 1]).await;
        }
        snapshots.dedup();
        assert!(model.partitions.len() > STEPS / 4, "enough commits succeed");
        assert!(snapshots.len() < STEPS, "some commits conflict");
        for snapshot in &snapshots {
            compare(fixture, &model, *snapshot).await;
            compare(fixture, &model, InsertTime(snapshot.0 - 1)).await;
        }

        // What was retired by the middle is no longer needed after it.
        let by = snapshots[snapshots.len() / 2];
        let catalog = &fixture.catalog;
        let retired = catalog.retired_partitions(by, u32::MAX).await.unwrap();
        let ids: Vec<_> = retired.iter().map(|retired| retired.id).collect();
        let expected = model
            .partitions
            .iter()
            .filter(|known| known.retired.is_some_and(|t| t <= by));
        assert_eq!(ids.len(), expected.count());
        catalog.forget_partitions(&ids).await.unwrap();
        for snapshot in &snapshots[snapshots.len() / 2..] {
            compare(fixture, &model, *snapshot).await;
        }
    })
    .await;
}
