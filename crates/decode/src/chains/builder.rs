//! Putting the blocks of a chain together.

use model::TimeRange;

use super::block::TableEvents;
use super::net::NetBuilder;
use super::rows::TableRows;
use super::spans::SpanBuilder;
use super::{ChainBlock, ChainError, ChainRows, ChainSource, ChainTable};
use crate::error::Result;

/// Builds the rows of one chain from its blocks, in order.
#[derive(Debug)]
pub struct ChainBuilder {
    table: TableBuilder,
    range: TimeRange,
}

#[derive(Debug)]
enum TableBuilder {
    ThreadSpans(Box<SpanBuilder>),
    NetSpans(Box<NetBuilder>),
}

impl ChainBuilder {
    pub fn new(table: ChainTable, source: &ChainSource) -> Result<Self> {
        let table = match table {
            ChainTable::ThreadSpans => {
                TableBuilder::ThreadSpans(Box::new(SpanBuilder::new(source)?))
            }
            ChainTable::NetSpans => TableBuilder::NetSpans(Box::new(NetBuilder::new(source)?)),
        };
        let (clock, ticks) = (source.clock()?, source.range());
        let range = TimeRange {
            begin: clock.time_ns(ticks.begin),
            end: clock.time_ns(ticks.end),
        };
        Ok(Self { table, range })
    }

    /// The next block of the chain. After an error the builder is of no use.
    pub fn add(&mut self, block: &ChainBlock) -> Result<(), ChainError> {
        match (&mut self.table, &block.events) {
            (TableBuilder::ThreadSpans(builder), TableEvents::ThreadSpans(events)) => {
                builder.add(events, block.object_offset)
            }
            (TableBuilder::NetSpans(builder), TableEvents::NetSpans(events)) => {
                builder.add(events, block.object_offset)
            }
            _ => Err(ChainError::OtherTable),
        }
    }

    /// Memory that the chain takes so far, roughly.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.table {
                TableBuilder::ThreadSpans(builder) => builder.memory_bytes(),
                TableBuilder::NetSpans(builder) => builder.memory_bytes(),
            }
    }

    /// Every block was added.
    pub fn finish(self) -> ChainRows {
        let rows = match self.table {
            TableBuilder::ThreadSpans(builder) => TableRows::ThreadSpans(builder.finish()),
            TableBuilder::NetSpans(builder) => TableRows::NetSpans(builder.finish()),
        };
        ChainRows::new(rows, self.range)
    }
}
