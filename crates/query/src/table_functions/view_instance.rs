//! `view_instance(view_set, instance_id)`: one instance of a view set as a table.

use std::sync::Arc;

use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::plan_err;
use datafusion::error::Result;
use views::Lakehouse;

use super::literal_text;

#[derive(Debug)]
pub(super) struct ViewInstance {
    house: Lakehouse,
}

impl ViewInstance {
    pub const fn new(house: Lakehouse) -> Self {
        Self { house }
    }
}

impl TableFunctionImpl for ViewInstance {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let [view_set, instance] = args.exprs() else {
            return plan_err!(
                "view_instance takes two arguments, view_instance('<view set>', '<instance id>'), \
                 given: {}",
                args.exprs().len()
            );
        };
        let view_set = literal_text("First argument to view_instance", view_set)?;
        let instance = literal_text("Second argument to view_instance", instance)?;
        Ok(self.house.instance(view_set, instance)?)
    }
}
