//! Statements of a file, and what they answer as text: a line of names and types, a line per
//! row, or the error.

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::Result;
use datafusion::prelude::SessionContext;

/// One statement and the comment above it.
#[derive(Debug, PartialEq, Eq)]
pub struct Statement {
    pub comment: String,
    pub sql: String,
}

/// Splits at semicolons that are not quoted. Comments stand on lines of their own.
pub fn split(text: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut comment = String::new();
    let mut sql = String::new();
    let mut quoted = false;
    for line in text.lines() {
        if !quoted && line.starts_with("--") {
            comment.push_str(line);
            comment.push('\n');
            continue;
        }
        for character in line.chars() {
            match character {
                '\'' => quoted = !quoted,
                ';' if !quoted => {
                    statements.push(Statement {
                        comment: std::mem::take(&mut comment),
                        sql: std::mem::take(&mut sql).trim().to_owned(),
                    });
                    continue;
                }
                _ => {}
            }
            sql.push(character);
        }
        sql.push('\n');
    }
    assert!(sql.trim().is_empty(), "no semicolon after: {sql}");
    statements
}

/// What each statement answers, below its comment.
pub async fn answers(context: &SessionContext, text: &str) -> String {
    let mut answers = Vec::new();
    for statement in split(text) {
        let answer = match answer(context, &statement.sql).await {
            Ok(answer) => answer,
            Err(error) => error.find_root().strip_backtrace(),
        };
        answers.push(format!("{}{answer}\n", statement.comment));
    }
    answers.join("\n")
}

async fn answer(context: &SessionContext, sql: &str) -> Result<String> {
    let rows = context.sql(sql).await?;
    let fields = rows.schema().fields().clone();
    let batches = rows.collect().await?;
    if fields.is_empty() {
        return Ok("done".to_owned());
    }
    let titles = fields
        .iter()
        .map(|field| format!("{}: {}", field.name(), type_name(field.data_type())));
    let mut lines = vec![titles.collect::<Vec<_>>().join(" | ")];
    for batch in &batches {
        for row in 0..batch.num_rows() {
            lines.push(row_text(batch, row)?);
        }
    }
    Ok(lines.join("\n"))
}

/// The long type of histograms is spelled out once, by a statement that asks for it.
fn type_name(data_type: &DataType) -> String {
    let histogram = sql_functions::histogram_type();
    data_type
        .to_string()
        .replace(&histogram.to_string(), "Histogram")
}

fn row_text(batch: &RecordBatch, row: usize) -> Result<String> {
    let options = FormatOptions::new().with_null("NULL");
    let values = batch.columns().iter().map(|column| {
        let formatter = ArrayFormatter::try_new(column, &options)?;
        Ok(formatter.value(row).to_string())
    });
    Ok(values.collect::<Result<Vec<_>>>()?.join(" | "))
}
