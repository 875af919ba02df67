use std::collections::BTreeMap;

use datafusion::arrow::array::Int32Array;
use datafusion::arrow::datatypes::{DataType, Field, Int32Type, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::cast::as_primitive_array;
use datafusion::physical_plan::collect;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use futures::StreamExt;

use super::*;

/// Counts the inputs that run.
#[derive(Debug, Default)]
struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

struct Running(Arc<Gauge>);

impl Running {
    fn begin(gauge: &Arc<Gauge>) -> Self {
        let now = gauge.now.fetch_add(1, Ordering::SeqCst) + 1;
        gauge.most.fetch_max(now, Ordering::SeqCst);
        Self(Arc::clone(gauge))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Three batches with the input's number, with a pause before each.
#[derive(Debug)]
struct Numbers {
    number: i32,
    schema: SchemaRef,
    gauge: Arc<Gauge>,
}

impl PartitionStream for Numbers {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let numbers = Arc::new(Int32Array::from(vec![self.number]));
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), vec![numbers]).unwrap();
        let running = Running::begin(&self.gauge);
        let batches = stream::iter(0..3).then(move |_| {
            let _running = &running;
            let batch = batch.clone();
            async move {
                tokio::task::yield_now().await;
                Ok(batch)
            }
        });
        let schema = Arc::clone(&self.schema);
        Box::pin(RecordBatchStreamAdapter::new(schema, batches))
    }
}

fn schema() -> SchemaRef {
    let number = Field::new("number", DataType::Int32, false);
    Arc::new(Schema::new(vec![number]))
}

/// So many inputs of two partitions each.
fn inputs(inputs: i32, gauge: &Arc<Gauge>) -> Vec<Arc<dyn ExecutionPlan>> {
    let input = |number: i32| {
        let partition = |number| {
            Arc::new(Numbers {
                number,
                schema: schema(),
                gauge: Arc::clone(gauge),
            }) as Arc<dyn PartitionStream>
        };
        let partitions = vec![partition(2 * number), partition(2 * number + 1)];
        let input = StreamingTableExec::try_new(schema(), partitions, None, [], false, None);
        Arc::new(input.unwrap()) as Arc<dyn ExecutionPlan>
    };
    (0..inputs).map(input).collect()
}

fn union(inputs: Vec<Arc<dyn ExecutionPlan>>, parallelism: usize) -> Arc<dyn ExecutionPlan> {
    let config = SessionConfig::new();
    Arc::new(QueuedUnionExec::new(schema(), inputs, parallelism, config))
}

/// How often each number comes.
async fn counts(plan: &Arc<dyn ExecutionPlan>) -> BTreeMap<i32, usize> {
    let batches = collect(Arc::clone(plan), Arc::default()).await.unwrap();
    let mut counts = BTreeMap::new();
    for batch in &batches {
        let numbers = as_primitive_array::<Int32Type>(batch.column(0)).unwrap();
        for number in numbers.values() {
            *counts.entry(*number).or_default() += 1;
        }
    }
    counts
}

#[tokio::test]
async fn every_partition_of_every_input_runs_once_and_few_at_a_time() {
    for (parallelism, most) in [(0, 1), (1, 1), (3, 3), (100, 20)] {
        let gauge = Arc::default();
        let union = union(inputs(10, &gauge), parallelism);
        let expected = (0..20).map(|number| (number, 3)).collect();
        assert_eq!(counts(&union).await, expected);
        assert_eq!(gauge.most.load(Ordering::SeqCst), most);
        // A plan may be executed again.
        assert_eq!(counts(&union).await, expected);
        assert_eq!(gauge.now.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn a_union_of_nothing_is_empty() {
    let union = union(Vec::new(), 2);
    assert_eq!(union.schema(), schema());
    assert_eq!(counts(&union).await, BTreeMap::new());
}
