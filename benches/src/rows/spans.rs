//! Spans of threads, of a process, and the trace of one.

use anyhow::{Result, ensure};
use flightsql_client::RequestMetadata;
use test_kit::SpanProgram;

use super::{Plan, Samples, row};
use crate::generators::flight::{self, Scan};
use crate::http::{Connection, WireRequest};
use crate::lake::Lake;
use crate::table::Row;
use crate::yardsticks::Yardsticks;

/// Blocks of 10 MiB, as producers send them: 617 thousand events each.
const BLOCKS_OF_STREAM: u64 = 3;
const BLOCKS_OF_THREAD: u64 = 4;
const THREADS: usize = 3;
const BLOCKS_OF_TRACE: u64 = 11;
/// Programs that are queried for the first time, one after the other: memory that no process
/// has used before is slow on virtual machines, and a server runs for long.
const PROGRAMS: usize = 5;
/// The same query once more.
const REPEATS: usize = 5;

pub(super) async fn measure(plan: &Plan, samples: &mut Samples) -> Result<()> {
    if plan.wants("spans") {
        one_stream(plan, samples).await?;
    }
    if plan.wants("process-spans") {
        process(plan, samples).await?;
    }
    if plan.wants("trace") {
        trace(plan, samples).await?;
    }
    Ok(())
}

async fn one_stream(plan: &Plan, samples: &mut Samples) -> Result<()> {
    let lake = Lake::start(plan.backend).await?;
    for _ in 0..PROGRAMS {
        let program = SpanProgram::new(1, BLOCKS_OF_STREAM, plan.trees);
        send(&lake, &program).await?;
        let sql = format!(
            "SELECT name, count(*), sum(duration), max(duration) \
             FROM view_instance('thread_spans', '{}') GROUP BY name",
            program.threads[0]
        );
        let first = ask(&lake, &program, &sql).await?;
        samples.add("spans", first.seconds);
        samples.add("spans-count", program.spans() as f64);
        let mut again = 0.0;
        for _ in 0..REPEATS {
            again = ask(&lake, &program, &sql).await?.seconds;
            samples.add("spans-again", again);
        }
        eprintln!("   spans: {first}, again in {again:.3} s");
    }
    Ok(())
}

async fn process(plan: &Plan, samples: &mut Samples) -> Result<()> {
    let lake = Lake::start(plan.backend).await?;
    for _ in 0..PROGRAMS {
        let program = SpanProgram::new(THREADS, BLOCKS_OF_THREAD, plan.trees);
        send(&lake, &program).await?;
        let sql = format!(
            "SELECT name, count(*), sum(duration) FROM process_spans('{}', 'thread') \
             GROUP BY name",
            program.process_id
        );
        let first = ask(&lake, &program, &sql).await?;
        eprintln!("   process-spans: {first}");
        samples.add("process-spans", first.seconds);
        samples.add("process-spans-count", program.spans() as f64);
    }
    Ok(())
}

async fn trace(plan: &Plan, samples: &mut Samples) -> Result<()> {
    let lake = Lake::start(plan.backend).await?;
    let program = SpanProgram::new(THREADS, BLOCKS_OF_TRACE, plan.trees);
    send(&lake, &program).await?;
    let [begin, end] = program.range();
    let sql = format!(
        "SELECT chunk_id, chunk_data FROM perfetto_trace_chunks('{}', 'thread', \
         TIMESTAMP '{begin}', TIMESTAMP '{end}')",
        program.process_id
    );
    let (before, _) = lake.memory_megabytes()?;
    lake.reset_memory_peak()?;
    let scan = ask(&lake, &program, &sql).await?;
    let (_, peak) = lake.memory_megabytes()?;
    eprintln!("   trace: {scan}, memory {before:.0} -> {peak:.0} MB");
    samples.add("trace", scan.seconds);
    samples.add("trace-count", program.spans() as f64);
    samples.add("trace-megabytes", scan.bytes as f64 / 1e6);
    samples.add("trace-memory", peak - before);
    Ok(())
}

async fn send(lake: &Lake, program: &SpanProgram) -> Result<()> {
    let mut connection = Connection::open(lake.ingestion).await?;
    for request in program.requests() {
        let content = "application/octet-stream";
        let request = WireRequest::post(lake.ingestion, &request.path, content, &request.body);
        let answer = connection.send(&request.bytes).await?;
        ensure!(
            answer.status == 200,
            "a block was refused: {}",
            answer.status
        );
    }
    Ok(())
}

async fn ask(lake: &Lake, program: &SpanProgram, sql: &str) -> Result<Scan> {
    let mut metadata = RequestMetadata::new();
    let [begin, end] = program.range();
    metadata.insert("query_range_begin", &begin)?;
    metadata.insert("query_range_end", &end)?;
    flight::scan(&lake.flight, sql, metadata).await
}

pub(super) fn rows(samples: &Samples, yardsticks: &Yardsticks) -> Vec<Row> {
    let lz4 = || format!("LZ4 {:.0} MB/s", yardsticks.lz4_megabytes_per_second);
    let rows = [
        first_query(samples, lz4()),
        same_query(samples, lz4()),
        process_wide(samples, lz4()),
        whole_trace(samples, lz4()),
    ];
    rows.into_iter().flatten().collect()
}

fn first_query(samples: &Samples, yardstick: String) -> Option<Row> {
    let seconds = samples.median("spans")?;
    let spans = samples.median("spans-count")?;
    Some(row(
        &format!(
            "{} thread-span events of one stream, first query",
            millions(2.0 * spans)
        ),
        "1.63 s",
        "0.163 s",
        format!("{seconds:.3} s"),
        seconds <= 0.163,
        yardstick,
    ))
}

fn same_query(samples: &Samples, yardstick: String) -> Option<Row> {
    let seconds = samples.median("spans-again")?;
    Some(row(
        "the same query again",
        "0.085 s",
        "0.02 s",
        format!("{seconds:.3} s"),
        seconds <= 0.02,
        yardstick,
    ))
}

fn process_wide(samples: &Samples, yardstick: String) -> Option<Row> {
    let seconds = samples.median("process-spans")?;
    let spans = samples.median("process-spans-count")?;
    Some(row(
        &format!(
            "process-wide spans, {} of three streams, first query",
            millions(spans)
        ),
        "3.4 s",
        "0.34 s",
        format!("{seconds:.3} s"),
        seconds <= 0.34,
        yardstick,
    ))
}

fn whole_trace(samples: &Samples, yardstick: String) -> Option<Row> {
    let seconds = samples.median("trace")?;
    let spans = samples.median("trace-count")?;
    let megabytes = samples.median("trace-megabytes")?;
    let memory = samples.median("trace-memory")?;
    const TREES_MEGABYTES: f64 = 512.0;
    Some(row(
        &format!("Perfetto trace of {} spans", millions(spans)),
        "",
        "memory flat: less than 512 MB more",
        format!("{seconds:.2} s, {megabytes:.0} MB, {memory:.0} MB more memory"),
        memory < TREES_MEGABYTES,
        yardstick,
    ))
}

fn millions(count: f64) -> String {
    format!("{:.2} M", count / 1e6)
}
