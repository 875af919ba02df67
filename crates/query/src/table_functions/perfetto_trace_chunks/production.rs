//! Reads the spans of a process and writes them as a trace.

use std::sync::Arc;

use catalog::StoredStream;
use datafusion::arrow::array::{BinaryArray, Int32Array};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::exec_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use futures::TryStreamExt;
use perfetto::{Process, Thread, TraceWriter, Track};
use tokio::sync::mpsc::Sender;
use views::{ScanContext, thread_name};

use super::span_rows::SpanRows;
use super::table::SCHEMA;
use super::trace::Trace;

pub(super) struct Production {
    trace: Arc<Trace>,
    /// To plan what is read, in the range of the trace.
    session: Arc<SessionState>,
    /// To read it, with the memory of the query.
    context: Arc<TaskContext>,
    /// For what the writer remembers.
    memory: MemoryReservation,
    chunks: Sender<Result<RecordBatch>>,
    next_id: i32,
}

impl Production {
    pub fn new(
        trace: Arc<Trace>,
        session: Arc<SessionState>,
        context: Arc<TaskContext>,
        chunks: Sender<Result<RecordBatch>>,
    ) -> Self {
        Self {
            memory: MemoryConsumer::new("trace writer").register(context.memory_pool()),
            trace,
            session,
            context,
            chunks,
            next_id: 0,
        }
    }

    pub async fn run(mut self) -> Result<()> {
        let trace = Arc::clone(&self.trace);
        let scans = ScanContext::of(self.session.config());
        let process = trace.process(&scans).await?.info.clone();
        let mut writer = TraceWriter::new(&Process {
            id: &process.process_id.to_string(),
            executable: &process.exe,
        });
        self.send(&mut writer).await?;
        let streams = trace.threads(&scans, process.process_id).await?;
        let threads = tracks(&mut writer, &streams);
        self.send(&mut writer).await?;
        let asynchronous = trace.types.has_async().then(|| writer.async_track());
        self.send(&mut writer).await?;
        if trace.types.has_threads() {
            for (stream, mut track) in streams.iter().zip(threads) {
                let plan = trace.thread_spans(stream.info.stream_id)?;
                self.spans(&mut writer, &mut track, &plan).await?;
            }
        }
        if let Some(mut track) = asynchronous {
            let plan = trace.async_spans(process.process_id)?;
            self.spans(&mut writer, &mut track, &plan).await?;
        }
        writer.flush();
        self.send(&mut writer).await
    }

    async fn spans(
        &mut self,
        writer: &mut TraceWriter,
        track: &mut Track,
        plan: &LogicalPlan,
    ) -> Result<()> {
        let plan = self.session.create_physical_plan(plan).await?;
        let mut batches = execute_stream(plan, Arc::clone(&self.context))?;
        while let Some(batch) = batches.try_next().await? {
            for span in SpanRows::of(&batch)?.iter() {
                let written = writer.span(track, &span);
                written.map_err(|error| DataFusionError::External(Box::new(error)))?;
                self.send(writer).await?;
            }
            self.memory.try_resize(writer.memory_bytes())?;
        }
        Ok(())
    }

    /// Wait until the client takes what is ready.
    async fn send(&mut self, writer: &mut TraceWriter) -> Result<()> {
        while let Some(chunk) = writer.take_chunk() {
            let id = Arc::new(Int32Array::from(vec![self.next_id]));
            let data = Arc::new(BinaryArray::from_vec(vec![&chunk]));
            let row = RecordBatch::try_new(Arc::clone(&SCHEMA), vec![id, data])?;
            if self.chunks.send(Ok(row)).await.is_err() {
                return exec_err!("nobody reads the trace any more");
            }
            self.next_id = match self.next_id.checked_add(1) {
                Some(next) => next,
                None => return exec_err!("the trace has too many chunks to count them"),
            };
        }
        Ok(())
    }
}

fn tracks(writer: &mut TraceWriter, streams: &[Arc<StoredStream>]) -> Vec<Track> {
    let texts = streams.iter().map(|stream| {
        let info = &stream.info;
        (
            info.stream_id.to_string(),
            thread_name(info),
            thread_id(stream),
        )
    });
    let texts: Vec<_> = texts.collect();
    writer.threads(texts.iter().map(|(stream_id, name, thread_id)| Thread {
        stream_id,
        thread_id: *thread_id,
        name,
    }))
}

/// The lower half of what may be a longer number; 0 if it is none.
fn thread_id(stream: &StoredStream) -> i32 {
    let id = stream.info.properties.get("thread-id");
    let id: Option<i128> = id.and_then(|id| id.parse().ok());
    id.map_or(0, |id| id as i32)
}
