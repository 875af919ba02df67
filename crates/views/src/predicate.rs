//! From SQL predicates to what the catalog can prune by.
//!
//! Constraints may be wider than the predicates they come from, never narrower: the
//! engine filters the rows again, so a predicate that is not understood costs time only.

use std::collections::BTreeSet;

use catalog::{BlockFilter, Snapshot};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use model::{BlockId, ProcessId, StreamId, TimeNs, TimeRange};

use crate::blocks_scan::BlockScan;
use crate::insert_ranges::InsertRanges;

/// What a column of a view means to the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Process,
    Stream,
    Block,
    EventTime,
    /// The begin or the end of a row that lasts.
    SpanTime,
    InsertTime,
}

/// The columns of a view that blocks can be pruned by.
pub(crate) type Roles = &'static [(&'static str, Role)];

/// Conjunction of everything the predicates say; `None` = unrestricted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Constraints {
    pub(crate) processes: Option<BTreeSet<ProcessId>>,
    pub(crate) streams: Option<BTreeSet<StreamId>>,
    pub(crate) blocks: Option<BTreeSet<BlockId>>,
    pub(crate) event_time: Option<TimeRange>,
    pub(crate) insert_time: Option<TimeRange>,
    /// Rows end at or after its begin, and begin at or before its end. Those that must last
    /// for some time make its begin the later one.
    pub(crate) span_time: Option<TimeRange>,
}

impl Constraints {
    pub(crate) fn from_filters(filters: &[Expr], roles: Roles) -> Self {
        let mut constraints = Self::default();
        for filter in filters {
            constraints.apply(filter, roles);
        }
        constraints
    }

    /// Rows that last from a begin to an end meet this range.
    pub(crate) fn require_span_range(&mut self, range: TimeRange) {
        narrow(&mut self.span_time, range.begin, range.end);
    }

    /// What is said of begins and ends, as a range that all such rows meet.
    #[must_use]
    pub(crate) fn settled(mut self) -> Self {
        if let Some(TimeRange { begin, end }) = self.span_time.take() {
            narrow(&mut self.event_time, begin.min(end), begin.max(end));
        }
        self
    }

    pub(crate) fn require_process(&mut self, process: ProcessId) {
        intersect(&mut self.processes, BTreeSet::from([process]));
    }

    pub(crate) fn require_stream(&mut self, stream: StreamId) {
        intersect(&mut self.streams, BTreeSet::from([stream]));
    }

    pub(crate) fn require_event_range(&mut self, range: Option<TimeRange>) {
        if let Some(range) = range {
            narrow(&mut self.event_time, range.begin, range.end);
        }
    }

    pub(crate) fn require_insert_range(&mut self, begin: TimeNs, end: TimeNs) {
        narrow(&mut self.insert_time, begin, end);
    }

    /// Whether no row can satisfy them.
    pub(crate) fn is_unsatisfiable(&self) -> bool {
        self.processes.as_ref().is_some_and(BTreeSet::is_empty)
            || self.streams.as_ref().is_some_and(BTreeSet::is_empty)
            || self.blocks.as_ref().is_some_and(BTreeSet::is_empty)
            || [self.event_time, self.insert_time]
                .into_iter()
                .flatten()
                .any(|range| range.begin > range.end)
    }

    /// The blocks of the given insert times that can hold a match; `tag`: of streams with
    /// this tag only.
    pub(crate) fn into_block_scan(
        self,
        snapshot: Snapshot,
        tag: Option<&str>,
        ranges: &InsertRanges,
    ) -> BlockScan {
        let filter = BlockFilter {
            snapshot: snapshot.time,
            tag: tag.map(str::to_owned),
            process_ids: self.processes.map(Vec::from_iter),
            stream_ids: self.streams.map(Vec::from_iter),
            block_ids: self.blocks.map(Vec::from_iter),
            event_range: self.event_time,
            insert_range: None,
        };
        BlockScan {
            snapshot,
            filter,
            ranges: ranges.clone(),
        }
    }

