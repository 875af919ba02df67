//! A lake of recorded programs with a clock of its own, and maintenance of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use catalog::{
    Catalog, CatalogConfig, Clock, NewBlock, NewSegment, PartitionFilter, StoredPartition,
};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use futures::TryStreamExt;
use lake::Lake;
use maintenance::{Maintenance, MaintenanceConfig, Report, Task};
use query::{EngineConfig, QUERY_TIME_LIMIT, QueryEngine, QueryRequest};
use server_kit::Shutdown;
use test_kit::Capture;
use views::{Lakehouse, ResourceConfig, Resources};
use wire::envelope::{BlockEnvelope, ProcessEnvelope, StreamEnvelope};

pub const SECOND: i64 = 1_000_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;
/// Midnight of some day before the recorded programs ran: their clocks are ahead.
pub const MIDNIGHT: i64 = 20_000 * DAY;
pub const VIEWS: [&str; 6] = [
    "blocks",
    "log_entries",
    "log_stats",
    "measures",
    "processes",
    "streams",
];
const MEMORY: usize = 256 * 1024 * 1024;

pub struct House {
    pub catalog: Catalog,
    pub lake: Lake,
    pub engine: QueryEngine,
    pub maintenance: Maintenance,
    now: Arc<AtomicI64>,
    config: CatalogConfig,
    folder: tempfile::TempDir,
}

impl House {
    /// `now`: relative to midnight.
    pub async fn at(now: i64) -> Result<Self> {
        Self::with_config(now, MaintenanceConfig::default()).await
    }

    pub async fn with_config(now: i64, maintenance: MaintenanceConfig) -> Result<Self> {
        // Failures are told in the log only. Another test may have been first.
        let _ = server_kit::init_logging("maintenance=info");
        let folder = tempfile::tempdir()?;
        let config = CatalogConfig {
            cache_bytes: 8 << 20,
            url: format!("sqlite://{}", folder.path().join("catalog.db").display()),
            max_connections: 4,
        };
        let now = Arc::new(AtomicI64::new(MIDNIGHT + now));
        let catalog = Catalog::connect_with_clock(&config, clock(&now)).await?;
        let lake = Lake::open_folder(&folder.path().join("objects"))?;
        let house = lakehouse(&catalog, &lake)?;
        let denial_refresh = Duration::from_secs(3600);
        Ok(Self {
            engine: QueryEngine::new(house.clone(), &engine_config(denial_refresh))?,
            maintenance: Maintenance::new(house, maintenance),
            catalog,
            lake,
            now,
            config,
            folder,
        })
    }

    /// Another process that maintains the same lake.
    pub async fn another(&self, config: MaintenanceConfig) -> Result<Maintenance> {
        let catalog = Catalog::connect_with_clock(&self.config, clock(&self.now)).await?;
        Ok(Maintenance::new(lakehouse(&catalog, &self.lake)?, config))
    }

    /// Relative to midnight.
    pub fn set_clock(&self, now: i64) {
        self.now.store(MIDNIGHT + now, Ordering::SeqCst);
    }

    pub fn objects(&self) -> PathBuf {
        self.folder.path().join("objects")
    }

    pub async fn store(&self, capture: &Capture) -> Result<()> {
        for request in &capture.requests {
            if request.path.ends_with("insert_process") {
                let process = ProcessEnvelope::parse(&request.body)?.into();
                self.catalog.register_process(&process).await?;
            } else if request.path.ends_with("insert_stream") {
                let stream = StreamEnvelope::parse(&request.body)?.into();
                self.catalog.register_stream(&stream).await?;
            } else {
                self.store_block(&request.body).await?;
            }
        }
        Ok(())
    }

    async fn store_block(&self, body: &Bytes) -> Result<()> {
        let envelope = BlockEnvelope::parse(body)?;
        let mut payload = Vec::new();
        envelope.payload.encode_into(&mut payload);
        let (key, bytes) = self.lake.write_segment(vec![payload.into()]).await?;
        let segment = NewSegment {
            key: key.as_str().to_owned(),
            bytes,
        };
        let block = NewBlock {
            info: (&envelope).into(),
            range: 0..bytes,
        };
        self.catalog.commit_blocks(&segment, &[block]).await?;
        Ok(())
    }

