//! Bulk ingestion: tables of another lake become part of this one.
//!
//! ```text
//! batch ── columns by name ── rows ── chunk ─┬─ processes, streams, blocks ── one transaction
//!                                            └─ payloads ── one segment ───── one transaction
//! ```
//!
//! Rows are known by id, so an upload can be repeated, also after a failure in the middle of it.
//! It lives here, and not beside the queries, because its rules are those of ingestion: segments
//! before rows, reserved properties, the limits. It knows Arrow and no Flight.

use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use catalog::{BulkPayload, Catalog, NewSegment};
use lake::Lake;

use crate::retry;
use chunks::Chunks;
use columns::Upload;
use rows::{Blocks, Payload, Payloads, Processes, Rows, Streams};

mod chunks;
mod columns;
mod error;
mod integers;
mod jsonb;
mod lists;
mod rows;
mod table;
#[cfg(test)]
mod tests;

pub use error::BulkError;
pub use table::BulkTable;

pub(crate) type Result<T, E = BulkError> = std::result::Result<T, E>;

/// Stores uploads. Cheap to clone.
#[derive(Debug, Clone)]
pub struct BulkIngest {
    catalog: Catalog,
    lake: Lake,
    limits: Limits,
}

/// Of what is in memory and in a transaction at once. One row above the limit goes alone.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Processes and streams take a statement each, while nobody else can commit.
    owners: usize,
    blocks: usize,
    /// Of the rows of a chunk; of a segment.
    bytes: usize,
    /// For a segment and a transaction.
    store_timeout: Duration,
}

impl BulkIngest {
    pub fn new(catalog: Catalog, lake: Lake) -> Self {
        let config = crate::Config::default();
        let limits = Limits {
            owners: 256,
            blocks: config.segment_blocks_max,
            bytes: config.segment_bytes_max,
            store_timeout: config.store_timeout,
        };
        Self {
            catalog,
            lake,
            limits,
        }
    }

    /// Whether batches of this schema can be stored.
    ///
    /// # Errors
    /// A column is missing or has a type that can not be read.
    pub fn check(table: BulkTable, schema: &SchemaRef) -> Result<()> {
        let batch = RecordBatch::new_empty(SchemaRef::clone(schema));
        let upload = Upload {
            table,
            batch: &batch,
        };
        match table {
            BulkTable::Processes => Processes::of(upload).map(drop),
            BulkTable::Streams => Streams::of(upload).map(drop),
            BulkTable::Blocks => Blocks::of(upload).map(drop),
            BulkTable::Payloads => Payloads::of(upload).map(drop),
        }
    }

    /// Store the rows of a batch, in chunks; what is known already is left as it is. Returns
    /// how many rows were new.
    ///
    /// # Errors
    /// A value can not be read, or storage failed. Earlier chunks stay stored.
    pub async fn store(&self, table: BulkTable, batch: &RecordBatch) -> Result<usize> {
        let upload = Upload { table, batch };
        let Limits { owners, blocks, .. } = self.limits;
        let mut new = 0;
        match table {
            BulkTable::Processes => {
                let mut chunks = self.chunks::<Processes<'_>>(upload, owners)?;
                while let Some(rows) = chunks.next()? {
                    new += self.commit(|| self.catalog.import_processes(&rows)).await?;
                }
            }
            BulkTable::Streams => {
                let mut chunks = self.chunks::<Streams<'_>>(upload, owners)?;
                while let Some(rows) = chunks.next()? {
                    new += self.commit(|| self.catalog.import_streams(&rows)).await?;
                }
            }
            BulkTable::Blocks => {
                let mut chunks = self.chunks::<Blocks<'_>>(upload, blocks)?;
                while let Some(rows) = chunks.next()? {
                    new += self.commit(|| self.catalog.import_blocks(&rows)).await?;
                }
            }
            BulkTable::Payloads => {
                let mut chunks = self.chunks::<Payloads<'_>>(upload, blocks)?;
                while let Some(payloads) = chunks.next()? {
                    new += self.in_time(self.store_payloads(payloads)).await?;
                }
            }
        }
        Ok(new)
    }

    fn chunks<'a, R: Rows<'a>>(
        &self,
        upload: Upload<'a>,
        rows_max: usize,
    ) -> Result<Chunks<R, R::Row>> {
        Chunks::new(upload, rows_max, self.limits.bytes)
    }

    async fn commit<F>(&self, attempt: impl FnMut() -> F) -> Result<usize>
    where
        F: Future<Output = catalog::Result<usize>>,
    {
        let committing = async {
            let committed = retry::commit(attempt).await;
            Ok(committed.map_err(BulkError::Commit)?.outcome)
        };
        self.in_time(committing).await
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let timeout = self.limits.store_timeout;
        let worked = tokio::time::timeout(timeout, work).await;
        worked.unwrap_or(Err(BulkError::TimedOut(timeout)))
    }

    /// As one segment; those that are known already are not written again.
    async fn store_payloads(&self, payloads: Vec<Payload>) -> Result<usize> {
        let ids = payloads.iter().map(|payload| payload.block_id);
        let missing = self.catalog.missing_payloads(ids).await;
        let mut missing = missing.map_err(BulkError::Commit)?;
        let (mut placed, mut parts, mut start) = (Vec::new(), Vec::new(), 0);
        for Payload { block_id, bytes } in payloads {
            if missing.remove(&block_id) {
                let end = start + bytes.len() as u64;
                let range = start..end;
                placed.push(BulkPayload { block_id, range });
                parts.push(bytes);
                start = end;
            }
        }
        if placed.is_empty() {
            return Ok(0);
        }
        let written = self.lake.write_segment(parts).await;
        let (key, bytes) = written.map_err(BulkError::Write)?;
        let segment = NewSegment {
            key: key.as_str().to_owned(),
            bytes,
        };
        let committed = retry::commit(|| self.catalog.import_payloads(&segment, &placed)).await;
        let committed = committed.map_err(BulkError::Commit)?;
        if committed.outcome == 0 && !committed.was_repeated {
            // Somebody else was faster. A segment that stays does no harm.
            if let Err(error) = self.lake.delete_segment(&key).await {
                let error = server_kit::ErrorChain(&error);
                tracing::warn!(%error, segment = key.as_str(), "an unreferenced segment stays");
            }
        }
        Ok(committed.outcome)
    }
}
