//! A group: the blocks that share one segment and one transaction.

use std::collections::HashSet;

use bytes::Bytes;
use catalog::NewBlock;
use model::BlockId;
use tokio::sync::oneshot;

use crate::Config;
use crate::budget::Reservation;
use crate::decode::DecodedBlock;

#[cfg(test)]
mod tests;

/// The storage failure behind it was logged once, for the whole group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupFailed;

/// A block that waits to be stored. It keeps its bytes accounted also when its client is gone.
#[derive(Debug)]
pub(crate) struct Pending {
    pub block: DecodedBlock,
    pub answer: Answer,
}

/// Where the outcome goes; dropping it without one tells the request that its group is lost.
#[derive(Debug)]
pub(crate) struct Answer {
    pub sender: oneshot::Sender<Result<(), GroupFailed>>,
    pub reservation: Reservation,
}

/// Payloads laid back to back, in order of arrival.
#[derive(Debug)]
pub(crate) struct Group {
    pub blocks: Vec<NewBlock>,
    pub parts: Vec<Bytes>,
    /// Length of all parts.
    pub bytes: u64,
    ids: HashSet<BlockId>,
    answers: Vec<Answer>,
}

impl Group {
    /// A group holds at least one block, whatever its size.
    pub fn of(first: Pending) -> Self {
        let mut group = Self {
            blocks: Vec::new(),
            parts: Vec::new(),
            bytes: 0,
            ids: HashSet::new(),
            answers: Vec::new(),
        };
        group.take(first);
        group
    }

    /// Gives the block back if the group is full.
    pub fn add(&mut self, pending: Pending, config: &Config) -> Option<Pending> {
        let bytes = self.bytes + pending.block.payload.len() as u64;
        let is_full = self.answers.len() >= config.segment_blocks_max
            || bytes > config.segment_bytes_max as u64;
        if is_full {
            return Some(pending);
        }
        self.take(pending);
        None
    }

    /// Of a block that is here twice only the first copy is stored; both get the answer.
    fn take(&mut self, Pending { block, answer }: Pending) {
        let DecodedBlock { info, payload } = block;
        if self.ids.insert(info.block_id) {
            let start = self.bytes;
            self.bytes += payload.len() as u64;
            let range = start..self.bytes;
            self.blocks.push(NewBlock { info, range });
            self.parts.push(payload);
        }
        self.answers.push(answer);
    }

    /// Requests that wait for this group.
    pub fn requests(&self) -> usize {
        self.answers.len()
    }

    /// A request whose client is gone does not take its answer, which changes nothing.
    pub fn answer(self, outcome: Result<(), GroupFailed>) {
        for answer in self.answers {
            drop(answer.reservation);
            let _ = answer.sender.send(outcome);
        }
    }
}
