//! Conditions of rules: from text to something that can be evaluated for a query.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use datafusion::arrow::array::{Array, BooleanArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::exec_err;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::expr::{Cast, TryCast};
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, ExprSchemable, Volatility};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::PhysicalExpr;

use super::attributes;
use super::error::Error;
use crate::nesting;

/// Length of the text.
const BYTES_MAX: usize = 4096;

/// A Boolean expression over the columns of [`attributes`] that answers the same for the
/// same query, whenever it is asked.
#[derive(Debug, Clone)]
pub(crate) struct Condition(Arc<dyn PhysicalExpr>);

impl Condition {
    /// `session` says which functions there are.
    pub fn compile(session: &SessionState, text: &str) -> Result<Self, Error> {
        if text.len() > BYTES_MAX {
            return Err(Error::LongExpression {
                bytes: text.len(),
                max: BYTES_MAX,
            });
        }
        if text.contains('\0') {
            return Err(Error::HoldsNul);
        }
        let expr = parse(session, text)?;
        check_parts(&expr)?;
        if !expr.any_column_refs() {
            return Err(Error::NoColumn);
        }
        let simplifier = simplifier(session);
        let coerced = simplifier
            .coerce(expr.clone(), attributes::schema())
            .map_err(Error::NotAnExpression)?;
        check_type(&expr, &coerced)?;
        // Constant parts are evaluated here, so this may fail like an evaluation.
        let condition = guarded(|| {
            let simplified = simplifier.simplify(coerced)?;
            session.create_physical_expr(simplified, attributes::schema())
        });
        let condition = Self(condition.map_err(Error::NotEvaluated)?);
        let probed = condition.evaluate(&attributes::probe());
        probed.map_err(Error::NotEvaluated)?;
        Ok(condition)
    }

    /// Whether it is true of the query that `row` describes; NULL is not true.
    pub fn matches(&self, row: &RecordBatch) -> DataFusionResult<bool> {
        let answers = self.evaluate(row)?;
        Ok(answers.is_valid(0) && answers.value(0))
    }

    fn evaluate(&self, rows: &RecordBatch) -> DataFusionResult<BooleanArray> {
        guarded(|| {
            let answers = self.0.evaluate(rows)?.into_array(rows.num_rows())?;
            as_boolean_array(&answers).cloned()
        })
    }
}

/// A function that panics must not take the queries of everybody with it.
fn guarded<T>(work: impl FnOnce() -> DataFusionResult<T>) -> DataFusionResult<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| exec_err!("a function panicked"))
}

fn parse(session: &SessionState, text: &str) -> Result<Expr, Error> {
    nesting::check(text).map_err(Error::NotAnExpression)?;
    let dialect = session.config_options().sql_parser.dialect;
    let parsed = session
        .sql_to_expr_with_alias(text, &dialect)
        .map_err(Error::NotAnExpression)?;
    if parsed.alias.is_some() {
        return Err(Error::Named);
    }
    session
        .create_logical_expr_from_sql_expr(parsed, attributes::schema())
        .map_err(Error::NotAnExpression)
}

fn simplifier(session: &SessionState) -> ExprSimplifier {
    let context = SimplifyContext::builder()
        .with_schema(Arc::clone(attributes::schema()))
        .with_config_options(Arc::clone(session.config_options()))
        .build();
    ExprSimplifier::new(context)
}

/// Only what depends on the row alone.
fn check_parts(expr: &Expr) -> Result<(), Error> {
    let mut forbidden = None;
    expr.apply(|part| {
        forbidden = forbidden_part(part);
        Ok(match forbidden {
            Some(_) => TreeNodeRecursion::Stop,
            None => TreeNodeRecursion::Continue,
        })
    })
    .map_err(Error::NotAnExpression)?;
    forbidden.map_or(Ok(()), |part| Err(Error::ForbiddenPart(part)))
}

fn forbidden_part(part: &Expr) -> Option<String> {
    match part {
        // The planner names some of the functions that it puts in place of others.
        Expr::Alias(_)
        | Expr::Column(_)
        | Expr::Literal(..)
        | Expr::BinaryExpr(_)
        | Expr::Like(_)
        | Expr::SimilarTo(_)
        | Expr::Not(_)
        | Expr::IsNotNull(_)
        | Expr::IsNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNotUnknown(_)
        | Expr::Negative(_)
        | Expr::Between(_)
        | Expr::Case(_)
        | Expr::Cast(_)
        | Expr::TryCast(_)
        | Expr::InList(_) => None,
        Expr::ScalarFunction(call) => match call.func.signature().volatility {
            Volatility::Immutable => None,
            Volatility::Stable | Volatility::Volatile => Some(format!(
                "{}(), whose answer is not decided by its arguments",
                call.name()
            )),
        },
        Expr::Exists(_)
        | Expr::InSubquery(_)
        | Expr::SetComparison(_)
        | Expr::ScalarSubquery(_) => Some("a subquery".to_owned()),
        Expr::AggregateFunction(_) => Some("an aggregate".to_owned()),
        Expr::WindowFunction(_) => Some("a window function".to_owned()),
        Expr::Placeholder(_) => Some("a placeholder".to_owned()),
        other => Some(format!("the SQL construct {}", other.variant_name())),
    }
}

/// Boolean as it is written: coercion may turn texts into conditions, which then mean
/// something that nobody wrote.
fn check_type(written: &Expr, coerced: &Expr) -> Result<(), Error> {
    let given = coerced
        .get_type(attributes::schema().as_ref())
        .map_err(Error::NotAnExpression)?;
    if given != DataType::Boolean {
        return Err(Error::NotBoolean(given));
    }
    let casts = |expr| casts_to_boolean(expr).map_err(Error::NotAnExpression);
    if casts(coerced)? > casts(written)? {
        return Err(Error::PartNotBoolean);
    }
    Ok(())
}

/// Those of NULL do not count: it is a value of every type.
fn casts_to_boolean(expr: &Expr) -> DataFusionResult<usize> {
    let mut casts = 0;
    expr.apply(|part| {
        if let Expr::Cast(Cast { expr, field }) | Expr::TryCast(TryCast { expr, field }) = part
            && field.data_type() == &DataType::Boolean
            && expr.get_type(attributes::schema().as_ref())? != DataType::Null
        {
            casts += 1;
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(casts)
}
