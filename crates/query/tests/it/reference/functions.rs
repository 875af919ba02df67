//! Functions that the engine does not bring along.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::{SessionConfig, SessionContext};
use query::{
    ADMINISTRATION, Access, QueryEngine, QueryRequest, async_function_docs, table_function_docs,
};

use super::example;
use super::markdown::{code, table};
use crate::administrators::administrator;
use crate::house::{House, texts};

const ROUTINES: &str = "SELECT DISTINCT routine_name FROM information_schema.routines";

/// A function of any kind.
struct Function {
    section: String,
    name: String,
    syntax: String,
    description: String,
    arguments: Vec<(String, String)>,
    /// Of a table function: names, types and meanings.
    columns: &'static [(&'static str, &'static str, &'static str)],
    example: String,
}

pub async fn functions(house: &House) -> Result<String> {
    let functions = documented()?;
    check_completeness(&house.engine, &functions).await?;
    let mut text = String::new();
    let mut sections: Vec<&str> = Vec::new();
    for function in &functions {
        if !sections.contains(&function.section.as_str()) {
            sections.push(&function.section);
        }
    }
    for section in sections {
        text += &format!("## {section}\n\n");
        if section == ADMINISTRATION {
            text += "These functions exist for administrators only. Those that do something while \
                     rows are read do it once per query, however often a plan reads them.\n\n";
        }
        for function in functions
            .iter()
            .filter(|function| function.section == section)
        {
            text += &chapter(&house.engine, function).await?;
        }
    }
    Ok(text)
}

/// In the order in which sections and functions are shown.
fn documented() -> Result<Vec<Function>> {
    let mut functions = Vec::new();
    let scalars = sql_functions::scalar_functions();
    for function in &scalars {
        functions.push(of_documentation(function.name(), function.documentation())?);
    }
    for function in &sql_functions::aggregate_functions() {
        functions.push(of_documentation(function.name(), function.documentation())?);
    }
    for (section, doc) in table_function_docs() {
        functions.push(Function {
            section: section.to_owned(),
            name: doc.name.to_owned(),
            syntax: doc.syntax.to_owned(),
            description: doc.description.to_owned(),
            arguments: owned(doc.arguments),
            columns: doc.columns,
            example: doc.example.to_owned(),
        });
    }
    for (name, doc) in async_function_docs() {
        functions.push(of_documentation(name, Some(&doc.build()))?);
    }
    Ok(functions)
}

fn of_documentation(
    name: &str,
    documentation: Option<&datafusion::logical_expr::Documentation>,
) -> Result<Function> {
    let documentation = documentation.with_context(|| format!("{name} is not documented"))?;
    let example = documentation.sql_example.clone();
    Ok(Function {
        section: documentation.doc_section.label.to_owned(),
        name: name.to_owned(),
        syntax: documentation.syntax_example.clone(),
        description: documentation.description.clone(),
        arguments: documentation.arguments.clone().unwrap_or_default(),
        columns: &[],
        example: example.with_context(|| format!("{name} has no example"))?,
    })
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect()
}

/// Every function of each kind of caller is either the engine's own or documented, and the
/// administrative ones as such.
async fn check_completeness(engine: &QueryEngine, functions: &[Function]) -> Result<()> {
    let own = engines_own().await?;
    let of_readers = names(texts(engine, QueryRequest::new(ROUTINES)).await?, &own);
    let of_administrators = names(texts(engine, administrator(ROUTINES)).await?, &own);
    let documented = |administrative: Option<bool>| -> BTreeSet<String> {
        let shown = functions.iter().filter(|function| {
            let is_administrative = function.section == ADMINISTRATION;
            administrative.is_none_or(|wanted| is_administrative == wanted)
        });
        shown.map(|function| function.name.clone()).collect()
    };
    ensure!(
        of_readers == documented(Some(false)),
        "readers have {of_readers:?}, documented are {:?}",
        documented(Some(false))
    );
    ensure!(
        of_administrators == documented(None),
        "administrators have {of_administrators:?}, documented are {:?}",
        documented(None)
    );
    Ok(())
}

/// The functions of a session that nothing was added to.
async fn engines_own() -> Result<BTreeSet<String>> {
    let config = SessionConfig::new().with_information_schema(true);
    let session = SessionContext::new_with_config(config);
    let batches = session.sql(ROUTINES).await?.collect().await?;
    let table = pretty_format_batches(&batches)?.to_string();
    let cells = table
        .lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    Ok(cells.map(|cell| cell.trim().to_owned()).collect())
}

fn names(all: Vec<String>, own: &BTreeSet<String>) -> BTreeSet<String> {
    all.into_iter().filter(|name| !own.contains(name)).collect()
}

async fn chapter(engine: &QueryEngine, function: &Function) -> Result<String> {
    let access = match function.section == ADMINISTRATION {
        true => Access::Administrator,
        false => Access::Reader,
    };
    let Function {
        name,
        syntax,
        description,
        ..
    } = function;
    let mut text = format!("### {name}\n\n```sql\n{syntax}\n```\n\n{description}\n\n");
    if !function.arguments.is_empty() {
        let rows = function.arguments.iter();
        let rows: Vec<_> = rows
            .map(|(name, what)| [code(name), what.clone()])
            .collect();
        text += &table(["argument", "what it is"], &rows);
    }
    if !function.columns.is_empty() {
        text += &columns(engine, function, access).await?;
    }
    text += &example(engine, &function.example, access).await?;
    Ok(text + "\n")
}

async fn columns(engine: &QueryEngine, function: &Function, access: Access) -> Result<String> {
    let name = &function.name;
    let schema = schema(engine, function, access).await?;
    let actual = schema.fields().iter();
    let actual: Vec<_> = actual
        .map(|f| (f.name().clone(), f.data_type().to_string()))
        .collect();
    let documented = function.columns.iter();
    let documented: Vec<_> = documented
        .map(|(name, kind, _)| ((*name).to_owned(), (*kind).to_owned()))
        .collect();
    ensure!(
        actual == documented,
        "{name} has {actual:?}, documented are {documented:?}"
    );
    let rows = schema.fields().iter().zip(function.columns);
    let rows: Vec<_> = rows
        .map(|(field, (name, kind, meaning))| {
            let nullable = if field.is_nullable() { "yes" } else { "no" };
            [
                code(name),
                code(kind),
                nullable.to_owned(),
                (*meaning).to_owned(),
            ]
        })
        .collect();
    Ok(table(["column", "type", "nullable", "meaning"], &rows))
}

/// What the call in the example has; planning it does nothing.
async fn schema(engine: &QueryEngine, function: &Function, access: Access) -> Result<SchemaRef> {
    let (name, example) = (&function.name, &function.example);
    let start = example
        .find(&format!("{name}("))
        .context("an example calls its function")?;
    let call = &example[start..];
    let mut depth = 0;
    let end = call.find(|letter| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        letter == ')' && depth == 0
    });
    let call = &call[..=end.context("the call ends")?];
    let sql = format!("SELECT * FROM {call}");
    let request = match access {
        Access::Administrator => administrator(sql),
        Access::Reader => QueryRequest::new(sql),
    };
    Ok(engine.plan(request).await?.schema())
}
