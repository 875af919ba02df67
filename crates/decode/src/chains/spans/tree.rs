//! The call tree as a flat list in the order in which spans begin.
//!
//! A thread may have been in the middle of something when its recording began: an end
//! event that finds no open span belongs to one that began before the chain. It
//! encloses everything until then, and is kept apart as a [`Wrap`]. All of them begin
//! with the chain, each later one around the earlier ones, and around the last one
//! lies the root, which stands for the thread.

use super::events::SpanEvent;
use super::scopes::ChainScopes;
use crate::chains::ChainError;
use crate::chains::source::TickRange;

/// Spans of a chain; their positions are 32 bits wide.
const MAX_SPANS: usize = (u32::MAX - 1) as usize;

/// Parent of a span that no span in the list encloses.
pub(super) const NO_PARENT: u32 = u32::MAX;

/// The id of the root.
const ROOT_ID: i64 = -1;

/// A span whose begin was recorded. Times are in ticks while the tree grows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub begin: i64,
    pub end: i64,
    /// Position in the list, or [`NO_PARENT`].
    pub parent: u32,
    /// How many spans in the list enclose it.
    pub depth: u32,
    pub scope: u32,
    /// Position of its begin event in its block.
    pub ordinal: u32,
}

/// A span that begins with the chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wrap {
    pub id: i64,
    pub end: i64,
    pub scope: u32,
}

/// What nodes next to each other have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    /// Position of its first node; it ends where the next segment starts.
    pub first: u32,
    /// Of the block that the nodes come from.
    pub object_offset: i64,
    /// Wraps that ended before these nodes, which the later ones enclose.
    pub wraps: u32,
}

/// A call tree that grows.
#[derive(Debug)]
pub(super) struct CallTree {
    range: TickRange,
    root_hash: u32,
    nodes: Vec<Node>,
    /// Positions of the spans that are open, the outermost first.
    open: Vec<u32>,
    wraps: Vec<Wrap>,
    segments: Vec<Segment>,
    /// Whether a span that nothing encloses has ended, so that there is a root.
    rooted: bool,
    /// Of the block at hand.
    object_offset: i64,
    latest_begin: i64,
}

/// A complete call tree.
#[derive(Debug)]
pub(super) struct FlatTree {
    pub range: TickRange,
    /// The root and the wraps, the outermost first; each is the parent of the next.
    pub outer: Vec<Wrap>,
    pub nodes: Vec<Node>,
    pub segments: Vec<Segment>,
}

impl CallTree {
    /// `root_hash` = that of the scope of the root, `spans` = about how many there will be.
    pub(super) fn new(range: TickRange, root_hash: u32, spans: usize) -> Self {
        Self {
            range,
            root_hash,
            nodes: Vec::with_capacity(spans),
            open: Vec::new(),
            wraps: Vec::new(),
            segments: Vec::new(),
            rooted: false,
            object_offset: 0,
            latest_begin: range.begin,
        }
    }

    pub(super) fn range(&self) -> TickRange {
        self.range
    }

    pub(super) fn is_rooted(&self) -> bool {
        self.rooted
    }

    /// The next events are those of a block with at most `begins` new spans.
    pub(super) fn start_block(
        &mut self,
        object_offset: i64,
        begins: usize,
    ) -> Result<(), ChainError> {
        if self.nodes.len() + begins > MAX_SPANS {
            return Err(ChainError::TooManySpans { max: MAX_SPANS });
        }
        self.nodes.reserve(begins);
        self.object_offset = object_offset;
        self.start_segment();
        Ok(())
    }

    fn start_segment(&mut self) {
        let segment = Segment {
            first: self.nodes.len() as u32,
            object_offset: self.object_offset,
            wraps: self.wraps.len() as u32,
        };
        match self.segments.last_mut() {
            Some(last) if last.first == segment.first => *last = segment,
            _ => self.segments.push(segment),
        }
    }

    #[inline]
    pub(super) fn begin(&mut self, scope: u32, event: &SpanEvent) -> Result<(), ChainError> {
        if event.ticks < self.latest_begin {
            let event = self.id(event);
            return Err(ChainError::Backwards { event });
        }
        self.latest_begin = event.ticks;
        let position = self.nodes.len() as u32;
        self.nodes.push(Node {
            begin: event.ticks,
            end: self.range.end,
            parent: self.open.last().copied().unwrap_or(NO_PARENT),
            depth: self.open.len() as u32,
            scope,
            ordinal: event.ordinal,
        });
        self.open.push(position);
        Ok(())
    }

    #[inline]
    pub(super) fn end(
        &mut self,
        scope: u32,
        event: &SpanEvent,
        scopes: &ChainScopes,
    ) -> Result<(), ChainError> {
        let Some(position) = self.open.pop() else {
            return self.wrap(scope, event, scopes);
        };
        let node = &mut self.nodes[position as usize];
        if node.scope != scope && scopes.get(node.scope).hash != scopes.get(scope).hash {
            let open = scopes.describe(node.scope);
            return Err(ChainError::Mismatch {
                event: self.id(event),
                closing: scopes.describe(scope),
                open,
            });
        }
        node.end = event.ticks;
        self.rooted |= self.open.is_empty();
        Ok(())
    }

    /// Everything so far happened inside a span whose begin was not recorded.
    #[cold]
    fn wrap(
        &mut self,
        scope: u32,
        event: &SpanEvent,
        scopes: &ChainScopes,
    ) -> Result<(), ChainError> {
        if self.wraps.len() == MAX_SPANS {
            return Err(ChainError::TooManySpans { max: MAX_SPANS });
        }
        // A scope that can not be told from the root ends the root itself.
        let ends_root = self.rooted && scopes.get(scope).hash == self.root_hash;
        self.wraps.push(Wrap {
            id: if ends_root { ROOT_ID } else { self.id(event) },
            end: event.ticks,
            scope,
        });
        self.rooted = true;
        self.start_segment();
        Ok(())
    }

    /// Producers choose the offset, so the sum may be anything.
    fn id(&self, event: &SpanEvent) -> i64 {
        self.object_offset.wrapping_add(i64::from(event.ordinal))
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + self.open.capacity() * size_of::<u32>()
            + self.wraps.capacity() * size_of::<Wrap>()
            + self.segments.capacity() * size_of::<Segment>()
    }

    /// `root` = scope of the root, if there is one.
    pub(super) fn finish(self, root: Option<u32>) -> FlatTree {
        let end = self.range.end;
        let id = ROOT_ID;
        let root = root.map(|scope| Wrap { id, end, scope });
        FlatTree {
            range: self.range,
            outer: root
                .into_iter()
                .chain(self.wraps.into_iter().rev())
                .collect(),
            nodes: self.nodes,
            segments: self.segments,
        }
    }
}

impl FlatTree {
    pub(super) fn len(&self) -> usize {
        self.outer.len() + self.nodes.len()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + self.outer.capacity() * size_of::<Wrap>()
            + self.segments.capacity() * size_of::<Segment>()
    }
}
