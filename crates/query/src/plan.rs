//! One statement, from text to stream.

use std::sync::Arc;

use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::SessionState;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, displayable, execute_stream};
use futures::TryStreamExt;
use model::{InsertTime, TimeRange};
use views::{ScanContext, ScanCounters};

use crate::caller::{Access, Origin};
use crate::deadline::Deadline;
use crate::error::QueryError;
use crate::get_payload;
use crate::nested::task_context;
use crate::statement::{lists_functions, read_only_plan};
use crate::usage::QueryUsage;

/// What is being done until a plan is found valid, in messages.
pub(crate) const BUILDING: &str = "error building dataframe";

const PHYSICAL_PLANNING: &str = "error creating physical plan";

/// A plan is logged up to this length.
const LOGGED_PLAN_CHARS: usize = 2000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryRequest {
    /// One statement, with or without a trailing semicolon.
    pub sql: String,
    /// Event-time range applied to every scan of a view.
    pub range: Option<TimeRange>,
    /// Outermost limit on the rows of the answer.
    pub limit: Option<usize>,
    /// Answer as of this moment of the commit clock, as long as nothing that it saw is
    /// purged; otherwise, and when it lies ahead, as of now.
    pub as_of: Option<InsertTime>,
    /// Answer without partitions, to check them: see [`ScanContext::blocks_only`].
    pub blocks_only: bool,
    pub access: Access,
    pub origin: Origin,
}

impl QueryRequest {
    /// A statement without range and limit, of a reader of whom nothing is known.
    pub fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            ..Self::default()
        }
    }

    pub(crate) fn scan_context(&self) -> ScanContext {
        let context = match self.as_of {
            Some(time) => ScanContext::as_of(self.range, time),
            None => ScanContext::new(self.range),
        };
        match self.blocks_only {
            true => context.blocks_only(),
            false => context,
        }
    }
}

/// A statement that was found valid.
#[derive(Debug)]
pub struct PlannedQuery {
    session: SessionState,
    context: Arc<ScanContext>,
    usage: Arc<QueryUsage>,
    deadline: Deadline,
    plan: LogicalPlan,
}

impl PlannedQuery {
    pub(crate) async fn plan(
        mut session: SessionState,
        context: Arc<ScanContext>,
        usage: Arc<QueryUsage>,
        deadline: Deadline,
        request: &QueryRequest,
    ) -> Result<Self, QueryError> {
        let plan = read_only_plan(&session, &request.sql)
            .await
            .map_err(|error| QueryError::from_engine(BUILDING, &error))?;
        get_payload::shrink_batches(&mut session, &plan)
            .map_err(|error| QueryError::from_engine(BUILDING, &error))?;
        let plan = match request.limit {
            None => plan,
            Some(limit) => limited(plan, limit).map_err(|error| {
                QueryError::from_engine("error building dataframe with limit", &error)
            })?,
        };
        Ok(Self {
            session,
            context,
            usage,
            deadline,
            plan,
        })
    }

    /// The schema of the rows; exactly what [`Self::execute`] streams, nullability included.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(self.plan.schema().inner())
    }

    /// What the scans of this query did so far; shared with the running stream.
    pub fn counters(&self) -> Arc<ScanCounters> {
        Arc::clone(self.context.counters())
    }

    /// What the query takes from the shared budgets.
    pub fn usage(&self) -> Arc<QueryUsage> {
        Arc::clone(&self.usage)
    }

    /// Start it. Dropping the stream cancels the work. The time that the query may take has
    /// begun with its planning; when it is over the stream ends with an error.
    pub async fn execute(self) -> Result<SendableRecordBatchStream, QueryError> {
        let schema = self.schema();
        let planning = Box::pin(self.physical_plan());
        let physical = self.deadline.limit(PHYSICAL_PLANNING, planning).await?;
        self.usage.started(Arc::clone(&physical));
        let failed =
            |error: DataFusionError| QueryError::from_engine("error executing plan", &error);
        let context = self.task_context().map_err(failed)?;
        let stream = execute_stream(physical, context).map_err(failed)?;
        let stream = self.deadline.limit_stream(stream);
        if stream.schema() == schema {
            return Ok(stream);
        }
        let target = Arc::clone(&schema);
        let conformed =
            stream.and_then(move |batch| futures::future::ready(conform(&batch, &target)));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, conformed)))
    }

    async fn physical_plan(&self) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
        let plan = self.session.create_physical_plan(&self.plan).await;
        let plan = plan.map_err(|error| QueryError::from_engine(PHYSICAL_PLANNING, &error))?;
        if tracing::enabled!(tracing::Level::DEBUG) {
            let text = displayable(plan.as_ref()).indent(false).to_string();
            let text = model::truncate_chars(&text, LOGGED_PLAN_CHARS);
            tracing::debug!(plan = text, "physical plan");
        }
        Ok(plan)
    }

    /// The context the plan runs in: memory comes out of the query's share, and functions are
    /// there where they are listed.
    fn task_context(&self) -> DataFusionResult<Arc<TaskContext>> {
        let shared = self.session.runtime_env();
        let runtime = Arc::new(RuntimeEnv {
            memory_pool: self.usage.pool(&shared.memory_pool),
            ..RuntimeEnv::clone(shared)
        });
        if lists_functions(&self.plan)? {
            return Ok(Arc::new(
                TaskContext::from(&self.session).with_runtime(runtime),
            ));
        }
        let config = self.session.config().clone();
        Ok(task_context(
            self.session.session_id().to_owned(),
            config,
            runtime,
        ))
    }
}

fn limited(plan: LogicalPlan, limit: usize) -> DataFusionResult<LogicalPlan> {
    LogicalPlanBuilder::from(plan)
        .limit(0, Some(limit))?
        .build()
}

/// A physical plan may know more of nullability than the logical one; callers were
/// promised the logical schema.
fn conform(batch: &RecordBatch, schema: &SchemaRef) -> DataFusionResult<RecordBatch> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            if column.data_type() == field.data_type() {
                Ok(Arc::clone(column))
            } else {
                cast(column, field.data_type())
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &options,
    )?)
}
