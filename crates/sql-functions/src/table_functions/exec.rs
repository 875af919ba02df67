//! Running a table function: one value comes in, its rows go out in batches.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{exec_err, internal_err};
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, ExecutionPlanProperties,
    Partitioning, PlanProperties,
};
use futures::{TryStreamExt, stream};

use super::{Rows, TableFunctionDefinition};
use crate::column::Column;

#[derive(Debug, Clone)]
pub(super) struct TableFunctionExec {
    definition: &'static TableFunctionDefinition,
    /// One partition with the argument as its only column.
    input: Arc<dyn ExecutionPlan>,
    limit: Option<usize>,
    properties: Arc<PlanProperties>,
}

impl TableFunctionExec {
    pub(super) fn try_new(
        definition: &'static TableFunctionDefinition,
        input: Arc<dyn ExecutionPlan>,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Self> {
        let schema = (definition.schema)();
        let schema = match projection {
            Some(projection) => Arc::new(schema.project(projection)?),
            None => schema,
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self {
            definition,
            input: one_partition(input),
            limit,
            properties: Arc::new(properties),
        })
    }
}

fn one_partition(input: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    match input.output_partitioning().partition_count() {
        1 => input,
        _ => Arc::new(CoalescePartitionsExec::new(input)),
    }
}

impl DisplayAs for TableFunctionExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableFunctionExec: {}", self.definition.name())?;
        match self.limit {
            Some(limit) => write!(f, ", limit={limit}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for TableFunctionExec {
    fn name(&self) -> &'static str {
        "TableFunctionExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![Distribution::SinglePartition]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(children)
            .or_else(|_| internal_err!("a table function has one argument"))?;
        Ok(Arc::new(Self {
            input,
            ..Self::clone(&self)
        }))
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(Self {
            limit,
            ..self.clone()
        }))
    }

    fn fetch(&self) -> Option<usize> {
        self.limit
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, Arc::clone(&context))?;
        let schema = self.schema();
        let call = Call {
            definition: self.definition,
            schema: Arc::clone(&schema),
            batch_rows: context.session_config().batch_size(),
            remaining: self.limit.unwrap_or(usize::MAX),
            reservation: MemoryConsumer::new(self.definition.name())
                .register(context.memory_pool()),
        };
        let batches = stream::try_unfold(State::Begin(call, input), |state| async move {
            let (mut call, mut rows) = match state {
                State::Begin(mut call, input) => match call.rows(input).await? {
                    Some(rows) => (call, rows),
                    None => return Ok(None),
                },
                State::Rows(call, rows) => (call, rows),
            };
            let batch = call.next(rows.as_mut())?;
            Ok(batch.map(|batch| (batch, State::Rows(call, rows))))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}

enum State {
    Begin(Call, SendableRecordBatchStream),
    Rows(Call, Box<dyn Rows>),
}

/// One execution.
struct Call {
    definition: &'static TableFunctionDefinition,
    schema: SchemaRef,
    batch_rows: usize,
    remaining: usize,
    /// Of the value, until its rows are through.
    reservation: MemoryReservation,
}

impl Call {
    /// The rows of the argument; none when it is null.
    async fn rows(&mut self, input: SendableRecordBatchStream) -> Result<Option<Box<dyn Rows>>> {
        let name = self.definition.name();
        let Some(value) = only_value(name, input).await? else {
            return match self.definition.needs_row {
                true => exec_err!("{name}: the subquery returned no row"),
                false => Ok(None),
            };
        };
        self.reservation.try_grow(value.get_array_memory_size())?;
        let value = match self.definition.argument.coerce(value.data_type()) {
            Some(coerced) => cast(&value, &coerced)?,
            None => value,
        };
        let column = Column::new(ColumnarValue::Array(value))?;
        match column.index(0) {
            Some(index) => (self.definition.rows)(&column.values.slice(index, 1)).map(Some),
            None => Ok(None),
        }
    }

    fn next(&mut self, rows: &mut dyn Rows) -> Result<Option<RecordBatch>> {
        let row_count = self.batch_rows.min(self.remaining);
        if row_count == 0 {
            return Ok(None);
        }
        let batch = rows.next(row_count, &self.schema)?;
        if let Some(batch) = &batch {
            self.remaining -= batch.num_rows();
        }
        Ok(batch)
    }
}

/// The value of a plan that returns one row, as an array of it; none without rows.
async fn only_value(
    function: &str,
    mut input: SendableRecordBatchStream,
) -> Result<Option<ArrayRef>> {
    let mut value = None;
    while let Some(batch) = input.try_next().await? {
        if batch.num_rows() == 0 {
            continue;
        }
        if value.is_some() || batch.num_rows() > 1 {
            return exec_err!("{function}: the subquery returned more than one row");
        }
        value = batch.columns().first().map(Arc::clone);
    }
    Ok(value)
}
