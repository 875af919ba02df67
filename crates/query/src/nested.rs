//! Plans within plans: what a table reads may be a plan of its own, made when the table is
//! scanned, in a copy of the query's session.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::catalog::Session;
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, ident};
use datafusion::prelude::SessionConfig;

/// The session to plan in: the query's own, with other settings where that helps.
pub(crate) fn nested_session(session: &dyn Session) -> Result<SessionState> {
    match session.as_any().downcast_ref::<SessionState>() {
        Some(session) => Ok(session.clone()),
        None => internal_err!("the session is not one of this engine"),
    }
}

/// Rows per batch where many sorts run at the same time: they merge what they spilled by
/// batches.
const SORTED_ROWS: usize = 2048;

/// The same for rows that are too many for the memory: they are joined by sorting, and
/// sorts take little in advance. The planner joins so only where it may use two partitions.
pub(crate) fn sorting_session(session: &dyn Session) -> Result<SessionState> {
    let mut session = nested_session(session)?;
    let rows = session.config().batch_size().min(SORTED_ROWS);
    let mut config = session.config().clone().with_batch_size(rows);
    let options = config.options_mut();
    options.optimizer.prefer_hash_join = false;
    options.execution.target_partitions = options.execution.target_partitions.max(2);
    options.execution.sort_spill_reservation_bytes /= 4;
    *session.config_mut() = config;
    Ok(session)
}

/// The context a plan runs in. Its function registries only serve plans that arrive as bytes;
/// copying hundreds of functions would cost more than a small query.
pub(crate) fn task_context(
    session_id: String,
    config: SessionConfig,
    runtime: Arc<RuntimeEnv>,
) -> Arc<TaskContext> {
    Arc::new(TaskContext::new(
        None,
        session_id,
        config,
        HashMap::new(),
        HashMap::new(),
        HashMap::new(),
        HashMap::new(),
        runtime,
    ))
}

/// What a scan asks of the plan that makes its rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Narrowing<'a> {
    pub projection: Option<&'a Vec<usize>>,
    pub filters: &'a [Expr],
    pub limit: Option<usize>,
}

impl Narrowing<'_> {
    /// As the uppermost steps of the plan, from where the optimizer moves them down.
    pub fn apply(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let columns: Option<Vec<Expr>> = self.projection.map(|columns| {
            let fields = columns.iter().map(|column| plan.schema().field(*column));
            fields.map(|field| ident(field.name())).collect()
        });
        let mut plan = LogicalPlanBuilder::from(plan);
        if let Some(filter) = conjunction(self.filters.iter().cloned()) {
            plan = plan.filter(filter)?;
        }
        if let Some(columns) = columns {
            plan = plan.project(columns)?;
        }
        plan.limit(0, self.limit)?.build()
    }
}
