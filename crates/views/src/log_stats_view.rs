//! `log_stats`: how many log entries of a process, a target and a level fall into each
//! minute. A partition counts the entries of its insert times, and the table adds the
//! counts up.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::error::Result;
use datafusion::functions::expr_fn::{coalesce, date_bin};
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, col, lit};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::scalar::ScalarValue;
use decode::EventTable;
use model::{TimeNs, TimeRange};

use crate::Lakehouse;
use crate::columns::time_type;
use crate::events_view::{EventsView, time};
use crate::partitioned_table::PartitionedTable;
use crate::predicate::{Constraints, Role, Roles};
use crate::view::{GLOBAL_INSTANCE, SourceRequest, View, ViewSet, schema_hash};

const MINUTE: TimeNs = 60_000_000_000;
const KEYS: &[&str] = &["time_bin", "process_id", "level", "target"];
const ROLES: Roles = &[("time_bin", Role::EventTime), ("process_id", Role::Process)];

/// Counts changes of what the rows mean.
const VERSION: u8 = 1;

static SET: LazyLock<ViewSet> = LazyLock::new(|| {
    let text = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let schema = Arc::new(Schema::new(vec![
        Field::new("time_bin", time_type(), true),
        Field::new("process_id", text(), false),
        Field::new("level", DataType::Int32, false),
        Field::new("target", text(), false),
        Field::new("count", DataType::Int64, true),
    ]));
    ViewSet {
        name: "log_stats",
        schema_hash: schema_hash(VERSION, &schema),
        schema,
        hidden_columns: 0,
        order: KEYS,
        keeps_order: false,
        bounds: ("time_bin", "time_bin"),
        grain: 1,
        roles: ROLES,
    }
});

#[derive(Debug)]
pub(crate) struct LogStatsView {
    house: Lakehouse,
}

impl LogStatsView {
    pub(crate) const fn new(house: Lakehouse) -> Self {
        Self { house }
    }
}

#[async_trait]
impl View for LogStatsView {
    fn set(&self) -> &ViewSet {
        &SET
    }

    fn instance(&self) -> &str {
        GLOBAL_INSTANCE
    }

    fn tag(&self) -> Option<&'static str> {
        Some(EventTable::LogEntries.tag())
    }

    fn row_filters(&self, range: TimeRange) -> Vec<Expr> {
        vec![
            col("time_bin").gt_eq(time(range.begin)),
            col("time_bin").lt_eq(time(range.end)),
        ]
    }

    fn constrain(&self, constraints: &mut Constraints, range: TimeRange) {
        constraints.require_event_range(Some(range));
    }

    /// From the log entries, wherever those come from.
    async fn source(&self, request: SourceRequest<'_>) -> Result<Arc<dyn ExecutionPlan>> {
        let entries = EventsView::new(self.house.clone(), EventTable::LogEntries, None);
        let range = request.constraints.event_time.map(entries_of_bins);
        let entries = PartitionedTable::of_ranges(
            self.house.clone(),
            Arc::new(entries),
            request.ranges.clone(),
            range,
        );
        let mut rows = LogicalPlanBuilder::scan(
            EventTable::LogEntries.name(),
            provider_as_source(Arc::new(entries)),
            None,
        )?;
        if let Some(processes) = &request.constraints.processes {
            let ids = processes.iter().map(|id| lit(id.to_string()));
            rows = rows.filter(col("process_id").in_list(ids.collect(), false))?;
        }
        let columns = request.projection.iter();
        let columns = columns.map(|&column| col(SET.schema.field(column).name()));
        let plan = rows
            .aggregate(
                [
                    minute_of(col("time")).alias("time_bin"),
                    col("process_id"),
                    col("level"),
                    col("target"),
                ],
                [count(lit(1)).alias("count")],
            )?
            .project(columns)?
            .build()?;
        request.session.create_physical_plan(&plan).await
    }

    fn merge(&self, rows: LogicalPlan) -> Result<LogicalPlan> {
        let keys: Vec<Expr> = KEYS.iter().map(|key| col(*key)).collect();
        LogicalPlanBuilder::from(rows)
            .aggregate(keys, [sum(col("count")).alias("count")])?
            .build()
    }
}

/// The times of the entries that bins of that range can count: the last bin is the one that begins
/// at or before the end, and the next one would cost as much for nothing.
fn entries_of_bins(bins: TimeRange) -> TimeRange {
    let last_bin = bins.end.div_euclid(MINUTE).saturating_mul(MINUTE);
    TimeRange {
        begin: bins.begin,
        end: last_bin.saturating_add(MINUTE - 1),
    }
}

/// The minute in which time begins has no whole bin: its begin stands for it, so that
/// every row has bounds.
fn minute_of(event_time: Expr) -> Expr {
    let minute = ScalarValue::new_interval_mdn(0, 0, MINUTE);
    let bin = date_bin(lit(minute), event_time, time(0));
    coalesce(vec![bin, time(TimeNs::MIN)])
}

#[cfg(test)]
mod tests;