    fn apply(&mut self, filter: &Expr, roles: Roles) -> bool {
        match filter {
            Expr::BinaryExpr(BinaryExpr {
                left,
                op: Operator::And,
                right,
            }) => {
                let left = self.apply(left, roles);
                let right = self.apply(right, roles);
                left || right
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                if let (Some(role), Some(value)) = (role_of(left, roles), literal(right)) {
                    self.compare(role, *op, value)
                } else if let (Some(value), Some(role)) = (literal(left), role_of(right, roles)) {
                    op.swap().is_some_and(|op| self.compare(role, op, value))
                } else {
                    false
                }
            }
            Expr::Between(Between {
                expr,
                negated: false,
                low,
                high,
            }) => {
                let Some(role) = role_of(expr, roles) else {
                    return false;
                };
                let low = literal(low).is_some_and(|v| self.compare(role, Operator::GtEq, v));
                let high = literal(high).is_some_and(|v| self.compare(role, Operator::LtEq, v));
                low || high
            }
            Expr::InList(list) if !list.negated => {
                let Some(role) = role_of(&list.expr, roles) else {
                    return false;
                };
                let values: Option<Vec<_>> = list.list.iter().map(literal).collect();
                values.is_some_and(|values| self.one_of(role, &values))
            }
            _ => false,
        }
    }

    fn compare(&mut self, role: Role, op: Operator, value: &ScalarValue) -> bool {
        match role {
            Role::EventTime => narrow_by(&mut self.event_time, op, value),
            Role::SpanTime => narrow_by(&mut self.span_time, op, value),
            Role::InsertTime => narrow_by(&mut self.insert_time, op, value),
            Role::Process | Role::Stream | Role::Block => {
                op == Operator::Eq && self.one_of(role, &[value])
            }
        }
    }

    fn one_of(&mut self, role: Role, values: &[&ScalarValue]) -> bool {
        let Some(texts) = values
            .iter()
            .map(|value| text(value))
            .collect::<Option<Vec<_>>>()
        else {
            return false;
        };
        // A text that is no identifier equals no stored one, so it adds nothing.
        match role {
            Role::Process => {
                intersect(
                    &mut self.processes,
                    texts.iter().flat_map(|t| t.parse()).collect(),
                );
            }
            Role::Stream => {
                intersect(
                    &mut self.streams,
                    texts.iter().flat_map(|t| t.parse()).collect(),
                );
            }
            Role::Block => {
                intersect(
                    &mut self.blocks,
                    texts.iter().flat_map(|t| t.parse()).collect(),
                );
            }
            Role::EventTime | Role::SpanTime | Role::InsertTime => return false,
        }
        true
    }
}

fn role_of(expr: &Expr, roles: Roles) -> Option<Role> {
    match expr {
        Expr::Column(column) => roles
            .iter()
            .find(|(name, _)| *name == column.name)
            .map(|(_, role)| *role),
        _ => None,
    }
}

const fn literal(expr: &Expr) -> Option<&ScalarValue> {
    match expr {
        Expr::Literal(value, _) => Some(value),
        _ => None,
    }
}

fn text(value: &ScalarValue) -> Option<&str> {
    match value {
        ScalarValue::Dictionary(_, value) => text(value),
        ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text) => {
            text.as_deref()
        }
        _ => None,
    }
}

fn nanoseconds(value: &ScalarValue) -> Option<TimeNs> {
    match value {
        ScalarValue::TimestampNanosecond(time, _) => *time,
        ScalarValue::TimestampMicrosecond(time, _) => time.map(|t| t.saturating_mul(1_000)),
        ScalarValue::TimestampMillisecond(time, _) => time.map(|t| t.saturating_mul(1_000_000)),
        ScalarValue::TimestampSecond(time, _) => time.map(|t| t.saturating_mul(1_000_000_000)),
        _ => None,
    }
}

fn narrow_by(range: &mut Option<TimeRange>, op: Operator, value: &ScalarValue) -> bool {
    let Some(time) = nanoseconds(value) else {
        return false;
    };
    match op {
        Operator::Eq => narrow(range, time, time),
        Operator::GtEq => narrow(range, time, TimeNs::MAX),
        Operator::Gt => narrow(range, time.saturating_add(1), TimeNs::MAX),
        Operator::LtEq => narrow(range, TimeNs::MIN, time),
        Operator::Lt => narrow(range, TimeNs::MIN, time.saturating_sub(1)),
        _ => return false,
    }
    true
}

fn narrow(range: &mut Option<TimeRange>, begin: TimeNs, end: TimeNs) {
    let current = range.unwrap_or(TimeRange {
        begin: TimeNs::MIN,
        end: TimeNs::MAX,
    });
    *range = Some(TimeRange {
        begin: current.begin.max(begin),
        end: current.end.min(end),
    });
}

fn intersect<T: Ord>(set: &mut Option<BTreeSet<T>>, with: BTreeSet<T>) {
    *set = Some(match set.take() {
        None => with,
        Some(current) => current.into_iter().filter(|id| with.contains(id)).collect(),
    });
}

#[cfg(test)]
mod tests;
