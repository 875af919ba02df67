//! One table function, called more than once in one statement.

use anyhow::Result;
use query::QueryRequest;

use crate::house::House;
use crate::process_spans::{GENERATOR, LEDGER, both_programs};

async fn check(house: &House, sql: &str, expected: i64) -> Result<()> {
    let (count, _) = house.count(QueryRequest::new(sql)).await?;
    assert_eq!(count, expected, "{sql}");
    Ok(())
}

#[tokio::test]
async fn subqueries_over_other_arguments_have_other_answers() -> Result<()> {
    let house = both_programs().await?;
    let count = |process| format!("(SELECT count(*) FROM view_instance('measures', '{process}'))");
    let mut both = 0;
    for process in [LEDGER, GENERATOR] {
        let sql = format!("SELECT {}", count(process));
        both += house.count(QueryRequest::new(sql)).await?.0;
    }
    check(
        &house,
        &format!("SELECT {} + {}", count(LEDGER), count(GENERATOR)),
        both,
    )
    .await?;
    check(&house, &format!("SELECT {}", count("global")), both).await?;
    let series = "SELECT (SELECT count(*) FROM generate_series(1, 3)) \
                  + (SELECT count(*) FROM generate_series(1, 50))";
    check(&house, series, 53).await?;
    // An argument can be a subquery, too.
    let count = |rows| {
        format!(
            "(SELECT CAST(sum(count) AS BIGINT) FROM expand_histogram((SELECT \
             make_histogram(0.0, 10.0, 5, value) FROM generate_series(1, 9) WHERE value < {rows})))"
        )
    };
    check(
        &house,
        &format!("SELECT {} * 10 + {}", count(4), count(7)),
        36,
    )
    .await
}
