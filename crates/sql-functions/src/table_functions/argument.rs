//! The argument of a table function as a plan of one row and one column.

use datafusion::common::tree_node::TreeNode;
use datafusion::common::{DataFusionError, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr::Alias;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::TableFunctionDefinition;

/// Refuses what has not one column, or has another type than the function takes.
pub(super) fn plan(
    definition: &TableFunctionDefinition,
    arguments: &[Expr],
) -> Result<LogicalPlan> {
    let name = definition.name();
    let [argument] = arguments else {
        let given = arguments.len();
        return plan_err!("{name} takes 1 argument, not {given}");
    };
    let plan = match argument {
        Expr::ScalarSubquery(subquery) if !subquery.outer_ref_columns.is_empty() => {
            return plan_err!("{name}: the subquery must not refer to columns around it");
        }
        Expr::ScalarSubquery(subquery) => subquery.subquery.as_ref().clone(),
        constant => constant_plan(name, constant)?,
    };
    let [field] = plan.schema().fields().as_ref() else {
        let given = plan.schema().fields().len();
        return execution(format!(
            "{name}: the subquery must have 1 column, not {given}"
        ));
    };
    if definition.argument.coerce(field.data_type()).is_none() {
        return execution(format!(
            "{name}: the argument must be {}, not {}",
            definition.argument.description(),
            field.data_type()
        ));
    }
    Ok(plan)
}

fn execution(message: String) -> Result<LogicalPlan> {
    Err(DataFusionError::Execution(message))
}

fn constant_plan(name: &str, constant: &Expr) -> Result<LogicalPlan> {
    if constant.any_column_refs() || constant.contains_outer() {
        return plan_err!("{name}: the argument must be a constant or a subquery: {constant}");
    }
    let needs_rows = constant.exists(|expr| {
        Ok(matches!(
            expr,
            Expr::AggregateFunction(_) | Expr::WindowFunction(_) | Expr::Unnest(_)
        ))
    })?;
    if needs_rows {
        return plan_err!(
            "{name}: the argument must be a constant or a subquery; write {name}((SELECT ...))"
        );
    }
    let value = Expr::Alias(Alias::new(constant.clone(), None::<&str>, "value"));
    LogicalPlanBuilder::empty(true).project([value])?.build()
}