    /// A run of a task at a time relative to midnight, in which nothing may fail.
    pub async fn run_at(&self, now: i64, task: Task) -> Report {
        self.set_clock(now);
        let report = self.maintenance.run_task(task, &Shutdown::new()).await;
        assert_eq!(report.failures, 0, "{task:?}: {report:?}");
        report
    }

    /// The active partitions of a view, in order.
    pub async fn partitions(&self, view: &str) -> Result<Vec<StoredPartition>> {
        let filter = PartitionFilter {
            view_set: Some(view.to_owned()),
            ..PartitionFilter::at(self.catalog.snapshot().await?)
        };
        Ok(self.catalog.partitions(filter).await?)
    }

    /// Begin and end of each partition of a view, relative to midnight.
    pub async fn ranges(&self, view: &str) -> Result<Vec<(i64, i64)>> {
        let ranges = self.partitions(view).await?.into_iter().map(|part| {
            let range = part.partition.insert_range;
            (range.begin.0 - MIDNIGHT, range.end.0 - MIDNIGHT)
        });
        Ok(ranges.collect())
    }

    /// Every view has exactly these partitions.
    pub async fn assert_ranges(&self, expected: &[(i64, i64)]) -> Result<()> {
        for view in VIEWS {
            assert_eq!(self.ranges(view).await?, expected, "{view}");
        }
        Ok(())
    }

    /// Sums over every view.
    pub async fn totals(&self) -> Result<Vec<i64>> {
        let mut totals = Vec::new();
        for sql in [
            "SELECT count(*) FROM blocks",
            "SELECT sum(nb_objects) FROM blocks",
            "SELECT count(*) FROM log_entries",
            "SELECT count(DISTINCT block_id) FROM log_entries",
            "SELECT sum(count) FROM log_stats",
            "SELECT count(*) FROM measures",
            "SELECT CAST(sum(value) AS BIGINT) FROM measures",
            "SELECT count(*) FROM processes",
            "SELECT count(*) FROM streams",
        ] {
            totals.push(self.integer(sql).await.context(sql)?);
        }
        Ok(totals)
    }

    /// The value of a query with one row and one column; NULL is 0.
    pub async fn integer(&self, sql: &str) -> Result<i64> {
        let query = self.engine.plan(QueryRequest::new(sql)).await?;
        let batches: Vec<_> = query.execute().await?.try_collect().await?;
        let batch = batches.iter().find(|batch| batch.num_rows() == 1);
        let column = batch.context("not one row")?.column(0);
        let column = datafusion::arrow::compute::cast(
            column,
            &datafusion::arrow::datatypes::DataType::Int64,
        )?;
        let column = column.as_primitive::<Int64Type>();
        Ok(column.iter().flatten().next().unwrap_or(0))
    }
}

/// Files below a folder whose names end so.
pub fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, ending)?);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    Ok(found)
}

fn clock(now: &Arc<AtomicI64>) -> Clock {
    let now = Arc::clone(now);
    Clock::new(move || now.load(Ordering::SeqCst))
}

fn lakehouse(catalog: &Catalog, lake: &Lake) -> Result<Lakehouse> {
    let resources = Resources::new(&ResourceConfig {
        memory_bytes: MEMORY,
        plan_memory_bytes: MEMORY,
        footer_cache_bytes: 1024 * 1024,
        call_tree_cache_bytes: 1024 * 1024,
        spill_bytes_max: 64 * 1024 * 1024,
        spill_folder: None,
        parallelism: 2,
    })?;
    Ok(Lakehouse::new(catalog.clone(), lake.clone(), resources))
}

fn engine_config(denial_refresh: Duration) -> EngineConfig {
    EngineConfig {
        denial_refresh,
        query_time_max: QUERY_TIME_LIMIT,
        ..EngineConfig::default()
    }
}
