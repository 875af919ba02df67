//! Table functions open to every caller.

use std::sync::Arc;

use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use views::Lakehouse;

/// `view_instance(view_set, instance_id)`: one instance of a view set as a table.
#[derive(Debug)]
pub(crate) struct ViewInstance {
    house: Lakehouse,
}

impl ViewInstance {
    pub(crate) const fn new(house: Lakehouse) -> Self {
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

pub(crate) fn literal_text<'a>(what: &str, argument: &'a Expr) -> Result<&'a str> {
    match argument {
        Expr::Literal(
            ScalarValue::Utf8(Some(text))
            | ScalarValue::LargeUtf8(Some(text))
            | ScalarValue::Utf8View(Some(text)),
            _,
        ) => Ok(text),
        other => plan_err!("{what} must be a literal string, given: {other}"),
    }
}
