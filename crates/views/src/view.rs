//! What a view is: its columns, its order, and how its rows come from their source.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use catalog::Snapshot;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use model::{InsertTime, TimeNs, TimeRange};
use sha2::{Digest, Sha256};

use crate::context::ScanContext;
use crate::insert_ranges::InsertRanges;
use crate::predicate::{Constraints, Roles};

/// The instance id of views that span all processes.
pub const GLOBAL_INSTANCE: &str = "global";

/// What all instances of a view set have in common.
#[derive(Debug)]
pub(crate) struct ViewSet {
    pub(crate) name: &'static str,
    /// The columns of a partition's rows.
    pub(crate) schema: SchemaRef,
    /// Columns at the end of `schema` that SQL does not show.
    pub(crate) hidden_columns: usize,
    /// Tells versions of the rows apart: partitions with another one are not read.
    pub(crate) schema_hash: Bytes,
    /// The columns that the rows of a partition are sorted by, ascending.
    pub(crate) order: &'static [&'static str],
    /// Whether scans declare the first column of `order`. It must be a time that
    /// `bounds` bounds.
    pub(crate) keeps_order: bool,
    /// The columns whose minimum and maximum are the event bounds of a partition.
    pub(crate) bounds: (&'static str, &'static str),
    /// Blocks that were inserted within one multiple of it make their rows together, so
    /// that a partition covers whole multiples; 1 = each block makes its own rows.
    pub(crate) grain: TimeNs,
    pub(crate) roles: Roles,
}

impl ViewSet {
    /// The columns that SQL shows.
    pub(crate) fn visible_schema(&self) -> SchemaRef {
        if self.hidden_columns == 0 {
            return Arc::clone(&self.schema);
        }
        let visible: Vec<usize> = (0..self.schema.fields().len() - self.hidden_columns).collect();
        Arc::new(self.schema.project(&visible).expect("the columns exist"))
    }

    pub(crate) fn column(&self, name: &str) -> usize {
        self.schema.index_of(name).expect("a column of the view")
    }
}

/// `version` counts changes of the meaning of rows; changes of the columns change the
/// hash by themselves.
pub(crate) fn schema_hash(version: u8, schema: &SchemaRef) -> Bytes {
    let mut hash = Sha256::new();
    hash.update([version]);
    for field in schema.fields() {
        let (name, data_type, nullable) = (field.name(), field.data_type(), field.is_nullable());
        hash.update(format!("{name}\0{data_type}\0{nullable}\0"));
    }
    Bytes::copy_from_slice(&hash.finalize()[..8])
}

/// One instance of a view set.
#[async_trait]
pub(crate) trait View: fmt::Debug + Send + Sync + 'static {
    fn set(&self) -> &ViewSet;

    /// [`GLOBAL_INSTANCE`], or the id of a process or stream.
    fn instance(&self) -> &str;

    /// Whose blocks feed the instance.
    fn require_owner(&self, _constraints: &mut Constraints) {}

    /// Why the instance can not be queried without a time range, if it can not.
    fn needs_range(&self) -> Option<&'static str> {
        None
    }

    /// The tag of the streams whose blocks feed the view; None = all.
    fn tag(&self) -> Option<&'static str>;

    /// What the caller's time range says about rows, as predicates over them.
    fn row_filters(&self, range: TimeRange) -> Vec<Expr>;

    /// Whether the rows of `source` keep to the time range that `constrain` was told, so
    /// that nobody has to filter them.
    fn source_keeps_range(&self) -> bool {
        false
    }

    /// What the caller's time range says about the source.
    fn constrain(&self, constraints: &mut Constraints, range: TimeRange);

    /// Rows that sum up blocks can not be filtered by the insert time of those: their
    /// blocks are left out before, by this.
    fn window_begin(&self, _range: TimeRange) -> Option<InsertTime> {
        None
    }

    /// The rows that blocks of the given insert times make. Rows that the constraints
    /// rule out may be among them.
    async fn source(&self, request: SourceRequest<'_>) -> DataFusionResult<Arc<dyn ExecutionPlan>>;

    /// Rows of several partitions to the rows of one.
    fn merge(&self, rows: LogicalPlan) -> DataFusionResult<LogicalPlan> {
        Ok(rows)
    }
}

/// What is wanted of a source.
#[allow(missing_debug_implementations, reason = "sessions have none")]
pub(crate) struct SourceRequest<'a> {
    pub(crate) session: &'a dyn Session,
    pub(crate) context: &'a Arc<ScanContext>,
    pub(crate) snapshot: Snapshot,
    pub(crate) ranges: &'a InsertRanges,
    pub(crate) constraints: Constraints,
    /// Columns of the view set's schema, in this order.
    pub(crate) projection: &'a [usize],
    pub(crate) limit: Option<usize>,
    /// The caller's time range.
    pub(crate) range: Option<TimeRange>,
}

impl SourceRequest<'_> {
    /// The schema that the plan must have.
    pub(crate) fn schema(&self, set: &ViewSet) -> DataFusionResult<SchemaRef> {
        Ok(Arc::new(set.schema.project(self.projection)?))
    }
}
