//! Views whose rows are events: `log_entries` and `measures`, global or of one process;
//! `async_events` and `images` of one process.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::scalar::ScalarValue;
use decode::{DecodeOptions, EventTable};
use model::{ProcessId, TimeNs, TimeRange};

use crate::Lakehouse;
use crate::events_scan::EventsScan;
use crate::predicate::{Constraints, Role, Roles};
use crate::view::{GLOBAL_INSTANCE, SourceRequest, View, ViewSet, schema_hash};

const ROLES: Roles = &[
    ("process_id", Role::Process),
    ("stream_id", Role::Stream),
    ("block_id", Role::Block),
    ("time", Role::EventTime),
    ("insert_time", Role::InsertTime),
];

/// Counts changes of what the rows mean.
const LOG_ENTRIES_VERSION: u8 = 1;
const MEASURES_VERSION: u8 = 1;
const ASYNC_EVENTS_VERSION: u8 = 1;
const IMAGES_VERSION: u8 = 1;

static LOG_ENTRIES: LazyLock<ViewSet> =
    LazyLock::new(|| of_table(EventTable::LogEntries, LOG_ENTRIES_VERSION));
static MEASURES: LazyLock<ViewSet> =
    LazyLock::new(|| of_table(EventTable::Measures, MEASURES_VERSION));
static ASYNC_EVENTS: LazyLock<ViewSet> =
    LazyLock::new(|| of_table(EventTable::AsyncEvents, ASYNC_EVENTS_VERSION));
static IMAGES: LazyLock<ViewSet> = LazyLock::new(|| of_table(EventTable::Images, IMAGES_VERSION));

/// The view set of a table of events.
pub(crate) fn view_set(table: EventTable) -> &'static ViewSet {
    match table {
        EventTable::LogEntries => &LOG_ENTRIES,
        EventTable::Measures => &MEASURES,
        EventTable::AsyncEvents => &ASYNC_EVENTS,
        EventTable::Images => &IMAGES,
    }
}

fn of_table(table: EventTable, version: u8) -> ViewSet {
    ViewSet {
        name: table.name(),
        schema_hash: schema_hash(version, &table.schema()),
        schema: table.schema(),
        hidden_columns: 0,
        order: &["time"],
        keeps_order: true,
        bounds: ("time", "time"),
        grain: 1,
        roles: ROLES,
    }
}

#[derive(Debug)]
pub(crate) struct EventsView {
    house: Lakehouse,
    table: EventTable,
    process: Option<ProcessId>,
    instance: String,
}

impl EventsView {
    pub(crate) fn new(house: Lakehouse, table: EventTable, process: Option<ProcessId>) -> Self {
        Self {
            house,
            table,
            process,
            instance: process.map_or_else(|| GLOBAL_INSTANCE.to_owned(), |id| id.to_string()),
        }
    }
}

#[async_trait]
impl View for EventsView {
    fn set(&self) -> &ViewSet {
        view_set(self.table)
    }

    fn instance(&self) -> &str {
        &self.instance
    }

    fn require_owner(&self, constraints: &mut Constraints) {
        if let Some(process) = self.process {
            constraints.require_process(process);
        }
    }

    fn tag(&self) -> Option<&'static str> {
        Some(self.table.tag())
    }

    fn row_filters(&self, range: TimeRange) -> Vec<Expr> {
        vec![
            col("time").gt_eq(time(range.begin)),
            col("time").lt_eq(time(range.end)),
        ]
    }

    /// Events are compared with it while they are decoded.
    fn source_keeps_range(&self) -> bool {
        true
    }

    fn constrain(&self, constraints: &mut Constraints, range: TimeRange) {
        constraints.require_event_range(Some(range));
    }

    async fn source(&self, request: SourceRequest<'_>) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = request.schema(self.set())?;
        let mut constraints = request.constraints;
        self.require_owner(&mut constraints);
        let options = DecodeOptions {
            projection: Some(request.projection.to_vec()),
            range: constraints.event_time,
            batch_rows: request.session.config().batch_size(),
        };
        let blocks = constraints.into_block_scan(request.snapshot, self.tag(), request.ranges);
        EventsScan {
            house: self.house.clone(),
            counters: Arc::clone(request.context.counters()),
            table: self.table,
            blocks,
            options,
            schema,
        }
        .plan(request.session.config().target_partitions(), request.limit)
    }
}

/// A constant of the type of time columns.
pub(crate) fn time(time: TimeNs) -> Expr {
    lit(ScalarValue::TimestampNanosecond(
        Some(time),
        Some("+00:00".into()),
    ))
}
