//! A made-up program whose threads record as many spans as wanted.

mod encoding;

use std::time::SystemTime;

use bytes::Bytes;
use uuid::Uuid;

use crate::captures::Request;
use encoding::{Block, Stream};

/// Each tree is a root with two children of three leaves each.
pub const SPANS_OF_TREE: u64 = 9;
const EVENTS_OF_TREE: u64 = 2 * SPANS_OF_TREE;
/// Depth and scope of the events of a tree; begins are positive.
const TREE: [(bool, u64); EVENTS_OF_TREE as usize] = [
    (true, 0),
    (true, 1),
    (true, 2),
    (false, 2),
    (true, 3),
    (false, 3),
    (true, 4),
    (false, 4),
    (false, 1),
    (true, 1),
    (true, 2),
    (false, 2),
    (true, 5),
    (false, 5),
    (true, 6),
    (false, 6),
    (false, 1),
    (false, 0),
];
/// Trees of different names follow each other.
const SCOPES_OF_TREE: u64 = 7;
const TREE_NAMES: u64 = 8;
const TICKS_OF_EVENT: u64 = 200;
/// Of the process, at its start.
const START_TICKS: u64 = 1_000_000;

/// One run of the program. Times are nanoseconds since the Unix epoch.
#[derive(Debug, Clone)]
pub struct SpanProgram {
    pub process_id: Uuid,
    pub begin: u64,
    pub threads: Vec<Uuid>,
    /// Blocks of each thread, and trees that begin and end in each.
    pub blocks: u64,
    pub trees: u64,
}

impl SpanProgram {
    /// One that begins now.
    pub fn new(threads: usize, blocks: u64, trees: u64) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            process_id: Uuid::new_v4(),
            begin: now.map_or(0, |now| now.as_nanos() as u64),
            threads: (0..threads).map(|_| Uuid::new_v4()).collect(),
            blocks,
            trees,
        }
    }

    /// Spans of all threads; each of these has one more row, its synthetic root.
    pub fn spans(&self) -> u64 {
        self.threads.len() as u64 * self.blocks * self.trees * SPANS_OF_TREE
    }

    /// When the last event happens.
    pub fn end(&self) -> u64 {
        self.begin + self.blocks * self.trees * EVENTS_OF_TREE * TICKS_OF_EVENT
    }

    /// Begin and end as RFC 3339.
    pub fn range(&self) -> [String; 2] {
        [self.begin, self.end()].map(encoding::time)
    }

    /// What its producer sends, one after the other; blocks are made when they are asked for.
    pub fn requests(&self) -> impl Iterator<Item = Request> + '_ {
        let register = std::iter::once(request("insert_process", encoding::process(self)));
        let threads = self.threads.iter();
        let streams = threads.clone().zip(0..).map(|(id, index)| {
            let stream = Stream { program: self, id };
            request("insert_stream", stream.encode(&format!("worker-{index}")))
        });
        let blocks = threads.flat_map(|id| {
            (0..self.blocks).map(|index| request("insert_block", self.block(id, index)))
        });
        register.chain(streams).chain(blocks)
    }

    fn block(&self, stream: &Uuid, index: u64) -> Vec<u8> {
        let events = self.trees * EVENTS_OF_TREE;
        let first = index * events;
        Block {
            program: self,
            stream,
            first,
            events,
        }
        .encode(&self.objects(first, events))
    }

    fn objects(&self, first: u64, events: u64) -> Vec<u8> {
        let mut objects = Vec::with_capacity(events as usize * encoding::EVENT_BYTES);
        for event in first..first + events {
            let (is_begin, scope) = TREE[(event % EVENTS_OF_TREE) as usize];
            let tree = event / EVENTS_OF_TREE % TREE_NAMES;
            let ticks = START_TICKS + event * TICKS_OF_EVENT;
            encoding::event(&mut objects, is_begin, tree * SCOPES_OF_TREE + scope, ticks);
        }
        objects
    }
}

fn request(route: &str, body: Vec<u8>) -> Request {
    Request {
        method: "POST".to_owned(),
        path: format!("/ingestion/{route}"),
        headers: Vec::new(),
        body: Bytes::from(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_closes_what_it_opens() {
        let mut open = Vec::new();
        let mut spans = 0;
        for (is_begin, scope) in TREE {
            if is_begin {
                open.push(scope);
                spans += 1;
            } else {
                assert_eq!(open.pop(), Some(scope));
            }
            assert!(scope < SCOPES_OF_TREE);
        }
        assert!(open.is_empty());
        assert_eq!(spans, SPANS_OF_TREE);
    }

    #[test]
    fn requests_register_before_they_send() {
        let program = SpanProgram::new(2, 3, 4);
        let paths: Vec<String> = program.requests().map(|request| request.path).collect();
        assert_eq!(paths.len(), 1 + 2 + 6);
        assert!(paths[0].ends_with("insert_process"));
        assert!(
            paths[1..3]
                .iter()
                .all(|path| path.ends_with("insert_stream"))
        );
        assert!(paths[3..].iter().all(|path| path.ends_with("insert_block")));
        assert_eq!(program.spans(), 2 * 3 * 4 * SPANS_OF_TREE);
    }
}
