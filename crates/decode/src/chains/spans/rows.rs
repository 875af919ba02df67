//! Reading any range of the rows of a call tree: first the outer spans, then the nodes.

use std::ops::Range;

use model::TimeNs;

use super::scopes::{ChainScope, ChainScopes, ScopeDictionaries};
use super::tree::{FlatTree, NO_PARENT, Node, Segment};
use crate::clock::TickClock;

/// The rows of the call tree of one chain.
#[derive(Debug)]
pub(in crate::chains) struct SpanRows {
    pub(super) tree: FlatTree,
    pub(super) scopes: Vec<ChainScope>,
    pub(super) dictionaries: ScopeDictionaries,
    /// When the chain begins.
    begin: TimeNs,
}

/// A row.
#[derive(Debug, Clone, Copy)]
pub(super) enum SpanRow<'a> {
    /// Position of an outer span, which also is its depth.
    Outer(usize),
    Node(&'a Segment, &'a Node),
}

impl SpanRows {
    /// Ticks become times once, and not again for each column that is asked for.
    pub(super) fn new(mut tree: FlatTree, scopes: ChainScopes, clock: TickClock) -> Self {
        let (scopes, dictionaries) = scopes.finish();
        for node in &mut tree.nodes {
            node.begin = clock.time_ns(node.begin);
            node.end = clock.time_ns(node.end);
        }
        for wrap in &mut tree.outer {
            wrap.end = clock.time_ns(wrap.end);
        }
        Self {
            begin: clock.time_ns(tree.range.begin),
            tree,
            scopes,
            dictionaries,
        }
    }

    pub(in crate::chains) fn len(&self) -> usize {
        self.tree.len()
    }

    pub(in crate::chains) fn memory_bytes(&self) -> usize {
        self.tree.memory_bytes()
            + self.scopes.capacity() * size_of::<ChainScope>()
            + self.dictionaries.memory_bytes()
    }

    /// One value of each row.
    pub(super) fn values<T>(
        &self,
        rows: &Range<usize>,
        value: impl Fn(SpanRow<'_>) -> T,
    ) -> Vec<T> {
        let mut values = Vec::with_capacity(rows.len());
        let outer = self.tree.outer.len();
        let outer_rows = rows.start.min(outer)..rows.end.min(outer);
        values.extend(outer_rows.map(|row| value(SpanRow::Outer(row))));
        let nodes = rows.start.saturating_sub(outer)..rows.end.saturating_sub(outer);
        for (segment, nodes) in self.segments(nodes) {
            values.extend(nodes.iter().map(|node| value(SpanRow::Node(segment, node))));
        }
        values
    }

    /// The segments that share nodes with a range, and those nodes.
    fn segments(&self, nodes: Range<usize>) -> impl Iterator<Item = (&Segment, &[Node])> {
        let segments = &self.tree.segments;
        let first = self.segment_of(nodes.start);
        let ends = segments
            .iter()
            .skip(first + 1)
            .map(|next| next.first as usize);
        let ends = ends.chain([self.tree.nodes.len()]);
        let mut start = nodes.start;
        segments
            .iter()
            .skip(first)
            .zip(ends)
            .map_while(move |(segment, end)| {
                let end = end.min(nodes.end);
                let shared = self
                    .tree
                    .nodes
                    .get(start..end)
                    .filter(|shared| !shared.is_empty())?;
                start = end;
                Some((segment, shared))
            })
    }

    /// Position of the segment that a node belongs to.
    fn segment_of(&self, node: usize) -> usize {
        let segments = &self.tree.segments;
        segments
            .partition_point(|segment| segment.first as usize <= node)
            .saturating_sub(1)
    }

    pub(super) fn id(&self, row: SpanRow<'_>) -> i64 {
        match row {
            SpanRow::Outer(position) => self.tree.outer[position].id,
            SpanRow::Node(segment, node) => node_id(segment, node),
        }
    }

    /// The id of what encloses a row; 0 if nothing does.
    pub(super) fn parent(&self, row: SpanRow<'_>) -> i64 {
        match row {
            SpanRow::Outer(position) => self.outer_id(position),
            SpanRow::Node(segment, node) if node.parent == NO_PARENT => {
                self.outer_id(self.enclosing(segment))
            }
            SpanRow::Node(segment, node) => {
                let parent = node.parent as usize;
                let segment = match node.parent >= segment.first {
                    true => segment,
                    false => &self.tree.segments[self.segment_of(parent)],
                };
                node_id(segment, &self.tree.nodes[parent])
            }
        }
    }

    pub(super) fn depth(&self, row: SpanRow<'_>) -> u32 {
        match row {
            SpanRow::Outer(position) => position as u32,
            SpanRow::Node(segment, node) => {
                node.depth.saturating_add(self.enclosing(segment) as u32)
            }
        }
    }

    pub(super) fn scope(&self, row: SpanRow<'_>) -> ChainScope {
        let index = match row {
            SpanRow::Outer(position) => self.tree.outer[position].scope,
            SpanRow::Node(_, node) => node.scope,
        };
        self.scopes[index as usize]
    }

    pub(super) fn begin(&self, row: SpanRow<'_>) -> TimeNs {
        match row {
            SpanRow::Outer(_) => self.begin,
            SpanRow::Node(_, node) => node.begin,
        }
    }

    pub(super) fn end(&self, row: SpanRow<'_>) -> TimeNs {
        match row {
            SpanRow::Outer(position) => self.tree.outer[position].end,
            SpanRow::Node(_, node) => node.end,
        }
    }

    /// How many outer spans enclose the nodes of a segment. Those that ended before
    /// are the innermost ones, which come last.
    fn enclosing(&self, segment: &Segment) -> usize {
        self.tree.outer.len() - segment.wraps as usize
    }

    /// The id of the last of the first `count` outer spans; 0 if there is none.
    fn outer_id(&self, count: usize) -> i64 {
        match count.checked_sub(1) {
            Some(last) => self.tree.outer[last].id,
            None => 0,
        }
    }
}

/// Producers choose the offset, so the sum may be anything.
fn node_id(segment: &Segment, node: &Node) -> i64 {
    segment.object_offset.wrapping_add(i64::from(node.ordinal))
}
