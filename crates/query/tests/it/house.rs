//! A lake of recorded programs, and an engine over it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use catalog::{Catalog, CatalogConfig, NewBlock, NewSegment};
use datafusion::arrow::array::{Array, Int64Array};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::cast::as_string_array;
use futures::TryStreamExt;
use lake::Lake;
use query::{EngineConfig, QueryEngine, QueryRequest, ScanCounters};
use test_kit::Capture;
use wire::envelope::{BlockEnvelope, ProcessEnvelope, StreamEnvelope};

pub struct House {
    pub engine: QueryEngine,
    catalog: Catalog,
    lake: Lake,
    _folder: tempfile::TempDir,
}

impl House {
    pub async fn new() -> Result<Self> {
        Self::with_memory(64 * 1024 * 1024).await
    }

    /// With this many bytes of memory for all queries together.
    pub async fn with_memory(memory_budget_bytes: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite://{}", folder.path().join("catalog.db").display());
        let catalog = Catalog::connect(&CatalogConfig {
            url,
            max_connections: 2,
        })
        .await?;
        let lake = Lake::open("memory:///", [])?;
        // What one process does it knows at once; only another one has to wait.
        let config = config(memory_budget_bytes, Duration::from_secs(3600));
        let engine = QueryEngine::new(catalog.clone(), lake.clone(), &config)?;
        Ok(Self {
            engine,
            catalog,
            lake,
            _folder: folder,
        })
    }

    /// Another process over the same lake, which reads the deny list all the time.
    pub fn another_engine(&self) -> Result<QueryEngine> {
        let config = config(64 * 1024 * 1024, Duration::from_millis(10));
        let (catalog, lake) = (self.catalog.clone(), self.lake.clone());
        Ok(QueryEngine::new(catalog, lake, &config)?)
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

fn config(memory_budget_bytes: usize, denial_refresh: Duration) -> EngineConfig {
    EngineConfig {
        memory_budget_bytes,
        spill_bytes_max: 64 * 1024 * 1024,
        parallelism: 2,
        denial_refresh,
    }
}
