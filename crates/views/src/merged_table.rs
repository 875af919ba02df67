//! Tables that sum up the rows of a view's partitions and of its tail.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::datasource::ViewTable;
use datafusion::error::Result;
use datafusion::logical_expr::LogicalPlanBuilder;

use crate::Lakehouse;
use crate::view::View;

/// As a logical plan rather than an operator, so that the engine moves predicates on the
/// keys below the sums, down to the partitions.
pub(crate) fn merged_table(
    house: &Lakehouse,
    view: Arc<dyn View>,
) -> Result<Arc<dyn TableProvider>> {
    let name = view.set().name;
    let rows = house.table(Arc::clone(&view));
    let rows = LogicalPlanBuilder::scan(name, provider_as_source(rows), None)?.build()?;
    Ok(Arc::new(ViewTable::new(view.merge(rows)?, None)))
}
