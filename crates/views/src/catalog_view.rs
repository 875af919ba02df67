//! Views whose rows are records of the catalog: one implementation for all of them.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use catalog::Snapshot;
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use futures::stream::{BoxStream, StreamExt};
use model::{InsertTime, TimeRange};

use crate::columns::{Columns, paged_plan};
use crate::insert_ranges::InsertRanges;
use crate::predicate::Constraints;
use crate::view::{GLOBAL_INSTANCE, SourceRequest, View, ViewSet};
use crate::{Lakehouse, Result};

/// What one such view is: its columns, and how the catalog is asked for its rows.
pub(crate) trait CatalogRows: Send + Sync + 'static {
    type Row: Send + 'static;

    fn set() -> &'static ViewSet;

    /// The columns of the whole schema of the set.
    fn columns() -> &'static Columns<Self::Row>;

    /// See [`View::row_filters`].
    fn row_filters(range: TimeRange) -> Vec<Expr>;

    /// See [`View::constrain`].
    fn constrain(_constraints: &mut Constraints, _range: TimeRange) {}

    /// See [`View::window_begin`].
    fn window_begin(_range: TimeRange) -> Option<InsertTime> {
        None
    }

    /// See [`View::merge`].
    fn merge(rows: LogicalPlan) -> DataFusionResult<LogicalPlan> {
        Ok(rows)
    }

    /// Pages of rows of blocks with these insert times, read as they are asked for.
    fn pages(
        house: &Lakehouse,
        snapshot: Snapshot,
        ranges: &InsertRanges,
        constraints: Constraints,
    ) -> BoxStream<'static, Result<Vec<Self::Row>>>;
}

pub(crate) struct CatalogView<T> {
    house: Lakehouse,
    rows: PhantomData<T>,
}

impl<T> CatalogView<T> {
    pub(crate) const fn new(house: Lakehouse) -> Self {
        Self {
            house,
            rows: PhantomData,
        }
    }
}

impl<T> fmt::Debug for CatalogView<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatalogView")
            .field("house", &self.house)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<T: CatalogRows> View for CatalogView<T> {
    fn set(&self) -> &ViewSet {
        T::set()
    }

    fn instance(&self) -> &str {
        GLOBAL_INSTANCE
    }

    fn tag(&self) -> Option<&'static str> {
        None
    }

    fn row_filters(&self, range: TimeRange) -> Vec<Expr> {
        T::row_filters(range)
    }

    fn constrain(&self, constraints: &mut Constraints, range: TimeRange) {
        T::constrain(constraints, range);
    }

    fn window_begin(&self, range: TimeRange) -> Option<InsertTime> {
        T::window_begin(range)
    }

    async fn source(&self, request: SourceRequest<'_>) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let schema = request.schema(self.set())?;
        let house = self.house.clone();
        let (snapshot, ranges) = (request.snapshot, request.ranges.clone());
        let (constraints, projection) = (request.constraints, request.projection.to_vec());
        paged_plan(schema, request.limit, move || {
            let projection = projection.clone();
            T::pages(&house, snapshot, &ranges, constraints.clone())
                .map(move |page| T::columns().batch(Some(&projection), &page?))
                .boxed()
        })
    }

    fn merge(&self, rows: LogicalPlan) -> DataFusionResult<LogicalPlan> {
        T::merge(rows)
    }
}
