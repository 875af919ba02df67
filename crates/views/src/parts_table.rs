//! What partitions are made from, as tables with all columns of the view set: a source,
//! or other partitions.

use std::sync::Arc;

use async_trait::async_trait;
use catalog::StoredPartition;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

use crate::Lakehouse;
use crate::context::ScanContext;
use crate::insert_ranges::InsertRanges;
use crate::partitions;
use crate::predicate::Constraints;
use crate::view::{SourceRequest, View};

/// The rows that blocks of some insert times make.
#[derive(Debug)]
pub(crate) struct SourceTable {
    house: Lakehouse,
    view: Arc<dyn View>,
    ranges: InsertRanges,
}

impl SourceTable {
    pub(crate) const fn new(house: Lakehouse, view: Arc<dyn View>, ranges: InsertRanges) -> Self {
        Self {
            house,
            view,
            ranges,
        }
    }
}

#[async_trait]
impl TableProvider for SourceTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.view.set().schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let context = ScanContext::of(session.config());
        let all = all_columns(&self.view);
        let request = SourceRequest {
            session,
            snapshot: context.snapshot(self.house.catalog()).await?,
            context: &context,
            ranges: &self.ranges,
            constraints: Constraints::default(),
            projection: projection.unwrap_or(&all),
            limit,
            range: None,
        };
        self.view.source(request).await
    }
}

/// The rows of some partitions.
#[derive(Debug)]
pub(crate) struct FilesTable {
    house: Lakehouse,
    view: Arc<dyn View>,
    parts: Vec<StoredPartition>,
}

impl FilesTable {
    pub(crate) const fn new(
        house: Lakehouse,
        view: Arc<dyn View>,
        parts: Vec<StoredPartition>,
    ) -> Self {
        Self { house, view, parts }
    }
}

#[async_trait]
impl TableProvider for FilesTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.view.set().schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let context = ScanContext::of(session.config());
        let all = all_columns(&self.view);
        if self.parts.iter().all(|part| part.partition.rows == 0) {
            let schema = self.schema().project(projection.unwrap_or(&all))?;
            return Ok(Arc::new(EmptyExec::new(Arc::new(schema))));
        }
        partitions::scan(
            &self.house,
            session,
            self.view.set(),
            &self.parts,
            projection.unwrap_or(&all),
            limit,
            context.counters(),
        )
    }
}

fn all_columns(view: &Arc<dyn View>) -> Vec<usize> {
    (0..view.set().schema.fields().len()).collect()
}
