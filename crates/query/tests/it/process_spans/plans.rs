//! How the engine goes about spans.

use anyhow::Result;
use datafusion::arrow::util::pretty::pretty_format_batches;
use test_kit::Capture;
use views::ResourceConfig;

use super::{GENERATOR, LEDGER, always, both_programs, check, spans};
use crate::house::{House, config, texts};

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_runs_again_and_again() -> Result<()> {
    let house = both_programs().await?;
    for types in ["thread", "async", "both"] {
        let spans = spans(GENERATOR, types);
        let (once, _) = house
            .count(always(format!("SELECT count(*) FROM {spans}")))
            .await?;
        let sql = format!(
            "WITH RECURSIVE rounds AS (SELECT 1 AS number, CAST(0 AS BIGINT) AS spans UNION ALL \
             SELECT number + 1, counted.spans FROM rounds, \
             (SELECT count(name) AS spans FROM {spans}) counted WHERE number < 5) \
             SELECT sum(spans) FROM rounds"
        );
        check(&house, &sql, 4 * once).await?;
    }
    Ok(())
}

async fn explain(house: &House, sql: &str) -> Result<String> {
    let (batches, _) = house.run(always(format!("EXPLAIN {sql}"))).await?;
    Ok(pretty_format_batches(&batches)?.to_string())
}

#[tokio::test]
async fn threads_are_read_in_their_order_without_sorting() -> Result<()> {
    let one_core = ResourceConfig {
        parallelism: 1,
        ..config(64 * 1024 * 1024)
    };
    for house in [House::new().await?, House::with_config(&one_core).await?] {
        house.store(&Capture::load("ledger")?, |_| ()).await?;
        let stream = format!(
            "SELECT CAST(min(stream_id) AS VARCHAR) FROM {}",
            spans(LEDGER, "thread")
        );
        let stream = texts(&house.engine, always(stream)).await?.remove(0);
        let thread = format!("SELECT name FROM view_instance('thread_spans', '{stream}')");
        let plan = explain(&house, &format!("{thread} ORDER BY begin")).await?;
        assert!(!plan.contains("SortExec"), "{plan}");
    }
    Ok(())
}
