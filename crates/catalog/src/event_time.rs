//! When the events of a block happened, as far as its envelope tells.

use model::{TRANSIT_FORMAT, TimeRange};

use crate::sql::{Builder, Statement};
use crate::{Catalog, Result};

/// Event ranges are widened by this much on both sides, in nanoseconds: ticks are
/// converted with floating-point arithmetic, and some producers emit the first event
/// of a stream slightly before its block begins.
const MARGIN: i64 = 1_000_000_000;
/// Blocks that are looked at to find where a scan begins.
const PROBE: i64 = 100_000;

/// SQL for `event_begin` and `event_end` of a row `block`, joined with its process `p`
/// and its stream `s`. They follow the rule by which events get their times:
///
/// - native blocks have ticks since the start of their process, in its frequency;
/// - when that frequency is unknown it is estimated so that the last tick is the end
///   time, and events lie between the start of the process and then;
/// - the ticks of foreign formats count from elsewhere, so the wall clock decides.
pub(crate) fn event_times(block: &str) -> (String, String) {
    let is_native = format!("p.tsc_frequency > 0 AND s.format = '{TRANSIT_FORMAT}'");
    let from_ticks = |ticks: &str| {
        format!("p.start_time + CAST({block}.{ticks} AS DOUBLE PRECISION) * 1e9 / p.tsc_frequency")
    };
    let begin = format!(
        "CASE WHEN {is_native} THEN {}
              WHEN p.tsc_frequency <= 0 AND p.start_time < {block}.begin_time THEN p.start_time
              ELSE {block}.begin_time END",
        from_ticks("begin_ticks")
    );
    let end = format!(
        "CASE WHEN {is_native} THEN {} ELSE {block}.end_time END",
        from_ticks("end_ticks")
    );
    (begin, end)
}

/// Restrict `b` to blocks that can hold an event in the range.
pub(crate) fn push_event_range(sql: &mut Builder, range: TimeRange) {
    // The plus keeps the scan on the index that gives its order; where it begins is
    // found by `first_insert_time`.
    sql.push(" AND +b.event_end >= ").bind(begin(range));
    sql.push(" AND b.event_begin <= ").bind(end(range));
}

/// A range up to the limits of time has none: ticks can convert to later times.
pub(crate) fn begin(range: TimeRange) -> f64 {
    let begin = range.begin.checked_sub(MARGIN);
    begin.map_or(f64::NEG_INFINITY, |begin| begin as f64)
}

pub(crate) fn end(range: TimeRange) -> f64 {
    let end = range.end.checked_add(MARGIN);
    end.map_or(f64::INFINITY, |end| end as f64)
}

/// Where a scan of all blocks for an event range begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FirstInsertTime {
    /// No block has events that late.
    None,
    Known(i64),
    /// Too many blocks to look at them all.
    Unknown,
}

impl Catalog {
    /// The earliest insert time of a block with events at or after the begin of the
    /// range. Blocks arrive soon after their events as a rule, so a question about the
    /// last minutes does not walk through the whole history.
    pub(crate) async fn first_insert_time(&self, range: TimeRange) -> Result<FirstInsertTime> {
        let statement = Statement::new(
            "SELECT COUNT(*), MIN(late.insert_time)
             FROM (SELECT b.insert_time FROM blocks b WHERE b.event_end >= $1 LIMIT $2) late",
        );
        let statement = statement.bind(begin(range)).bind(PROBE);
        let rows: Vec<(i64, Option<i64>)> = self
            .database()
            .fetch_all("looking for the begin of a scan", statement)
            .await?;
        Ok(match rows.first() {
            Some((PROBE.., _)) => FirstInsertTime::Unknown,
            Some((_, Some(time))) => FirstInsertTime::Known(*time),
            // Blocks that are not visible have none.
            _ => FirstInsertTime::None,
        })
    }
}
