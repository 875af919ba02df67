//! From the text of a statement to a plan of it: what is refused, and what the engine's lists of
//! itself must not say.

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{Column, plan_err};
use datafusion::error::Result;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableScan, lit};
use datafusion::optimizer::AnalyzerRule;
use datafusion::prelude::SQLOptions;
use datafusion::sql::parser::Statement as EngineStatement;
use datafusion::sql::sqlparser::ast::Statement;

use crate::{nesting, show_functions};

const INFORMATION_SCHEMA: &str = "information_schema";
const SETTINGS: &str = "df_settings";
const FUNCTIONS: [&str; 2] = ["routines", "parameters"];

/// A setting that says where the files of the machine lie.
const SPILL_FOLDER: &str = "datafusion.runtime.temp_directory";

/// Several statements, and statements that change or reach anything outside the lake's
/// views, are refused here: the engine itself would accept them.
pub(crate) async fn read_only_plan(session: &SessionState, sql: &str) -> Result<LogicalPlan> {
    nesting::check(sql)?;
    let dialect = session.config_options().sql_parser.dialect;
    let mut statement = session.sql_to_statement(sql, &dialect)?;
    if let Some(shown) = shown(&mut statement)? {
        let answer = session.sql_to_statement(&shown.answer, &dialect)?;
        *shown.statement = answer;
    }
    let plan = session.statement_to_plan(statement).await?;
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)?;
    Ok(plan)
}

/// Whether the plan asks which functions there are.
pub(crate) fn lists_functions(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        found |= FUNCTIONS.iter().any(|table| is_scan_of(node, table));
        Ok(match found {
            true => TreeNodeRecursion::Stop,
            false => TreeNodeRecursion::Continue,
        })
    })?;
    Ok(found)
}

/// A statement, and another one that answers it.
struct Shown<'a> {
    statement: &'a mut EngineStatement,
    answer: String,
}

/// The engine answers `SHOW` with statements that it writes as text, without a thought of
/// quotes in what was given. What is shown may also be what is explained.
fn shown(statement: &mut EngineStatement) -> Result<Option<Shown<'_>>> {
    if let EngineStatement::Explain(explain) = statement {
        return shown(&mut explain.statement);
    }
    let EngineStatement::Statement(given) = &*statement else {
        return Ok(None);
    };
    match given.as_ref() {
        Statement::ShowFunctions { filter } => {
            let answer = show_functions::statement(filter.as_ref())?;
            Ok(Some(Shown { statement, answer }))
        }
        Statement::ShowVariable { variable } if variable.iter().any(|v| v.value.contains('\'')) => {
            plan_err!("there is no setting whose name has a quote")
        }
        _ => Ok(None),
    }
}

/// Lists of settings leave out one. A rule of the analyzer, since every plan passes there: plans
/// within plans, too.
#[derive(Debug)]
pub(crate) struct HideSpillFolder;

impl AnalyzerRule for HideSpillFolder {
    fn name(&self) -> &str {
        "hide_spill_folder"
    }

    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        let plan = plan.transform_down_with_subqueries(|node| {
            if !is_scan_of(&node, SETTINGS) {
                return Ok(Transformed::no(node));
            }
            let name = Column::from_qualified_name("name");
            let shown = Expr::Column(name).not_eq(lit(SPILL_FOLDER));
            let plan = LogicalPlanBuilder::from(node).filter(shown)?.build()?;
            Ok(Transformed::new(plan, true, TreeNodeRecursion::Jump))
        })?;
        Ok(plan.data)
    }
}

fn is_scan_of(node: &LogicalPlan, table: &str) -> bool {
    let LogicalPlan::TableScan(TableScan { table_name, .. }) = node else {
        return false;
    };
    table_name.schema() == Some(INFORMATION_SCHEMA) && table_name.table() == table
}
