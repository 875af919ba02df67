//! Long work whose messages are the rows of a table.
//!
//! Reading the table does the work, as fast as the rows are taken, and not at all while
//! planning. However often a plan reads the table, the work is done once and each reader
//! gets every message.

use std::fmt;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use catalog::Clock;
use datafusion::arrow::array::{StringArray, TimestampNanosecondArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::stream::{self, BoxStream, StreamExt};
use model::TimeNs;
use tokio::sync::Mutex;

use crate::error::QueryError;
use crate::times::{UTC, time_type};

pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("time", time_type(), false),
        Field::new("msg", DataType::Utf8, false),
    ]))
});

pub(super) fn row(time: TimeNs, msg: &str) -> Result<RecordBatch> {
    let time = TimestampNanosecondArray::from(vec![time]).with_timezone(UTC);
    let msg = StringArray::from(vec![msg]);
    let columns = vec![Arc::new(time) as _, Arc::new(msg) as _];
    Ok(RecordBatch::try_new(Arc::clone(&SCHEMA), columns)?)
}

/// Work in steps of which each has something to say.
#[async_trait]
pub(super) trait Job: Send + 'static {
    /// The function that was called.
    fn name(&self) -> &'static str;

    /// `None` when everything is done. A step is finished before the next one begins, unless
    /// nobody wants either.
    async fn step(&mut self) -> Result<Option<String>>;

    /// What becomes of a failure, after which there is no further step. What the steps
    /// before it did stays, so it is told in a row after theirs.
    fn failed(&self, error: DataFusionError) -> Result<String> {
        let phase = format!("ERROR: {} stopped", self.name());
        Ok(QueryError::from_engine(&phase, &error).message)
    }
}

/// What `job` says.
pub(super) fn progress_table(clock: Clock, job: impl Job) -> Result<Arc<dyn TableProvider>> {
    let function = job.name();
    let progress = Progress {
        function,
        clock,
        told: Mutex::new(Told {
            rows: Vec::new(),
            messages: messages(job),
        }),
    };
    let table = Arc::new(ProgressStream(Arc::new(progress)));
    Ok(Arc::new(StreamingTable::try_new(
        Arc::clone(&SCHEMA),
        vec![table],
    )?))
}

fn messages(job: impl Job) -> BoxStream<'static, Result<String>> {
    stream::unfold(Some(job), |job| async move {
        let mut job = job?;
        match job.step().await {
            Ok(message) => message.map(|message| (Ok(message), Some(job))),
            Err(error) => Some((job.failed(error), None)),
        }
    })
    .fuse()
    .boxed()
}

struct Progress {
    function: &'static str,
    clock: Clock,
    told: Mutex<Told>,
}

struct Told {
    rows: Vec<(TimeNs, Arc<str>)>,
    messages: BoxStream<'static, Result<String>>,
}

impl Progress {
    /// The row with this number, counted from 0. Who asks for one that is not there does
    /// the work up to it.
    async fn row(&self, number: usize) -> Result<Option<RecordBatch>> {
        let mut told = self.told.lock().await;
        if told.rows.len() <= number {
            let Some(message) = told.messages.next().await.transpose()? else {
                return Ok(None);
            };
            tracing::info!(function = self.function, message, "progress");
            told.rows.push((self.clock.now(), message.into()));
        }
        let (time, message) = &told.rows[number];
        row(*time, message).map(Some)
    }
}

struct ProgressStream(Arc<Progress>);

impl fmt::Debug for ProgressStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProgressStream")
            .field(&self.0.function)
            .finish()
    }
}

impl PartitionStream for ProgressStream {
    fn schema(&self) -> &SchemaRef {
        &SCHEMA
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let progress = Arc::clone(&self.0);
        let rows = stream::try_unfold((progress, 0), |(progress, number)| async move {
            let row = progress.row(number).await?;
            Ok(row.map(|row| (row, (progress, number + 1))))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&SCHEMA), rows))
    }
}
