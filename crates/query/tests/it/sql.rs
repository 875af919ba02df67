//! Statements in `tests/sql/*.sql`, and beside each file what they answer.

use std::fs;
use std::path::Path;

use anyhow::Result;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::pretty::pretty_format_batches;
use futures::TryStreamExt;
use query::{Access, QueryEngine, QueryError, QueryRequest, classify_stream_error};

use crate::expected;
use crate::house::{House, config};
use crate::ledger::ledger;

/// A line that makes the statement after it one of an administrator.
const ADMINISTRATOR: &str = "-- administrator";

#[tokio::test]
async fn statements_answer_what_is_expected() -> Result<()> {
    let house = ledger().await?;
    let mut paths = Vec::new();
    for entry in fs::read_dir(expected::of_crate("tests/sql"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut problems = Vec::new();
    for path in &paths {
        let answers = answers(&house.engine, path).await?;
        let checked = expected::check(&path.with_extension("expected"), &answers);
        problems.extend(checked.err().map(|problem| problem.to_string()));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    assert!(!paths.is_empty());
    Ok(())
}

/// However they are asked for: these are the lists that the engine keeps of itself.
#[tokio::test]
async fn settings_do_not_tell_where_files_lie() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let spill = folder.path().join("spill");
    let mut resources = config(64 << 20);
    resources.spill_folder = Some(spill.clone());
    let house = House::with_config(&resources).await?;
    let path = spill.to_str().expect("a text");
    for sql in [
        "SHOW ALL",
        "SHOW ALL VERBOSE",
        "SHOW datafusion.runtime.temp_directory",
        "SELECT * FROM information_schema.df_settings AS s",
        "SELECT (SELECT max(value) FROM information_schema.df_settings WHERE value LIKE '/%')",
        "SELECT jsonb_as_string(value) FROM jsonb_each((SELECT jsonb_parse('{\"a\": \"' || max(value) || '\"}') \
         FROM information_schema.df_settings WHERE name LIKE '%.temp_directory'))",
        "EXPLAIN ANALYZE VERBOSE SELECT * FROM information_schema.df_settings",
    ] {
        for access in [Access::Reader, Access::Administrator] {
            let mut request = QueryRequest::new(sql);
            request.access = access;
            let table = answer(&house.engine, request).await?;
            assert!(!table.contains(path), "{sql}: {table}");
        }
    }
    Ok(())
}

/// Every statement of the file, followed by its answer.
async fn answers(engine: &QueryEngine, path: &Path) -> Result<String> {
    let mut answers = String::new();
    for statement in fs::read_to_string(path)?.split_inclusive(";\n") {
        let statement = statement.trim();
        let mut request = QueryRequest::new(statement);
        if statement.contains(ADMINISTRATOR) {
            request.access = Access::Administrator;
        }
        let answer = match answer(engine, request).await {
            Ok(table) => table,
            Err(error) => format!("{:?}: {error}", error.class),
        };
        answers += &format!("{statement}\n{answer}\n\n");
    }
    Ok(answers)
}

/// A table, or why there is none.
pub async fn answer(engine: &QueryEngine, request: QueryRequest) -> Result<String, QueryError> {
    let query = engine.plan(request).await?;
    let schema = query.schema();
    let stream = query.execute().await?;
    let batches: Result<Vec<RecordBatch>, _> = stream.try_collect().await;
    let mut batches = batches.map_err(|error| classify_stream_error(&error))?;
    batches.insert(0, RecordBatch::new_empty(schema));
    let table = pretty_format_batches(&batches).expect("every type has a text");
    Ok(table.to_string())
}
