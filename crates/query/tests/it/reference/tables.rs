//! Tables and view instances.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use datafusion::arrow::datatypes::SchemaRef;
use query::Access;
use views::{ViewSetDoc, ViewSetInfo, view_set_docs};

use super::example;
use super::markdown::{code, table};
use crate::house::House;

/// Tables that hold what another one has still to sum up.
const PARTS: &str = "__partitions";

pub async fn tables(house: &House) -> Result<String> {
    let sets = house.engine.lakehouse().view_sets();
    let known: BTreeSet<_> = sets.iter().map(|set| set.name).collect();
    let documented: BTreeSet<_> = view_set_docs().iter().map(|doc| doc.name).collect();
    ensure!(
        known == documented,
        "{known:?} are view sets, {documented:?} are documented"
    );

    let mut global = "## Tables\n\n".to_owned();
    let mut instances = "## Views of one process or stream\n\n\
        These have no table of their own: `view_instance('<view>', '<id>')` is one.\n\n"
        .to_owned();
    for doc in view_set_docs() {
        let set = sets.iter().find(|set| set.name == doc.name);
        let set = set.context("a view set")?;
        let text = section(house, doc, set).await?;
        match set.is_global {
            true => global += &text,
            false => instances += &text,
        }
    }
    Ok(global + &parts(house)? + &instances)
}

async fn section(house: &House, doc: &ViewSetDoc, set: &ViewSetInfo) -> Result<String> {
    let name = doc.name;
    ensure!(
        doc.instance.is_some() == set.has_instances,
        "{name}: has it instances?"
    );
    let instances = doc.instance.map_or_else(
        || "`view_instance` has no instances of it.".to_owned(),
        |whose| format!("`view_instance('{name}', '<id>')` has the rows of {whose}."),
    );
    Ok(format!(
        "### {name}\n\n{}\n\nA time range from B to E keeps rows with {}. {instances}\n\n{}{}\n",
        doc.description,
        doc.range,
        columns(doc, &set.schema)?,
        example(&house.engine, doc.example, Access::Reader).await?
    ))
}

fn columns(doc: &ViewSetDoc, schema: &SchemaRef) -> Result<String> {
    let actual: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    let documented: Vec<_> = doc.columns.iter().map(|(name, _)| *name).collect();
    let name = doc.name;
    ensure!(
        actual == documented,
        "{name} has {actual:?}, documented are {documented:?}"
    );
    let rows = schema.fields().iter().zip(doc.columns);
    let rows: Vec<_> = rows
        .map(|(field, (name, meaning))| {
            let nullable = if field.is_nullable() { "yes" } else { "no" };
            let kind = code(&field.data_type().to_string());
            [code(name), kind, nullable.to_owned(), (*meaning).to_owned()]
        })
        .collect();
    Ok(table(["column", "type", "nullable", "meaning"], &rows))
}

/// Every other table that there is.
fn parts(house: &House) -> Result<String> {
    let documented: BTreeSet<_> = view_set_docs().iter().map(|doc| doc.name).collect();
    let mut rows = Vec::new();
    for (name, _) in house.engine.global_tables() {
        if documented.contains(name) {
            continue;
        }
        let whole = name
            .strip_prefix("__")
            .and_then(|name| name.strip_suffix(PARTS));
        let whole = whole.filter(|whole| documented.contains(whole));
        let whole = whole.with_context(|| format!("the table {name} is not documented"))?;
        rows.push([code(name), format!("[{whole}](#{whole})")]);
    }
    let text = "### Rows that are summed up\n\n\
        A table that sums up blocks does so partition by partition. What its partitions hold before \
        they are added up is shown by a table with the same columns, for looking at maintenance.\n\n";
    Ok(text.to_owned() + &table(["table", "is summed up by"], &rows))
}
