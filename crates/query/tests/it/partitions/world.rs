//! A lake whose history a seed decides, and what happens to it.

mod asking;
mod incoming;
mod retention;
mod upkeep;

pub use asking::compare;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::Result;
use catalog::{Catalog, CatalogConfig, Clock};
use lake::Lake;
use model::{InsertTime, TimeNs};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use query::{EngineConfig, QUERY_TIME_LIMIT, QueryEngine};
use test_kit::{FaultStore, Faults};
use views::{Lakehouse, Resources};

use super::random::Random;
use super::telemetry::{DAY, Program, SECOND};
use crate::house::config;

/// 2026-01-02T20:00:00Z: the first day ends soon.
const BEGIN: TimeNs = 1_767_384_000 * SECOND;
const MEMORY: usize = 256 << 20;
const PROGRAMS_MAX: usize = 12;
/// Earlier snapshots that questions are asked at.
const REMEMBERED: usize = 40;
const PURGE_LIMIT: u32 = 1000;

pub struct World {
    pub random: Random,
    pub faults: Faults,
    pub catalog: Catalog,
    pub lake: Lake,
    /// Two releases whose views differ in version.
    pub houses: Vec<Lakehouse>,
    pub engines: Vec<QueryEngine>,
    pub done: Done,
    now: Arc<AtomicI64>,
    programs: Vec<Program>,
    snapshots: Vec<InsertTime>,
    /// No question is asked at a snapshot before this.
    purged_by: InsertTime,
}

/// How often things happened.
#[derive(Debug, Default, Clone, Copy)]
pub struct Done {
    pub steps: u64,
    pub questions: u64,
    pub rows: u64,
    pub blocks: u64,
    pub built: u64,
    pub merged: u64,
    pub retired: u64,
    pub dropped: u64,
    pub expired: u64,
    pub purged: u64,
    /// Partitions that answers came from.
    pub partitions: u64,
    pub skipped_blocks: u64,
    pub errors: u64,
}

impl World {
    pub async fn new(seed: u64, url: String) -> Result<Self> {
        Self::over(Arc::new(InMemory::new()), seed, url).await
    }

    /// With its objects in that store.
    pub async fn over(store: Arc<dyn ObjectStore>, seed: u64, url: String) -> Result<Self> {
        let now = Arc::new(AtomicI64::new(BEGIN));
        let clock = Arc::clone(&now);
        let catalog = Catalog::connect_with_clock(
            &CatalogConfig {
                url,
                max_connections: 4,
                cache_bytes: 8 << 20,
            },
            Clock::new(move || clock.load(Ordering::Relaxed)),
        )
        .await?;
        let mut random = Random(seed);
        let faults = Faults::new(random.next());
        faults.set_longest_delay(Duration::from_micros(200));
        let store = FaultStore::new(store, faults.clone());
        let cache_bytes = *random.choose(&[0, 64 << 10, 16 << 20]);
        let lake = Lake::of_store(Arc::new(store)).with_cache(cache_bytes);
        let (mut houses, mut engines) = (Vec::new(), Vec::new());
        for revision in 0..2 {
            let resources = Resources::new(&config(MEMORY))?;
            let (catalog, lake) = (catalog.clone(), lake.clone());
            let house = Lakehouse::of_revision(catalog, lake, resources, revision);
            let config = EngineConfig {
                denial_refresh: Duration::from_secs(3600),
                query_time_max: QUERY_TIME_LIMIT,
                ..EngineConfig::default()
            };
            engines.push(QueryEngine::new(house.clone(), &config)?);
            houses.push(house);
        }
        let purged_by = catalog.snapshot().await?;
        let programs = vec![Program::new(&mut random, BEGIN - 3 * DAY)];
        Ok(Self {
            random,
            faults,
            catalog,
            lake,
            houses,
            engines,
            done: Done::default(),
            now,
            programs,
            snapshots: Vec::new(),
            purged_by,
        })
    }

    pub fn now(&self) -> TimeNs {
        self.now.load(Ordering::Relaxed)
    }

    pub fn pass(&self, time: TimeNs) {
        self.now.fetch_add(time, Ordering::Relaxed);
    }

    /// Something happens.
    pub async fn step(&mut self) -> Result<()> {
        self.done.steps += 1;
        match self.random.below(32) {
            0..6 => self.pass_time(),
            6..8 => self.register().await?,
            8..16 => self.commit().await?,
            16..22 => self.maintain().await?,
            22..25 => self.query_an_instance().await?,
            25..28 => self.drop_a_writer().await?,
            28 => self.retire().await?,
            29 => self.race().await?,
            30 if self.random.one_in(2) => self.expire().await?,
            30 => {}
            _ => self.purge().await?,
        }
        self.snapshots.push(self.catalog.snapshot().await?);
        if self.snapshots.len() > REMEMBERED {
            let index = self.random.index(REMEMBERED);
            self.snapshots.swap_remove(index);
        }
        Ok(())
    }
}
