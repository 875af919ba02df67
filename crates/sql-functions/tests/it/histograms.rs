//! Many groups in little memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, UInt64Type};
use datafusion::datasource::MemTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{SessionConfig, SessionContext};

const GROUPS: i64 = 3000;
const BINS: usize = 300;
const PARTITIONS: usize = 4;
const ROWS: usize = 40_000;

const SQL: &str = "SELECT g, make_histogram(0, 300, 300, v) AS h FROM t GROUP BY g";

/// Groups and values, the same in every run.
fn rows() -> Vec<(i64, f64)> {
    let mut state = 1_u64;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    (0..ROWS)
        .map(|_| (next() as i64 % GROUPS, (next() % 1200) as f64 / 4.0))
        .collect()
}

fn table(rows: &[(i64, f64)]) -> MemTable {
    let schema = Arc::new(Schema::new(vec![
        Field::new("g", DataType::Int64, false),
        Field::new("v", DataType::Float64, false),
    ]));
    let partitions = rows.chunks(ROWS / PARTITIONS).map(|rows| {
        let batches = rows.chunks(1000).map(|rows| {
            let groups = Int64Array::from_iter_values(rows.iter().map(|(group, _)| *group));
            let values = Float64Array::from_iter_values(rows.iter().map(|(_, value)| *value));
            let columns: Vec<ArrayRef> = vec![Arc::new(groups), Arc::new(values)];
            RecordBatch::try_new(Arc::clone(&schema), columns).expect("columns of one length")
        });
        batches.collect()
    });
    MemTable::try_new(Arc::clone(&schema), partitions.collect()).expect("one schema")
}

fn context(rows: &[(i64, f64)], memory_bytes: usize) -> SessionContext {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(memory_bytes)))
        .build_arc()
        .expect("a runtime");
    let config = SessionConfig::new()
        .with_target_partitions(PARTITIONS)
        .with_batch_size(500);
    let context = SessionContext::new_with_config_rt(config, runtime);
    sql_functions::register(&mut context.state_ref().write()).expect("a fresh session");
    context
        .register_table("t", Arc::new(table(rows)))
        .expect("a fresh session");
    context
}

/// A count that all operators kept, added up.
fn metric(plan: &dyn ExecutionPlan, name: &str) -> usize {
    let metrics = plan.metrics().unwrap_or_default();
    let own = metrics.sum(|metric| metric.value().name() == name);
    let own = own.map_or(0, |sum| sum.as_usize());
    own + plan
        .children()
        .into_iter()
        .map(|child| metric(child.as_ref(), name))
        .sum::<usize>()
}

/// The rows of the answer, and the plan that made them.
async fn run(
    context: &SessionContext,
    sql: &str,
) -> Result<(Vec<RecordBatch>, Arc<dyn ExecutionPlan>)> {
    let plan = context.sql(sql).await?.create_physical_plan().await?;
    let batches = collect(Arc::clone(&plan), context.task_ctx()).await?;
    Ok((batches, plan))
}

/// Sum and bins per group.
fn expected(rows: &[(i64, f64)]) -> BTreeMap<i64, (f64, Vec<u64>)> {
    let mut groups: BTreeMap<i64, (f64, Vec<u64>)> = BTreeMap::new();
    for (group, value) in rows {
        let (sum, bins) = groups.entry(*group).or_insert_with(|| (0.0, vec![0; BINS]));
        *sum += value;
        bins[*value as usize] += 1;
    }
    groups
}

fn answered(batches: &[RecordBatch]) -> BTreeMap<i64, (f64, Vec<u64>)> {
    let mut groups = BTreeMap::new();
    for batch in batches {
        let keys = batch.column(0).as_primitive::<Int64Type>();
        let histograms = batch.column(1).as_struct();
        let sums = histograms
            .column_by_name("sum")
            .expect("a field")
            .as_primitive::<Float64Type>();
        let bins = histograms
            .column_by_name("bins")
            .expect("a field")
            .as_list::<i32>();
        for row in (0..batch.num_rows()).filter(|row| histograms.is_valid(*row)) {
            let bins = bins
                .value(row)
                .as_primitive::<UInt64Type>()
                .values()
                .to_vec();
            groups.insert(keys.value(row), (sums.value(row), bins));
        }
    }
    groups
}

#[tokio::test]
async fn groups_are_complete_with_and_without_spilling() -> Result<()> {
    let rows = rows();
    let expected = expected(&rows);
    for (memory_bytes, spilling) in [(1 << 30, false), (12 << 20, true)] {
        let (batches, plan) = run(&context(&rows, memory_bytes), SQL).await?;
        assert!(answered(&batches) == expected, "with {memory_bytes} bytes");
        let spills = metric(plan.as_ref(), "spill_count");
        assert_eq!(spills > 0, spilling, "with {memory_bytes} bytes");
    }
    Ok(())
}

#[tokio::test]
async fn groups_are_complete_when_the_first_step_is_passed_over() -> Result<()> {
    let rows = rows();
    let context = context(&rows, 1 << 30);
    for setting in ["rows_threshold = 100", "ratio_threshold = 0.01"] {
        let sql = format!("SET datafusion.execution.skip_partial_aggregation_probe_{setting}");
        context.sql(&sql).await?;
    }
    let sql = SQL.replace("v) AS h", "v) FILTER (WHERE g <> 7) AS h");
    let (batches, plan) = run(&context, &sql).await?;
    assert!(metric(plan.as_ref(), "skipped_aggregation_rows") > 0);
    let mut expected = expected(&rows);
    expected.remove(&7);
    assert!(answered(&batches) == expected);
    Ok(())
}

#[tokio::test]
async fn bins_that_memory_can_not_hold_are_refused_before_they_are_made() {
    let rows = rows();
    let sql = SQL.replace("300, 300", "300, 1000000");
    let error = run(&context(&rows, 64 << 20), &sql)
        .await
        .expect_err("24 GB of bins");
    let root = error.find_root();
    assert!(
        matches!(root, DataFusionError::ResourcesExhausted(_)),
        "{root:?}"
    );
}
