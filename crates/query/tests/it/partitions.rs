//! Partitions never change an answer: at every snapshot, the rows are the same whether
//! they come from blocks, from partitions, or from both.

mod duckdb;
mod extremes;
mod plans;
mod questions;
mod random;
mod statements;
mod telemetry;
mod trouble;
mod world;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use test_kit::Postgres;

use world::World;

/// Steps of a run, unless this variable says otherwise.
const STEPS_VARIABLE: &str = "MICROMEGAS_TEST_STEPS";
const STEPS: u64 = 1200;
/// The first of the runs' seeds, unless this variable names another one.
const SEED_VARIABLE: &str = "MICROMEGAS_TEST_SEED";
const SEED: u64 = 1;
/// Worlds that share the steps of a run: early history differs most.
const STEPS_OF_WORLD: u64 = 300;
/// Steps between questions, and questions then.
const PAUSE: u64 = 6;
const QUESTIONS: usize = 3;

fn number(variable: &str, default: u64) -> Result<u64> {
    match std::env::var(variable) {
        Ok(text) => text.parse().with_context(|| format!("reading {variable}")),
        Err(_) => Ok(default),
    }
}

async fn live(world: &mut World, steps: u64) -> Result<()> {
    for step in 0..steps {
        let stepped = match step % 2 {
            0 => world.step().await,
            _ => world.step_while_asked().await,
        };
        stepped.with_context(|| format!("step {step}"))?;
        if step % PAUSE == 0 {
            let checked = world.check(QUESTIONS).await;
            checked.with_context(|| format!("after step {step}"))?;
        }
    }
    world.check(4 * QUESTIONS).await?;
    // A world in which little happens proves little.
    let done = world.done;
    let counts = [done.rows, done.built, done.merged, done.partitions];
    ensure!(counts.iter().all(|count| *count > 0), "{done:?}");
    Ok(())
}

/// `url` makes an empty database; `life` is what happens in so many steps,
/// of which the run takes its share.
async fn run(
    url: impl AsyncFn(u64) -> Result<String>,
    life: impl AsyncFn(&mut World, u64) -> Result<()>,
    share: u64,
) -> Result<()> {
    let steps = number(STEPS_VARIABLE, STEPS)? / share;
    let first = number(SEED_VARIABLE, SEED)?;
    for seed in first..first + steps.div_ceil(STEPS_OF_WORLD) {
        let mut world = World::new(seed, url(seed).await?).await?;
        let lived = life(&mut world, steps.min(STEPS_OF_WORLD)).await;
        lived.with_context(|| format!("{SEED_VARIABLE}={seed}"))?;
        println!("seed {seed}: {:?}", world.done);
        world.catalog.close().await;
    }
    Ok(())
}

fn sqlite(folder: &TempDir, seed: u64) -> Result<String> {
    let path = folder.path().join(format!("{seed}.db"));
    Ok(format!("sqlite://{}", path.display()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_and_partitions_answer_alike_on_sqlite() -> Result<()> {
    let folder = tempfile::tempdir()?;
    run(async |seed| sqlite(&folder, seed), live, 1).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_and_partitions_answer_alike_on_postgres() -> Result<()> {
    let postgres = Postgres::start().await?;
    run(async |_| postgres.create_database().await, live, 1).await
}
