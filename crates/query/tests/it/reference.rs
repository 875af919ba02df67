//! `docs/sql-reference.md`, made from the code: what there is and what it means, with examples
//! and their answers. Whatever a session has beside the engine's own must be in it.

mod functions;
mod markdown;
mod tables;

use std::collections::BTreeSet;

use anyhow::{Context, Result, anyhow, ensure};
use query::{Access, QueryEngine, QueryRequest};
use test_kit::Capture;

use crate::administrators::administrator;
use crate::expected;
use crate::house::{House, texts};
use crate::ledger::{ARRIVAL, ledger};
use crate::maintenance::DAY;
use crate::spans::{ALWAYS, request};
use crate::sql::answer;

const REFERENCE: &str = "../../docs/sql-reference.md";

/// The parts that are written by hand.
const INTRODUCTION: &str = include_str!("reference/introduction.md");
const STATEMENTS: &str = include_str!("reference/statements.md");

#[tokio::test]
async fn the_reference_is_what_the_code_says() -> Result<()> {
    let house = recordings_and_partitions().await?;
    let mut body = String::new();
    body += &tables::tables(&house).await?;
    body += &functions::functions(&house).await?;
    body += STATEMENTS;
    let mut text = INTRODUCTION.replace("{contents}\n", &markdown::contents(&body));
    text.push('\n');
    text += &body;
    check_links(&text)?;
    expected::check(&expected::of_crate(REFERENCE), &text)
}

/// On the day after the recordings arrived, with the partitions of two views.
async fn recordings_and_partitions() -> Result<House> {
    let house = ledger().await?;
    house.store(&Capture::load("generator")?, |_| {}).await?;
    house.set_time(ARRIVAL + DAY);
    for view in ["blocks", "log_entries"] {
        let sql = format!(
            "SELECT msg FROM materialize_partitions('{view}', '2026-11-22T00:00:00Z', \
             '2026-11-22T01:00:00Z', 3600)"
        );
        texts(&house.engine, administrator(sql)).await?;
    }
    Ok(house)
}

/// The statement and its answer, as the reference shows them.
async fn example(engine: &QueryEngine, sql: &str, access: Access) -> Result<String> {
    let sql = sql.trim();
    let mut request = request(sql, ALWAYS);
    if access == Access::Administrator {
        request = QueryRequest {
            range: request.range,
            ..administrator(sql)
        };
    }
    let table = answer(engine, request).await;
    let table = table.map_err(|error| anyhow!("{sql}\n{error}"))?;
    // Lines around the names of the columns, and one at the end.
    let answer = match table.lines().count() {
        ..=4 => "The recordings have no such rows.".to_owned(),
        _ => format!("```text\n{table}\n```"),
    };
    Ok(format!("```sql\n{sql}\n```\n\n{answer}\n"))
}

fn check_links(text: &str) -> Result<()> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchors: BTreeSet<_> = headings.map(markdown::anchor).collect();
    for (start, link) in text.match_indices("](#") {
        let target = &text[start + link.len()..];
        let target = &target[..target.find(')').context("a link ends")?];
        ensure!(anchors.contains(target), "#{target} leads nowhere");
    }
    Ok(())
}
