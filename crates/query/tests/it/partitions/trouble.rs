//! The same while stores and connections fail: an answer is right or an error, and what
//! is recorded is whole.

use anyhow::{Context, Result, ensure};
use catalog::PartitionFilter;
use futures::TryStreamExt;
use model::InsertTime;
use test_kit::{Fault, Postgres};
use tokio::sync::mpsc;

use super::questions::Question;
use super::telemetry::{Kind, MINUTE, Program};
use super::world::{World, compare};
use super::{QUESTIONS, run};

/// Steps between two moments of calm.
const STORM: u64 = 12;
const STORE_FAULTS: [Fault; 4] = [
    Fault::Delay,
    Fault::Failure,
    Fault::Truncation,
    Fault::LostAnswer,
];

/// What was answered in a storm.
struct Claim {
    question: Question,
    time: InsertTime,
    revision: usize,
    rows: Vec<String>,
}

impl World {
    /// Steps and questions, all of which may fail; what was answered all the same.
    async fn storm(&mut self, disturb: impl Fn()) -> Result<Vec<Claim>> {
        let mut claims = Vec::new();
        for _ in 0..STORM {
            if self.random.one_in(3) {
                disturb();
            }
            self.done.errors += u64::from(self.step().await.is_err());
            let Ok((question, time)) = self.question().await else {
                continue;
            };
            let revision = self.random.index(self.engines.len());
            let answer = question.answer(&self.engines[revision], time, false).await;
            match answer {
                Ok((rows, _)) => claims.push(Claim {
                    question,
                    time,
                    revision,
                    rows,
                }),
                Err(_) => self.done.errors += 1,
            }
        }
        for house in &self.houses {
            house.just_in_time_idle().await;
        }
        Ok(claims)
    }

    /// What was claimed is true, and nothing is broken.
    async fn calm(&mut self, claims: Vec<Claim>) -> Result<()> {
        for claim in claims {
            if !self.is_kept(claim.time) {
                continue;
            }
            let truth = claim.question.answer(&self.engines[0], claim.time, true);
            let (truth, _) = truth.await?;
            compare(
                &claim.question,
                claim.time,
                claim.revision,
                &truth,
                &claim.rows,
            )?;
            self.done.questions += 1;
        }
        self.check_objects().await?;
        self.step().await.context("a step in the calm")?;
        self.check(QUESTIONS).await
    }

    /// Every partition that anybody sees is there, whole.
    async fn check_objects(&self) -> Result<()> {
        let objects: Vec<_> = self.lake.list_partitions().try_collect().await?;
        let snapshot = self.catalog.snapshot().await?;
        let active = self.catalog.partitions(PartitionFilter::at(snapshot));
        for stored in active.await? {
            let Some(file) = stored.partition.file else {
                continue;
            };
            let is_it = |object: &&lake::PartitionObject| object.key.as_str() == file.key;
            let object = objects.iter().find(is_it);
            let bytes = object.map(|object| object.bytes);
            ensure!(bytes == Some(file.bytes), "{file:?}: {bytes:?}");
        }
        Ok(())
    }
}

async fn in_store_trouble(world: &mut World, steps: u64) -> Result<()> {
    for _ in 0..steps / STORM {
        let probability = *world.random.choose(&[0.01, 0.05, 0.2]);
        for fault in STORE_FAULTS {
            world.faults.set(fault, probability);
        }
        let claims = world.storm(|| ()).await?;
        world.faults.calm();
        world.calm(claims).await?;
    }
    for fault in STORE_FAULTS {
        ensure!(world.faults.count(fault) > 0, "{fault:?} did not happen");
    }
    ensure!(world.done.errors > 0 && world.done.questions > 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_of_a_failing_store_are_right_or_errors() -> Result<()> {
    let folder = tempfile::tempdir()?;
    run(
        async |seed| super::sqlite(&folder, seed),
        in_store_trouble,
        2,
    )
    .await
}

/// Ends all connections while others work with them, whenever it is told to.
async fn interrupt(postgres: &Postgres, mut asked: mpsc::Receiver<()>) -> Result<()> {
    while asked.recv().await.is_some() {
        postgres.terminate_connections().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_over_breaking_connections_are_right_or_errors() -> Result<()> {
    let postgres = Postgres::start().await?;
    let in_trouble = async |world: &mut World, steps: u64| {
        for _ in 0..steps / STORM {
            let (ask, asked) = mpsc::channel(1);
            let storm = world.storm(move || ask.try_send(()).unwrap_or_default());
            let (claims, interrupted) = tokio::join!(storm, interrupt(&postgres, asked));
            interrupted?;
            world.calm(claims?).await?;
        }
        ensure!(world.done.errors > 0 && world.done.questions > 0);
        Ok(())
    };
    let database = async |_| postgres.create_database().await;
    Box::pin(run(database, in_trouble, 8)).await
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_not_asked_for_ever() -> Result<()> {
    const REQUESTS_MAX: u64 = 16;
    let folder = tempfile::tempdir()?;
    let mut world = World::new(1, super::sqlite(&folder, 1)?).await?;
    let start = world.now();
    let program = Program::new(&mut world.random, start);
    world.catalog.register_process(&program.process).await?;
    world.catalog.register_stream(&program.streams[0]).await?;
    for _ in 0..3 {
        world.pass(MINUTE);
        let times = vec![world.now()];
        let block = program.sound_block(&mut world.random, Kind::Log, times);
        world.store(vec![block]).await?;
    }
    let question = Question::new("SELECT * FROM log_entries");
    let time = world.catalog.snapshot().await?;
    for fault in [Fault::Failure, Fault::Truncation] {
        world.faults.set(fault, 1.0);
        let answer = question.answer(&world.engines[0], time, false).await;
        ensure!(answer.is_err(), "{answer:?}");
        let before = world.faults.count(fault);
        ensure!((1..=REQUESTS_MAX).contains(&before), "{before} requests");
        let built = world.build_log_entries().await;
        ensure!(built.is_err(), "{built:?}");
        let requests = world.faults.count(fault) - before;
        ensure!(
            (1..=REQUESTS_MAX).contains(&requests),
            "{requests} requests"
        );
        world.faults.calm();
    }
    let (rows, _) = question.answer(&world.engines[0], time, false).await?;
    ensure!(rows.len() == 3, "{rows:?}");
    ensure!(world.build_log_entries().await?.built == 1);
    world.check_objects().await
}
