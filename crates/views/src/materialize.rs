//! Partitions made from the source, or from other partitions.

use std::sync::Arc;

use bytes::Bytes;
use catalog::{NewPartition, PartitionCommit, PartitionId, StoredPartition};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, col};
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use lake::PartitionKey;
use model::{InsertRange, InsertTime};

use crate::context::ScanContext;
use crate::insert_ranges::InsertRanges;
use crate::partitions::{self, Written};
use crate::parts_table::{FilesTable, SourceTable};
use crate::view::View;
use crate::{Lakehouse, Result};

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The partition is there, with so many rows and bytes.
    Written { rows: u64, bytes: u64 },
    /// Somebody else was faster, or the range has expired; nothing changed.
    Superseded,
}

/// A partition to be.
struct Work<'a> {
    view: &'a Arc<dyn View>,
    range: InsertRange,
    /// The snapshot that it is made at.
    time: InsertTime,
    /// Events of the source.
    events: u64,
}

/// A partition whose object is durable and that nobody knows yet.
#[derive(Debug)]
pub(crate) struct Prepared {
    key: PartitionKey,
    partition: NewPartition,
}

impl Lakehouse {
    /// Make a partition of `range` from blocks; it replaces `replaced`, which must lie in
    /// the range.
    pub(crate) async fn build(
        &self,
        view: &Arc<dyn View>,
        range: InsertRange,
        replaced: &[PartitionId],
        events: u64,
    ) -> Result<Outcome> {
        let prepared = self.prepare(view, range, events).await?;
        self.record(vec![prepared], replaced).await
    }

    /// Write a partition of `range` from blocks, without recording it.
    pub(crate) async fn prepare(
        &self,
        view: &Arc<dyn View>,
        range: InsertRange,
        events: u64,
    ) -> Result<Prepared> {
        let time = self.closing(range.end).await?;
        let ranges = InsertRanges::of(range);
        let table = SourceTable::new(self.clone(), Arc::clone(view), ranges);
        let rows = scan(view, Arc::new(table))?;
        let work = Work {
            view,
            range,
            time,
            events,
        };
        self.write(work, rows).await
    }

    /// Make one partition of several that follow each other. No block that the view reads
    /// may lie between them.
    pub(crate) async fn merge(
        &self,
        view: &Arc<dyn View>,
        range: InsertRange,
        parts: &[StoredPartition],
    ) -> Result<Outcome> {
        let time = self.closing(range.end).await?;
        let ids: Vec<PartitionId> = parts.iter().map(|part| part.id).collect();
        let events = parts.iter().map(|part| part.partition.source_count).sum();
        let table = FilesTable::new(self.clone(), Arc::clone(view), parts.to_vec());
        let rows = view.merge(scan(view, Arc::new(table))?)?;
        let work = Work {
            view,
            range,
            time,
            events,
        };
        let prepared = self.write(work, rows).await?;
        self.record(vec![prepared], &ids).await
    }

    /// A time that has come after all blocks before `end`, of which none can follow.
    pub(crate) async fn closing(&self, end: InsertTime) -> Result<InsertTime> {
        let time = self.catalog().snapshot().await?;
        match time >= end {
            true => Ok(time),
            false => Ok(self.catalog().advance().await?),
        }
    }

    async fn write(&self, work: Work<'_>, rows: LogicalPlan) -> Result<Prepared> {
        let (view, set) = (work.view, work.view.set());
        let key = PartitionKey::new(set.name, view.instance(), work.range.begin.0)?;
        let stream = self.sorted(view, rows, work.time).await?;
        let pool = &self.resources().runtime().memory_pool;
        let written = partitions::write(self.lake(), &key, set, stream, pool).await?;
        let schema_hash = self.schema_hash(set);
        let partition = new_partition(&work, &written, schema_hash);
        Ok(Prepared { key, partition })
    }

    /// Let partitions take the place of others, all at one time.
    pub(crate) async fn record(
        &self,
        prepared: Vec<Prepared>,
        replaced: &[PartitionId],
    ) -> Result<Outcome> {
        let new: Vec<NewPartition> = prepared.iter().map(|new| new.partition.clone()).collect();
        // After an error the commit may have taken effect all the same: the objects stay,
        // and the cleaning of orphans decides.
        match self.catalog().commit_partitions(&new, replaced).await? {
            PartitionCommit::Committed { .. } => Ok(Outcome::Written {
                rows: new.iter().map(|new| new.rows).sum(),
                bytes: new
                    .iter()
                    .filter_map(|new| new.file.as_ref())
                    .map(|file| file.bytes)
                    .sum(),
            }),
            PartitionCommit::Conflict => {
                for Prepared { key, partition } in &prepared {
                    if partition.file.is_some() {
                        self.lake().delete_partition(key).await?;
                    }
                }
                Ok(Outcome::Superseded)
            }
        }
    }

    /// The rows of a plan in the order of the view.
    async fn sorted(
        &self,
        view: &Arc<dyn View>,
        plan: LogicalPlan,
        time: InsertTime,
    ) -> Result<SendableRecordBatchStream> {
        let set = view.set();
        let order = set.order.iter().map(|name| col(*name).sort(true, false));
        let plan = LogicalPlanBuilder::from(plan).sort(order)?.build()?;
        let mut session = SessionState::clone(self.session());
        Arc::new(ScanContext::as_of(None, time)).install(session.config_mut());
        let plan = session.create_physical_plan(&plan).await?;
        let stream = execute_stream(plan, session.task_ctx())?;
        Ok(conformed(stream, Arc::clone(&set.schema)))
    }
}

/// Plans may know less of nullability than the view promises.
fn conformed(stream: SendableRecordBatchStream, schema: SchemaRef) -> SendableRecordBatchStream {
    let target = Arc::clone(&schema);
    let batches = stream.map(move |batch| {
        let columns = batch?.columns().to_vec();
        Ok(RecordBatch::try_new(Arc::clone(&target), columns)?)
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

fn scan(view: &Arc<dyn View>, rows: Arc<dyn TableProvider>) -> Result<LogicalPlan> {
    let name = view.set().name;
    Ok(LogicalPlanBuilder::scan(name, provider_as_source(rows), None)?.build()?)
}

fn new_partition(work: &Work<'_>, written: &Written, schema_hash: Bytes) -> NewPartition {
    let set = work.view.set();
    NewPartition {
        view_set: set.name.to_owned(),
        view_instance: work.view.instance().to_owned(),
        schema_hash,
        insert_range: work.range,
        event_range: written.event_range,
        rows: written.rows,
        file: written.file.clone(),
        source_count: work.events,
        sort_order: set.order.iter().map(|name| (*name).to_owned()).collect(),
    }
}
