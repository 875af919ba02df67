//! When the rows of table functions are made, and what they cost.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_plan::{displayable, execute_stream};
use futures::TryStreamExt;

use crate::context;

const LONG: &str = "SELECT value FROM jsonb_array_elements((\
    SELECT jsonb_parse('[' || repeat('7,', 50000) || '7]')))";

#[tokio::test]
async fn planning_runs_nothing() -> Result<()> {
    let context = context();
    let sql = "SELECT * FROM expand_histogram((SELECT make_histogram(0, 1, nb_bins, 1) \
               FROM (VALUES (0)) AS t(nb_bins)))";
    let plan = context.sql(sql).await?.create_physical_plan().await?;
    let error = execute_stream(plan, context.task_ctx())?
        .try_next()
        .await
        .expect_err("no bins");
    assert!(
        error.to_string().contains("make_histogram: nb_bins"),
        "{error}"
    );
    Ok(())
}

#[tokio::test]
async fn the_subquery_is_part_of_the_plan() -> Result<()> {
    let context = context();
    let sql = "SELECT count FROM expand_histogram((SELECT make_histogram(0, 1, 2, 1))) LIMIT 1";
    let plan = context.sql(sql).await?.create_physical_plan().await?;
    let shown = displayable(plan.as_ref()).indent(false).to_string();
    let mut lines = shown.lines();
    assert_eq!(
        lines.next(),
        Some("TableFunctionExec: expand_histogram, limit=1"),
        "{shown}"
    );
    assert!(lines.any(|line| line.contains("AggregateExec")), "{shown}");
    Ok(())
}

#[tokio::test]
async fn rows_come_in_batches_and_end_early() -> Result<()> {
    let context = context();
    let plan = context.sql(LONG).await?.create_physical_plan().await?;
    let mut batches = execute_stream(plan, context.task_ctx())?;
    let first = batches.try_next().await?.expect("rows");
    assert_eq!(
        first.num_rows(),
        context.task_ctx().session_config().batch_size()
    );
    let rest: Vec<_> = batches.try_collect().await?;
    let rows: usize = rest.iter().map(RecordBatch::num_rows).sum();
    assert_eq!(first.num_rows() + rows, 50_001);
    Ok(())
}

#[tokio::test]
async fn a_batch_of_long_elements_has_few_of_them() -> Result<()> {
    let context = context();
    context
        .sql("SET datafusion.execution.batch_size = 8192")
        .await?;
    let sql = "SELECT value FROM jsonb_array_elements(jsonb_parse(\
               '[' || repeat('\"' || repeat('x', 400000) || '\",', 9) || '0]'))";
    let batches = context.sql(sql).await?.collect().await?;
    let rows: Vec<usize> = batches.iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows, [3, 3, 3, 1]);
    Ok(())
}

#[tokio::test]
async fn the_document_counts_as_memory_of_the_query() -> Result<()> {
    let context = context();
    let plan = context.sql(LONG).await?.create_physical_plan().await?;
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(100_000)))
        .build_arc()?;
    let task = TaskContext::default()
        .with_session_config(context.copied_config())
        .with_runtime(runtime);
    let error = execute_stream(plan, Arc::new(task))?
        .try_next()
        .await
        .expect_err("too long");
    assert!(
        matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)),
        "{error}"
    );
    Ok(())
}
