//! Tables whose rows are records of the catalog: one table provider for all of them.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use model::{InsertTime, TimeRange};

use crate::columns::{Columns, paged_plan};
use crate::context::ScanContext;
use crate::predicate::{self, Constraints, Roles};
use crate::{Lakehouse, Result};

/// What one such table is: its columns, and how the catalog is asked for its rows.
pub(crate) trait CatalogRows: Send + Sync + 'static {
    type Row: Send + 'static;
    type Filter: Clone + Send + Sync + 'static;
    const ROLES: Roles;

    fn columns() -> &'static Columns<Self::Row>;

    /// What the caller's time range says of rows that the catalog can prune by.
    fn restrict(_constraints: &mut Constraints, _range: Option<TimeRange>) {}

    fn filter(
        snapshot: InsertTime,
        range: Option<TimeRange>,
        constraints: Constraints,
    ) -> Self::Filter;

    /// Pages of rows, read as they are asked for.
    fn pages(house: &Lakehouse, filter: Self::Filter)
    -> BoxStream<'static, Result<Vec<Self::Row>>>;
}

pub(crate) struct CatalogTable<T> {
    house: Lakehouse,
    rows: PhantomData<T>,
}

impl<T> CatalogTable<T> {
    pub(crate) const fn new(house: Lakehouse) -> Self {
        Self {
            house,
            rows: PhantomData,
        }
    }
}

impl<T> fmt::Debug for CatalogTable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatalogTable")
            .field("house", &self.house)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<T: CatalogRows> TableProvider for CatalogTable<T> {
    fn schema(&self) -> SchemaRef {
        Arc::clone(T::columns().schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        Ok(predicate::pushdown(filters, T::ROLES))
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let context = ScanContext::of(session);
        let range = context.range();
        let mut constraints = Constraints::from_filters(filters, T::ROLES);
        T::restrict(&mut constraints, range);
        let schema = match projection {
            Some(indices) => Arc::new(self.schema().project(indices)?),
            None => self.schema(),
        };
        if constraints.is_unsatisfiable() {
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let house = self.house.clone();
        let filter = T::filter(context.snapshot(&house.catalog).await?, range, constraints);
        let projection = projection.cloned();
        paged_plan(schema, limit, move || {
            let projection = projection.clone();
            T::pages(&house, filter.clone())
                .and_then(move |page| {
                    futures::future::ready(T::columns().batch(projection.as_deref(), &page))
                })
                .boxed()
        })
    }
}
