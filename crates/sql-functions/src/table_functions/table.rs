//! A call of a table function as a table.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::exec::TableFunctionExec;
use super::{TableFunctionDefinition, argument};

#[derive(Debug)]
pub(super) struct Function {
    pub(super) definition: &'static TableFunctionDefinition,
}

impl TableFunctionImpl for Function {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        Ok(Arc::new(Table {
            definition: self.definition,
            argument: argument::plan(self.definition, args.exprs())?,
        }))
    }
}

#[derive(Debug)]
struct Table {
    definition: &'static TableFunctionDefinition,
    argument: LogicalPlan,
}

#[async_trait]
impl TableProvider for Table {
    fn schema(&self) -> SchemaRef {
        (self.definition.schema)()
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = session.create_physical_plan(&self.argument).await?;
        let plan = TableFunctionExec::try_new(self.definition, input, projection, limit)?;
        Ok(Arc::new(plan))
    }
}
