//! Thread spans: the call tree of one thread.

mod columns;
mod events;
mod recent;
mod rows;
mod scopes;
mod tree;

use super::ChainError;
use super::source::{ChainSource, thread_name};
use crate::clock::TickClock;
use crate::error::Result;
use crate::scope::Scope;
use events::SpanEvent;
use scopes::ChainScopes;
use tree::CallTree;

pub(super) use columns::SpanColumn;
pub(super) use events::{SpanBlock, SpanReader};
pub(super) use rows::SpanRows;

/// Follows the events of a thread.
#[derive(Debug)]
pub(super) struct SpanBuilder {
    tree: CallTree,
    scopes: ChainScopes,
    clock: TickClock,
    thread_name: String,
    /// Scope in the chain of each scope of the block at hand.
    block_scopes: Vec<u32>,
}

impl SpanBuilder {
    pub(super) fn new(source: &ChainSource) -> Result<Self> {
        let thread_name = thread_name(&source.stream);
        let root_hash = thread_scope(&thread_name).hash();
        Ok(Self {
            tree: CallTree::new(source.range(), root_hash, source.events / 2),
            scopes: ChainScopes::new(),
            clock: source.clock()?,
            thread_name,
            block_scopes: Vec::new(),
        })
    }

    pub(super) fn add(&mut self, block: &SpanBlock, object_offset: i64) -> Result<(), ChainError> {
        self.block_scopes.clear();
        self.scopes.add(&block.scopes, &mut self.block_scopes)?;
        self.tree.start_block(object_offset, block.begins)?;
        let range = self.tree.range();
        for event in &block.events {
            if event.ticks < range.begin {
                continue;
            }
            if event.ticks > range.end {
                break;
            }
            self.follow(event)?;
        }
        Ok(())
    }

    #[inline]
    fn follow(&mut self, event: &SpanEvent) -> Result<(), ChainError> {
        let scope = self.block_scopes[event.scope() as usize];
        match event.is_begin() {
            true => self.tree.begin(scope, event),
            false => self.tree.end(scope, event, &self.scopes),
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.tree.memory_bytes() + self.scopes.memory_bytes() + self.thread_name.len()
    }

    pub(super) fn finish(mut self) -> SpanRows {
        let root = self.tree.is_rooted().then(|| {
            let scope = thread_scope(&self.thread_name);
            self.scopes.key(&scope)
        });
        SpanRows::new(self.tree.finish(root), self.scopes, self.clock)
    }
}

/// What stands for the whole thread in a call tree.
fn thread_scope(thread_name: &str) -> Scope<'_> {
    Scope {
        name: thread_name,
        file: "",
        target: "",
        line: 0,
    }
}
