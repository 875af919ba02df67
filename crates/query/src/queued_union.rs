//! The rows of many inputs, of which only a few run at the same time.
//!
//! An ordinary union starts all its inputs at once, and each may need much memory. Here
//! there are as many workers as the plan has parallelism, and a queue of what they run one
//! after the other.

use std::fmt;
use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, reset_plan_states};
use datafusion::physical_plan::metrics::{MetricValue, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning,
    PlanProperties,
};
use datafusion::prelude::SessionConfig;
use futures::stream::{self, TryStreamExt};
use views::Rounds;

use crate::nested::task_context;

/// Inputs are planned to the end and are not its children: the optimizer would spread each
/// of them over all cores.
#[derive(Debug)]
pub(crate) struct QueuedUnionExec {
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    /// What they run with.
    config: SessionConfig,
    properties: Arc<PlanProperties>,
    rounds: Rounds<Result<Round, Arc<DataFusionError>>>,
    /// The inputs that ran last, for their metrics.
    ran: Mutex<Vec<Arc<dyn ExecutionPlan>>>,
}

/// An input and which of its partitions to run.
type Entry = (Arc<dyn ExecutionPlan>, usize);

/// One execution.
#[derive(Debug)]
struct Round {
    entries: Vec<Entry>,
    begun: AtomicUsize,
}

impl QueuedUnionExec {
    /// `inputs` all have the schema.
    pub fn new(
        schema: SchemaRef,
        inputs: Vec<Arc<dyn ExecutionPlan>>,
        parallelism: usize,
        config: SessionConfig,
    ) -> Self {
        let partitions = inputs
            .iter()
            .map(|input| input.output_partitioning().partition_count());
        let workers = partitions.sum::<usize>().min(parallelism).max(1);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(workers),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            inputs,
            config,
            properties: Arc::new(properties),
            rounds: Rounds::new(workers),
            ran: Mutex::default(),
        }
    }

    /// Operators can run once, so each round has new ones.
    fn round(&self) -> Result<Round, Arc<DataFusionError>> {
        let inputs = self.inputs.iter().map(Arc::clone).map(reset_plan_states);
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        let entries = entries(&inputs);
        *self.ran.lock().unwrap_or_else(PoisonError::into_inner) = inputs;
        Ok(Round {
            entries,
            begun: AtomicUsize::new(0),
        })
    }
}

/// Input after input: the partitions of one share its work, and what it holds is freed before
/// the next one begins.
fn entries(inputs: &[Arc<dyn ExecutionPlan>]) -> Vec<Entry> {
    let partitions = inputs.iter().flat_map(|input| {
        let partitions = input.output_partitioning().partition_count();
        (0..partitions).map(move |partition| (Arc::clone(input), partition))
    });
    partitions.collect()
}

impl DisplayAs for QueuedUnionExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QueuedUnionExec: inputs={}", self.inputs.len())
    }
}

impl ExecutionPlan for QueuedUnionExec {
    fn name(&self) -> &'static str {
        "QueuedUnionExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(
        &self,
        _partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let round = self.rounds.join(|| self.round());
        if let Err(error) = &*round {
            return Err(error.into());
        }
        let config = self.config.clone();
        let context = task_context(context.session_id(), config, context.runtime_env());
        let outputs = iter::from_fn(move || {
            let Round { entries, begun } = round.as_ref().as_ref().ok()?;
            let next = begun.fetch_add(1, Ordering::Relaxed);
            let (input, partition) = entries.get(next)?;
            Some(input.execute(*partition, Arc::clone(&context)))
        });
        let batches = stream::iter(outputs).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            self.schema(),
            batches,
        )))
    }

    /// What the inputs spilled.
    fn metrics(&self) -> Option<MetricsSet> {
        let mut metrics = MetricsSet::new();
        let ran = self.ran.lock().unwrap_or_else(PoisonError::into_inner);
        for input in ran.iter() {
            add_spills(input.as_ref(), &mut metrics);
        }
        Some(metrics)
    }
}

fn add_spills(plan: &dyn ExecutionPlan, metrics: &mut MetricsSet) {
    for metric in plan.metrics().iter().flat_map(MetricsSet::iter) {
        if matches!(
            metric.value(),
            MetricValue::SpillCount(_) | MetricValue::SpilledBytes(_) | MetricValue::SpilledRows(_)
        ) {
            metrics.push(Arc::clone(metric));
        }
    }
    for child in plan.children() {
        add_spills(child.as_ref(), metrics);
    }
}

#[cfg(test)]
mod tests;
