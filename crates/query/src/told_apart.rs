//! Calls of one table function with other arguments are other tables.
//!
//! The engine names what a call gives after the function alone and compares scans by their
//! names, so it would answer two subqueries over two calls with the rows of one of them.

use std::fmt;
use std::sync::Arc;

use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::catalog::{TableFunction, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::TableReference;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::ViewTable;
use datafusion::error::Result;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};

/// All table functions of a session, each once, so after the last of them is registered.
pub(crate) fn tell_calls_apart(session: &mut SessionState) -> Result<()> {
    let functions: Vec<_> = session.table_functions().values().cloned().collect();
    for function in functions {
        let name = function.name().to_owned();
        session.register_udtf(&name, Arc::new(ToldApart(function)));
    }
    Ok(())
}

struct ToldApart(Arc<TableFunction>);

impl fmt::Debug for ToldApart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToldApart").field(&self.0.name()).finish()
    }
}

impl TableFunctionImpl for ToldApart {
    /// A view of the table, under a name with the arguments.
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let arguments: Vec<String> = args.exprs().iter().map(text).collect();
        let name = format!("{}({})", self.0.name(), arguments.join(", "));
        let table = self.0.create_table_provider_with_args(args)?;
        let table = provider_as_source(table);
        let scan = LogicalPlanBuilder::scan(TableReference::bare(name), table, None)?;
        Ok(Arc::new(ViewTable::new(scan.build()?, None)))
    }
}

/// Subqueries look all the same as expressions.
fn text(argument: &Expr) -> String {
    let mut text = argument.to_string();
    let told = argument.apply(|expression| {
        if let Expr::ScalarSubquery(subquery) = expression {
            text.push_str(&subquery.subquery.display_indent().to_string());
        }
        Ok(TreeNodeRecursion::Continue)
    });
    told.expect("it only looks");
    text
}
