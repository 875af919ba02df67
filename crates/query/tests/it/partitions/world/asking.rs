//! Questions, asked of blocks and of partitions.

use anyhow::{Result, ensure};
use model::{InsertTime, ProcessId, StreamId};

use super::super::questions::Question;
use super::super::statements::Subjects;
use super::super::telemetry::{DAY, Kind};
use super::{BEGIN, World};

impl World {
    pub(super) fn processes(&self) -> Vec<ProcessId> {
        let programs = self.programs.iter();
        programs.map(|program| program.process.process_id).collect()
    }

    pub(super) fn threads(&self) -> Vec<StreamId> {
        let programs = self.programs.iter();
        let threads = programs.map(|program| program.streams[Kind::Span as usize].stream_id);
        threads.collect()
    }

    /// A question, and a moment that it may be asked about.
    pub async fn question(&mut self) -> Result<(Question, InsertTime)> {
        let processes = self.processes();
        let streams = self.threads();
        let subjects = Subjects {
            processes: &processes,
            streams: &streams,
            first: BEGIN - DAY,
            last: self.now(),
        };
        let question = Question::random(&mut self.random, &subjects);
        let time = match self.snapshots.is_empty() || self.random.one_in(2) {
            true => self.catalog.snapshot().await?,
            false => *self.random.choose(&self.snapshots),
        };
        Ok((question, time))
    }

    /// Something happens while a question is answered.
    pub async fn step_while_asked(&mut self) -> Result<()> {
        let (question, time) = self.question().await?;
        let revision = self.random.index(self.engines.len());
        let engines = self.engines.clone();
        let asked = async {
            let truth = question.answer(&engines[0], time, true).await;
            (
                truth,
                question.answer(&engines[revision], time, false).await,
            )
        };
        let (stepped, (truth, answer)) = tokio::join!(Box::pin(self.step()), asked);
        stepped?;
        if self.is_kept(time) {
            let (truth, answer) = (truth?.0, answer?.0);
            compare(&question, time, revision, &truth, &answer)?;
            self.done.questions += 1;
        }
        Ok(())
    }

    /// Ask so many questions: blocks alone tell the truth.
    pub async fn check(&mut self, questions: usize) -> Result<()> {
        for _ in 0..questions {
            let (question, time) = self.question().await?;
            let (truth, read) = question.answer(&self.engines[0], time, true).await?;
            ensure!(read.partitions() == 0);
            self.done.skipped_blocks += read.skipped_blocks();
            for (revision, engine) in self.engines.iter().enumerate() {
                let (answer, read) = question.answer(engine, time, false).await?;
                self.done.partitions += read.partitions();
                compare(&question, time, revision, &truth, &answer)?;
            }
            self.done.questions += 1;
            self.done.rows += truth.len() as u64;
        }
        for house in &self.houses {
            house.just_in_time_idle().await;
        }
        Ok(())
    }
}

pub fn compare(
    question: &Question,
    time: InsertTime,
    revision: usize,
    truth: &[String],
    answer: &[String],
) -> Result<()> {
    ensure!(
        answer == truth,
        "{question:?}\nas of {time:?} in revision {revision}{}",
        difference(truth, answer)
    );
    Ok(())
}

fn difference(truth: &[String], answer: &[String]) -> String {
    const SHOWN: usize = 5;
    let only = |these: &[String], others: &[String]| {
        let only = these.iter().filter(|row| !others.contains(row));
        let only: Vec<_> = only.take(SHOWN).map(String::as_str).collect();
        only.join("\n  ")
    };
    format!(
        ": {} rows instead of {}\nmissing:\n  {}\nwrong:\n  {}",
        answer.len(),
        truth.len(),
        only(truth, answer),
        only(answer, truth)
    )
}
