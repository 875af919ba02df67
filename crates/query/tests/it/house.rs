//! A lake of recorded programs, and an engine over it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use catalog::{Catalog, CatalogConfig, Clock, NewBlock, NewSegment};
use datafusion::arrow::array::{Array, Int64Array};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::cast::as_string_array;
use futures::TryStreamExt;
use lake::Lake;
use model::TimeNs;
use query::{
    EngineConfig, QUERY_TIME_LIMIT, QueryEngine, QueryRequest, ScanCounters, StaticTablesConfig,
};
use test_kit::Capture;
use views::{Lakehouse, ResourceConfig, Resources};
use wire::envelope::{BlockEnvelope, ProcessEnvelope, StreamEnvelope};

pub struct House {
    pub engine: QueryEngine,
    pub catalog: Catalog,
    lake: Lake,
    /// What time it is, unless it is 0.
    time: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
}

impl House {
    pub async fn new() -> Result<Self> {
        Self::with_memory(64 * 1024 * 1024).await
    }

    /// With this many bytes of memory for all queries together.
    pub async fn with_memory(memory_budget_bytes: usize) -> Result<Self> {
        Self::with_config(&config(memory_budget_bytes)).await
    }

    pub async fn with_config(config: &ResourceConfig) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite://{}", folder.path().join("catalog.db").display());
        let stored_in = CatalogConfig {
            url,
            max_connections: 2,
            cache_bytes: 8 << 20,
        };
        let time = Arc::new(AtomicI64::new(0));
        let clock = clock(Arc::clone(&time));
        let catalog = Catalog::connect_with_clock(&stored_in, clock).await?;
        let lake = Lake::open("memory:///", [])?;
        // What one process does it knows at once; only another one has to wait.
        let engine = engine(&catalog, &lake, config, Duration::from_secs(3600))?;
        Ok(Self {
            engine,
            catalog,
            lake,
            time,
            _folder: folder,
        })
    }

    /// From now on it is this time, as far as the lake knows.
    pub fn set_time(&self, time: TimeNs) {
        self.time.store(time, Ordering::SeqCst);
    }

    /// Another process over the same lake, which reads the deny list all the time.
    pub fn another_engine(&self) -> Result<QueryEngine> {
        let config = config(64 * 1024 * 1024);
        engine(
            &self.catalog,
            &self.lake,
            &config,
            Duration::from_millis(10),
        )
    }

    /// One whose queries may take this long.
    pub fn engine_for(&self, query_time_max: Duration) -> Result<QueryEngine> {
        let config = EngineConfig {
            denial_refresh: Duration::from_secs(3600),
            query_time_max,
            ..EngineConfig::default()
        };
        let house = self.engine.lakehouse().clone();
        Ok(QueryEngine::new(house, &config)?)
    }

    /// One with tables of files.
    pub fn engine_with(&self, static_tables: StaticTablesConfig) -> Result<QueryEngine> {
        let config = EngineConfig {
            static_tables: Some(static_tables),
            ..EngineConfig::default()
        };
        let house = self.engine.lakehouse().clone();
        Ok(QueryEngine::new(house, &config)?)
    }

    /// How many partitions lie in the store, whether anything refers to them or not.
    pub async fn partition_objects(&self) -> Result<usize> {
        let objects: Vec<_> = self.lake.list_partitions().try_collect().await?;
        Ok(objects.len())
    }

    /// The catalog answers no more.
    pub async fn lose_catalog(&self) {
        self.catalog.close().await;
    }

    /// Store a recording; `alter` may change the stored payload of each block.
    pub async fn store(&self, capture: &Capture, alter: impl Fn(&mut Vec<u8>)) -> Result<()> {
        for request in &capture.requests {
            if request.path.ends_with("insert_process") {
                let process = ProcessEnvelope::parse(&request.body)?.into();
                self.catalog.register_process(&process).await?;
            } else if request.path.ends_with("insert_stream") {
                let stream = StreamEnvelope::parse(&request.body)?.into();
                self.catalog.register_stream(&stream).await?;
            } else {
                self.store_block(&request.body, &alter).await?;
            }
        }
        Ok(())
    }

    async fn store_block(&self, body: &Bytes, alter: impl Fn(&mut Vec<u8>)) -> Result<()> {
        let envelope = BlockEnvelope::parse(body)?;
        let mut payload = Vec::new();
        envelope.payload.encode_into(&mut payload);
        alter(&mut payload);
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

    pub async fn run(
        &self,
        request: QueryRequest,
    ) -> Result<(Vec<RecordBatch>, Arc<ScanCounters>)> {
        let query = self.engine.plan(request).await?;
        let counters = query.counters();
        let schema = query.schema();
        let batches: Vec<RecordBatch> = query.execute().await?.try_collect().await?;
        for batch in &batches {
            assert_eq!(
                batch.schema(),
                schema,
                "the stream keeps the promised schema"
            );
        }
        Ok((batches, counters))
    }

    /// The integer of a query with one row and one column, and what it read.
    pub async fn count(&self, request: QueryRequest) -> Result<(i64, Arc<ScanCounters>)> {
        let (batches, counters) = self.run(request).await?;
        let column = batches
            .iter()
            .find(|batch| batch.num_rows() == 1)
            .map(|b| b.column(0));
        let column = column.and_then(|column| column.as_any().downcast_ref::<Int64Array>());
        let value = column
            .filter(|column| !column.is_null(0))
            .map(|column| column.value(0));
        Ok((
            value.ok_or_else(|| anyhow::anyhow!("no integer"))?,
            counters,
        ))
    }
}

/// The texts of a query with one column.
pub async fn texts(engine: &QueryEngine, request: QueryRequest) -> Result<Vec<String>> {
    let stream = engine.plan(request).await?.execute().await?;
    let batches: Vec<RecordBatch> = stream.try_collect().await?;
    let mut texts = Vec::new();
    for batch in &batches {
        let column = as_string_array(batch.column(0))?;
        texts.extend(column.iter().map(|text| text.unwrap_or("NULL").to_owned()));
    }
    Ok(texts)
}

/// With this much memory, all of which one query may use.
pub fn config(memory_bytes: usize) -> ResourceConfig {
    ResourceConfig {
        memory_bytes,
        plan_memory_bytes: memory_bytes,
        footer_cache_bytes: 1024 * 1024,
        call_tree_cache_bytes: 1024 * 1024,
        spill_bytes_max: 64 * 1024 * 1024,
        spill_folder: None,
        parallelism: 2,
    }
}

fn clock(time: Arc<AtomicI64>) -> Clock {
    let system = Clock::system();
    Clock::new(move || match time.load(Ordering::SeqCst) {
        0 => system.now(),
        time => time,
    })
}

fn engine(
    catalog: &Catalog,
    lake: &Lake,
    config: &ResourceConfig,
    denial_refresh: Duration,
) -> Result<QueryEngine> {
    let house = Lakehouse::new(catalog.clone(), lake.clone(), Resources::new(config)?);
    let config = EngineConfig {
        denial_refresh,
        query_time_max: QUERY_TIME_LIMIT,
        ..EngineConfig::default()
    };
    Ok(QueryEngine::new(house, &config)?)
}
