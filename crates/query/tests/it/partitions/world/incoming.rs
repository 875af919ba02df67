//! What comes in.

use anyhow::Result;
use catalog::{NewBlock, NewSegment};

use super::super::telemetry::{Block, DAY, HOUR, Kind, MINUTE, Program, SECOND};
use super::{BEGIN, PROGRAMS_MAX, World};

impl World {
    /// Something comes in.
    pub async fn ingest(&mut self) -> Result<()> {
        self.pass_time();
        self.register().await?;
        self.commit().await
    }

    pub(super) fn pass_time(&mut self) {
        let unit = *self
            .random
            .choose(&[1, SECOND, MINUTE, MINUTE, HOUR, HOUR, 6 * HOUR]);
        let passed = 1 + self.random.within(0..3 * unit);
        match self.random.one_in(20) {
            // Clocks are set back as well.
            true => self.pass((-passed).max(BEGIN - self.now())),
            false => self.pass(passed),
        }
    }

    pub(super) async fn register(&mut self) -> Result<()> {
        if self.programs.len() < PROGRAMS_MAX && self.random.one_in(2) {
            let start = self.now() - self.random.within(0..2 * DAY);
            self.programs.push(Program::new(&mut self.random, start));
        }
        let index = match self.random.one_in(2) {
            true => self.programs.len() - 1,
            false => self.random.index(self.programs.len()),
        };
        let program = &self.programs[index];
        // Sometimes a part is missing until the next time.
        if !self.random.one_in(4) {
            self.catalog.register_process(&program.process).await?;
        }
        for stream in &program.streams {
            if !self.random.one_in(4) {
                self.catalog.register_stream(stream).await?;
            }
        }
        Ok(())
    }

    pub async fn register_all(&self, program: &Program) -> Result<()> {
        self.catalog.register_process(&program.process).await?;
        for stream in &program.streams {
            self.catalog.register_stream(stream).await?;
        }
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<()> {
        let count = 1 + self.random.below(4);
        let blocks = (0..count).flat_map(|_| self.blocks()).collect();
        self.store(blocks).await
    }

    /// Blocks in one segment.
    pub async fn store(&mut self, stored: Vec<Block>) -> Result<()> {
        let (mut payloads, mut blocks, mut end) = (Vec::new(), Vec::new(), 0);
        for block in stored {
            let begin = end;
            end += block.payload.len() as u64;
            payloads.push(block.payload);
            blocks.push(NewBlock {
                info: block.info,
                range: begin..end,
            });
        }
        let (key, bytes) = self.lake.write_segment(payloads).await?;
        let segment = NewSegment {
            key: key.as_str().to_owned(),
            bytes,
        };
        let committed = self.catalog.commit_blocks(&segment, &blocks).await?;
        self.done.blocks += committed.new_blocks as u64;
        Ok(())
    }

    /// One, or several of a thread.
    fn blocks(&mut self) -> Vec<Block> {
        let program = self.random.index(self.programs.len());
        let kind = *self
            .random
            .choose(&[Kind::Log, Kind::Metric, Kind::Span, Kind::Span]);
        let count = match kind {
            Kind::Span => 1 + self.random.below(4),
            _ => 1,
        };
        (0..count).map(|_| self.block(program, kind)).collect()
    }

    fn block(&mut self, program: usize, kind: Kind) -> Block {
        let now = self.now();
        let random = &mut self.random;
        let program = &mut self.programs[program];
        let late = *random.choose(&[SECOND, MINUTE, HOUR, 2 * DAY]);
        let late = random.within(0..late);
        let begin = (now - late).max(program.process.start_time);
        let length = *random.choose(&[1, SECOND, MINUTE, HOUR]);
        let count = 1 + random.index(12);
        let mut begin = begin;
        if let (Kind::Span, Some(until)) = (kind, program.spans_until)
            && !random.one_in(4)
        {
            begin = until;
        }
        let times = (0..count).map(|_| begin + random.within(0..length));
        let mut times: Vec<_> = times.collect();
        if kind == Kind::Span {
            times.push(begin);
            program.spans_until = times.iter().copied().max();
        }
        program.block(random, kind, times)
    }
}
