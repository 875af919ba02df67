//! Events of a thread written by their meaning, and the chains they make.

use decode::ChainTable;

use super::model::Action;
use super::rust_thread::{RUST_DEPENDENCIES, RUST_OBJECTS};
use super::support::{Chain, ChainPart, START_TICKS};
use crate::support::metadata;

/// Name, file, target, line and hash.
pub type Scope = (&'static str, &'static str, &'static str, u32, u32);

/// All but the last differ in one part; another program computed the hashes.
pub const SCOPES: [Scope; 6] = [
    ("a", "f.rs", "t", 1, 0x160e_b655),
    ("a", "g.rs", "t", 1, 0x0713_68b9),
    ("a", "f.rs", "t", 2, 0x59df_768d),
    ("a", "f.rs", "u", 1, 0x796e_08e0),
    ("b", "f.rs", "t", 1, 0xdb00_1511),
    ("", "", "", 0, 0x9e6f_8194),
];

/// What stands for the thread.
pub const ROOT: Scope = ("7", "", "", 0, 0xbaba_35e3);

/// An event of one scope, and how its producer writes it.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub action: Action,
    pub scope: usize,
    pub ticks: i64,
    /// With the name in the event.
    pub named: bool,
}

/// Ids are addresses, different in every block.
pub fn dependencies(base: u64) -> Vec<u8> {
    let mut buffer = Vec::new();
    let mut text = |id: u64, text: &str| {
        buffer.push(2);
        buffer.extend_from_slice(&(8 + text.len() as u32).to_le_bytes());
        buffer.extend_from_slice(&id.to_le_bytes());
        buffer.extend_from_slice(text.as_bytes());
    };
    for (index, (name, file, target, ..)) in (0..).zip(SCOPES) {
        for (part, content) in (0..).zip([name, file, target]) {
            text(base + 0x100 * index + part, content);
        }
    }
    for (index, (_, _, _, line, _)) in (0..).zip(SCOPES) {
        let scope = base + 0x100 * index;
        for (type_index, id) in [(0, scope + 0x10), (1, scope + 0x20)] {
            buffer.push(type_index);
            let mut ids = vec![id, scope, scope + 2, scope + 2, scope + 1];
            if type_index == 1 {
                ids.remove(1);
            }
            buffer.extend(ids.into_iter().flat_map(u64::to_le_bytes));
            buffer.extend([line, 3].into_iter().flat_map(u32::to_le_bytes));
        }
    }
    buffer
}

pub fn encode(step: &Step, base: u64, objects: &mut Vec<u8>) {
    let scope = base + 0x100 * step.scope as u64;
    let ticks = START_TICKS + step.ticks;
    let kind = match step.action {
        Action::Begin => 0,
        Action::End => 1,
        Action::Other => {
            objects.extend([8, 1, 0, 0, 0, 0xff]);
            return;
        }
    };
    if step.named {
        objects.push(kind + 2);
        objects.extend(
            [scope + 0x20, scope, 7]
                .into_iter()
                .flat_map(u64::to_le_bytes),
        );
    } else {
        objects.push(kind);
        objects.extend((scope + 0x10).to_le_bytes());
    }
    objects.extend(ticks.to_le_bytes());
}

pub fn chain(blocks: &[Vec<Step>], ticks: (i64, i64)) -> Chain {
    let mut chain = Chain::new(
        ChainTable::ThreadSpans,
        metadata(RUST_DEPENDENCIES),
        metadata(RUST_OBJECTS),
    );
    chain.properties = vec![("thread-id", "7")];
    chain.ticks = ticks;
    let mut object_offset = 0;
    for (index, steps) in (0..).zip(blocks) {
        let base = 0x1_0000 + 0x10 * (index % 3);
        let mut objects = Vec::new();
        for step in steps {
            encode(step, base, &mut objects);
        }
        chain.blocks.push(ChainPart {
            dependencies: dependencies(base),
            objects,
            object_offset,
        });
        object_offset += steps.len() as i64;
    }
    chain
}

/// `a(` begins scope `a`, `a)` ends it, `.` is another event; each takes one tick, and
/// `|` starts another block.
pub fn parse(text: &str) -> Vec<Vec<Step>> {
    let mut ticks = 0;
    let block = |block: &str| {
        let words = block.split_whitespace();
        let step = |word: &str| {
            ticks += 1;
            Step {
                action: match word.as_bytes()[word.len() - 1] {
                    b'(' => Action::Begin,
                    b')' => Action::End,
                    _ => Action::Other,
                },
                scope: if word.starts_with('b') { 4 } else { 0 },
                ticks,
                named: false,
            }
        };
        words.map(step).collect()
    };
    text.split('|').map(block).collect()
}
