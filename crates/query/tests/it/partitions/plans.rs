//! What partitions spare a query.

use anyhow::{Context, Result};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::arrow::record_batch::RecordBatch;
use futures::TryStreamExt;
use model::{InsertRange, InsertTime, TimeNs, TimeRange};
use query::QueryRequest;
use views::{Effort, Gaps};

use super::questions::{Order, Question};
use super::telemetry::{HOUR, Kind, MINUTE, Program};
use super::world::World;

pub const EFFORT: Effort = Effort {
    payload_bytes_min: 0,
    gaps: Gaps::Stay,
    merge: false,
};
const HOURS: i64 = 24;

/// An entry each minute of a day, and a partition for each hour but the last so many.
async fn a_day(folder: &tempfile::TempDir, fresh_hours: i64) -> Result<(World, TimeNs)> {
    let mut world = World::new(1, super::sqlite(folder, 1)?).await?;
    let begin = world.now();
    let mut program = Program::new(&mut world.random, begin);
    program.process.tsc_frequency = 1_000_000_000;
    world.catalog.register_process(&program.process).await?;
    world.catalog.register_stream(&program.streams[0]).await?;
    for hour in 0..HOURS {
        let minutes = (1..60).map(|minute| world.now() + minute * MINUTE);
        let minutes = minutes.collect();
        world.pass(HOUR);
        let block = program.sound_block(&mut world.random, Kind::Log, minutes);
        world.store(vec![block]).await?;
        if hour < HOURS - fresh_hours {
            let range = InsertRange::new(
                InsertTime(world.now() - HOUR + 1),
                InsertTime(world.now() + 1),
            );
            let house = &world.houses[0];
            for view in house.global_views() {
                house.maintain(&view, range, EFFORT).await?;
            }
        }
    }
    Ok((world, begin))
}

async fn explain(world: &World, sql: &str, range: Option<TimeRange>) -> Result<String> {
    let request = QueryRequest {
        range,
        ..QueryRequest::new(format!("EXPLAIN FORMAT INDENT {sql}"))
    };
    let query = world.engines[0].plan(request).await?;
    let batches: Vec<RecordBatch> = query.execute().await?.try_collect().await?;
    let plans = batches.iter().flat_map(|batch| {
        let kinds = batch.column(0).as_string::<i32>().iter();
        kinds.zip(batch.column(1).as_string::<i32>().iter())
    });
    let mut plans = plans.filter(|(kind, _)| *kind == Some("physical_plan"));
    let (_, plan) = plans.next().context("no physical plan")?;
    Ok(plan.unwrap_or_default().to_owned())
}

/// The operators below `sort`, which is the only one of its kind.
fn below<'a>(plan: &'a str, sort: &str) -> Vec<&'a str> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = plan.lines().skip_while(|line| !line.contains(sort));
    let first = lines.next().unwrap_or_default();
    lines
        .take_while(|line| indent(line) > indent(first))
        .collect()
}

#[tokio::test]
async fn rows_of_partitions_are_in_order_already() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (world, begin) = a_day(&folder, 0).await?;
    let range = TimeRange {
        begin,
        end: begin + HOURS * HOUR,
    };
    for (sql, range) in [
        ("SELECT time, msg FROM log_entries ORDER BY time", None),
        (
            "SELECT time, msg FROM log_entries ORDER BY time",
            Some(range),
        ),
        ("SELECT msg FROM log_entries ORDER BY time LIMIT 10", None),
        (
            "SELECT msg FROM log_entries WHERE level < 3 ORDER BY time",
            None,
        ),
        ("SELECT * FROM blocks ORDER BY insert_time", None),
    ] {
        let plan = explain(&world, sql, range).await?;
        assert!(!plan.contains("SortExec"), "{sql}\n{plan}");
        assert!(plan.contains("DataSourceExec"), "{sql}\n{plan}");
    }
    Ok(())
}

#[tokio::test]
async fn only_the_tail_is_sorted() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (world, begin) = a_day(&folder, 2).await?;
    let range = TimeRange {
        begin,
        end: begin + HOURS * HOUR,
    };
    for (sql, range) in [
        ("SELECT time, msg FROM log_entries ORDER BY time", None),
        (
            "SELECT time, msg FROM log_entries ORDER BY time",
            Some(range),
        ),
    ] {
        let plan = explain(&world, sql, range).await?;
        assert_eq!(plan.matches("SortExec").count(), 1, "{sql}\n{plan}");
        let sorted = below(&plan, "SortExec").join("\n");
        assert!(sorted.contains("StreamingTableExec"), "{sql}\n{plan}");
        assert!(!sorted.contains("DataSourceExec"), "{sql}\n{plan}");
    }
    Ok(())
}

#[tokio::test]
async fn a_minute_opens_one_partition() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (world, begin) = a_day(&folder, 2).await?;
    let minute = begin + 5 * HOUR + 10 * MINUTE;
    let range = TimeRange {
        begin: minute,
        end: minute + MINUTE - 1,
    };
    let header = QueryRequest {
        range: Some(range),
        ..QueryRequest::new("SELECT count(*) FROM log_entries")
    };
    let predicate = QueryRequest::new(format!(
        "SELECT count(*) FROM log_entries WHERE CAST(time AS BIGINT) >= {minute} AND time >= \
         arrow_cast({minute}, 'Timestamp(Nanosecond, Some(\"+00:00\"))') AND time <= \
         arrow_cast({}, 'Timestamp(Nanosecond, Some(\"+00:00\"))')",
        range.end
    ));
    for request in [header, predicate] {
        let query = world.engines[0].plan(request.clone()).await?;
        let counters = query.counters();
        let batches: Vec<RecordBatch> = query.execute().await?.try_collect().await?;
        let count = batches[0].column(0).as_primitive::<Int64Type>();
        assert_eq!(count.value(0), 1, "{request:?}");
        let opened = (
            counters.partitions(),
            counters.pruned_partitions(),
            counters.blocks(),
        );
        assert_eq!(opened, (1, HOURS as u64 - 3, 0), "{request:?}");
    }
    Ok(())
}

/// More overlap than files are read side by side: the order is made, not promised.
#[tokio::test]
async fn rows_of_many_overlapping_partitions_are_sorted() -> Result<()> {
    const PARTITIONS: i64 = 40;
    let folder = tempfile::tempdir()?;
    let mut world = World::new(1, super::sqlite(&folder, 1)?).await?;
    let begin = world.now();
    let program = Program::new(&mut world.random, begin);
    world.catalog.register_process(&program.process).await?;
    world.catalog.register_stream(&program.streams[0]).await?;
    for n in 0..PARTITIONS {
        world.pass(HOUR);
        let times = vec![begin + n * MINUTE, begin + HOUR - n * MINUTE];
        let block = program.sound_block(&mut world.random, Kind::Log, times);
        world.store(vec![block]).await?;
        world.pass(1);
        world.build_log_entries().await?;
    }
    let (question, now) = (
        Question {
            order: Order::Given,
            ..Question::new("SELECT time FROM log_entries ORDER BY time")
        },
        world.catalog.snapshot().await?,
    );
    let (truth, _) = question.answer(&world.engines[0], now, true).await?;
    let (rows, read) = question.answer(&world.engines[0], now, false).await?;
    assert_eq!(rows, truth);
    assert_eq!((rows.len() as i64, read.blocks()), (2 * PARTITIONS, 0));
    assert_eq!(read.partitions() as i64, PARTITIONS);
    Ok(())
}
