//! Net spans: what a network stream spends its bits on.

mod columns;
mod events;
mod rows;
mod stack;

use model::{ProcessId, StreamId};

use super::ChainError;
use super::source::{ChainSource, TickRange};
use crate::clock::TickClock;
use crate::error::Result;
use stack::NetStack;

pub(super) use columns::NetColumn;
pub(super) use events::{NetBlock, NetReader};
pub(super) use rows::NetRows;

/// Follows the events of a network stream.
#[derive(Debug)]
pub(super) struct NetBuilder {
    stack: NetStack,
    range: TickRange,
    clock: TickClock,
    process_id: ProcessId,
    stream_id: StreamId,
    /// Index in the chain of each name of the block at hand.
    block_names: Vec<i32>,
}

impl NetBuilder {
    pub(super) fn new(source: &ChainSource) -> Result<Self> {
        Ok(Self {
            stack: NetStack::new(),
            range: source.range(),
            clock: source.clock()?,
            process_id: source.process.process_id,
            stream_id: source.stream.stream_id,
            block_names: Vec::new(),
        })
    }

    pub(super) fn add(&mut self, block: &NetBlock, object_offset: i64) -> Result<(), ChainError> {
        self.block_names.clear();
        self.stack.learn_names(block, &mut self.block_names)?;
        for event in &block.events {
            if event.ticks < self.range.begin {
                continue;
            }
            if event.ticks > self.range.end {
                break;
            }
            let id = object_offset.wrapping_add(i64::from(event.ordinal));
            self.stack.follow(event, id, &self.block_names);
        }
        Ok(())
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.stack.memory_bytes()
    }

    /// What is still open has no size and yields no row.
    pub(super) fn finish(self) -> NetRows {
        NetRows::new(self.stack, self.clock, self.process_id, self.stream_id)
    }
}
