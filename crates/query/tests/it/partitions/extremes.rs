//! Blocks at the limits: of time, and of what goes into one partition.

use anyhow::{Result, ensure};
use model::TimeNs;

use super::questions::Question;
use super::sqlite;
use super::telemetry::{HOUR, Kind, Program};
use super::world::{World, compare};

/// Payload bytes of a block, three of which are too many for one partition.
const LARGE: usize = 7 << 20;

async fn check(world: &World, questions: &[String]) -> Result<()> {
    let now = world.catalog.snapshot().await?;
    for sql in questions {
        let question = Question::new(sql);
        let (truth, _) = question.answer(&world.engines[0], now, true).await?;
        ensure!(!truth.is_empty(), "{sql}");
        let (answer, read) = question.answer(&world.engines[0], now, false).await?;
        compare(&question, now, 0, &truth, &answer)?;
        ensure!(read.partitions() > 0, "{sql}");
    }
    Ok(())
}

/// Ticks may be any number: such events happened at the end or the begin of time.
#[tokio::test]
async fn events_at_the_limits_of_time_are_counted() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut world = World::new(1, sqlite(&folder, 1)?).await?;
    let start = world.now();
    let mut program = Program::new(&mut world.random, start);
    program.process.tsc_frequency = 1;
    program.process.start_ticks = 0;
    program.process.start_time = -1;
    world.register_all(&program).await?;
    for kind in [Kind::Log, Kind::Metric] {
        let block = program.block_of_ticks(&mut world.random, kind, &[i64::MIN, 0, i64::MAX]);
        world.store(vec![block]).await?;
    }
    world.pass(HOUR);
    world.materialize_all().await?;
    let questions = [
        "SELECT * FROM log_entries",
        "SELECT * FROM measures",
        "SELECT * FROM log_stats",
        "SELECT sum(count) FROM log_stats",
        "SELECT count(*) FROM log_stats WHERE time_bin IS NOT NULL",
        "SELECT count(time_bin) FROM __log_stats__partitions",
        "SELECT min(time), max(time) FROM log_entries",
        "SELECT time FROM log_entries ORDER BY time",
    ];
    check(&world, &questions.map(str::to_owned)).await?;
    let now = world.catalog.snapshot().await?;
    for (begin, end, rows) in [
        (TimeNs::MIN, TimeNs::MAX, 3),
        (TimeNs::MIN, TimeNs::MIN, 1),
        (TimeNs::MAX - 1, TimeNs::MAX, 1),
        (TimeNs::MIN + 1, TimeNs::MAX - 2, 1),
    ] {
        let question = Question {
            range: Some(model::TimeRange { begin, end }),
            ..Question::new("SELECT time FROM log_entries")
        };
        for blocks_only in [true, false] {
            let answer = question.answer(&world.engines[0], now, blocks_only);
            let (answer, _) = answer.await?;
            ensure!(
                answer.len() == rows,
                "{question:?} {blocks_only}: {answer:?}"
            );
        }
    }
    Ok(())
}

/// Some partitions are made instead of one, and of an instance as well.
#[tokio::test]
async fn many_bytes_become_several_partitions() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut world = World::new(1, sqlite(&folder, 1)?).await?;
    let start = world.now();
    let mut program = Program::new(&mut world.random, start);
    program.process.tsc_frequency = 1_000_000_000;
    world.register_all(&program).await?;
    for _ in 0..4 {
        world.pass(1);
        let time = world.now();
        let block = program.large_block(&mut world.random, time, LARGE);
        world.store(vec![block]).await?;
    }
    world.pass(2 * HOUR);
    let built = world.build_log_entries().await?;
    ensure!(built.built > 1 && built.rows == 4, "{built:?}");
    let id = program.process.process_id;
    let of_instance =
        format!("SELECT time, length(msg), md5(msg) FROM view_instance('log_entries', '{id}')");
    let now = world.catalog.snapshot().await?;
    let question = Question::new(&of_instance);
    question.answer(&world.engines[0], now, false).await?;
    world.houses[0].just_in_time_idle().await;
    let all = "SELECT time, length(msg), md5(msg) FROM log_entries".to_owned();
    check(&world, &[all, of_instance]).await
}
