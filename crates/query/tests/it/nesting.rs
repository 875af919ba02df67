//! Statements that nest as deep as they may, and deeper, on the stack of an ordinary thread.

use anyhow::Result;
use query::{ErrorClass, QueryRequest};

use crate::administrators::{administrator, refusal};
use crate::house::House;

/// Makes a statement in which something is repeated so often.
type Statement = fn(usize) -> String;

fn chain_of_tables(times: usize) -> String {
    let steps = (1..times).map(|i| format!(", t{i} AS (SELECT n FROM t{})", i - 1));
    let steps: String = steps.collect();
    format!(
        "WITH t0 AS (SELECT 1 AS n){steps} SELECT n FROM t{}",
        times - 1
    )
}

fn joins(times: usize) -> String {
    let joined = (1..times).map(|i| format!(" JOIN list_view_sets() t{i} ON true"));
    format!(
        "SELECT 1 FROM list_view_sets() t0{}",
        joined.collect::<String>()
    )
}

const STATEMENTS: [(Statement, usize); 12] = [
    (|times| format!("SELECT 1{}", "+1".repeat(times)), 800),
    (|times| format!("SELECT 1{}", "::INT".repeat(times)), 800),
    (|times| format!("SELECT 1{}", " IS NULL".repeat(times)), 800),
    (
        |times| {
            format!(
                "SELECT count FROM log_stats WHERE process_id=''{}",
                " OR process_id=''".repeat(times)
            )
        },
        399,
    ),
    (
        |times| format!("SELECT {}'1 day'", "INTERVAL ".repeat(times)),
        100,
    ),
    (
        |times| {
            format!(
                "SELECT CAST(1 AS {}INT{})",
                "ARRAY<".repeat(times),
                ">".repeat(times)
            )
        },
        319,
    ),
    (
        |times| format!("SELECT CAST(1 AS INT{})", "[]".repeat(times)),
        398,
    ),
    (
        |times| {
            let (open, close) = ("List(".repeat(times), ")".repeat(times));
            format!("SELECT arrow_cast(1, '{open}Int8{close}')")
        },
        64,
    ),
    (
        |times| format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(times)),
        127,
    ),
    (chain_of_tables, 255),
    (joins, 256),
    (|times| format!("{}SELECT 1", "EXPLAIN ".repeat(times)), 50),
];

#[tokio::test]
async fn what_is_allowed_has_room_on_the_stack() -> Result<()> {
    let house = House::new().await?;
    for (statement, most) in STATEMENTS {
        // Whether it means anything does not matter: the process is still there.
        let planned = house.engine.plan(QueryRequest::new(statement(most))).await;
        let started = match planned {
            Ok(query) => query.execute().await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = started {
            assert!(!error.message.contains("more than"), "{error}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_nests_deeper_is_refused() -> Result<()> {
    let house = House::new().await?;
    for (statement, most) in STATEMENTS {
        for times in [most + 1, 20_000] {
            let sql = statement(times);
            let error = refusal(&house.engine, QueryRequest::new(sql)).await;
            assert_eq!(error.class, ErrorClass::Invalid);
            assert!(error.message.contains("more than"), "{error}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn rules_of_the_deny_list_are_bounded_as_well() -> Result<()> {
    let house = House::new().await?;
    let rule = format!("sql = {} ''1 day''", "INTERVAL ".repeat(400));
    let sql = format!("SELECT msg FROM deny_queries('{rule}', 'nested')");
    let error = refusal(&house.engine, administrator(&sql)).await;
    assert!(error.message.contains("nests too deeply"), "{error}");
    Ok(())
}
