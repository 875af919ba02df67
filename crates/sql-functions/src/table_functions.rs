//! Functions that turn one value into a table.
//!
//! The value is a constant expression or a scalar subquery. The subquery is planned together
//! with the statement around it and runs below the function as any other operator does: nothing
//! is read before rows are asked for, and what it needs counts as memory of the whole query.

mod argument;
mod exec;
mod expand_histogram;
mod jsonb_members;
mod table;

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::execution::session_state::SessionState;

use crate::documentation::TableFunctionDoc;
use crate::types::Kind;

const DEFINITIONS: [&TableFunctionDefinition; 3] = [
    &expand_histogram::EXPAND_HISTOGRAM,
    &jsonb_members::JSONB_ARRAY_ELEMENTS,
    &jsonb_members::JSONB_EACH,
];

const DOCS: [TableFunctionDoc; DEFINITIONS.len()] = [
    expand_histogram::EXPAND_HISTOGRAM.documentation,
    jsonb_members::JSONB_ARRAY_ELEMENTS.documentation,
    jsonb_members::JSONB_EACH.documentation,
];

/// What the table functions of this crate do.
pub fn table_function_docs() -> &'static [TableFunctionDoc] {
    &DOCS
}

pub(crate) fn register(session: &mut SessionState) {
    for definition in DEFINITIONS {
        let name = definition.documentation.name;
        session.register_udtf(name, Arc::new(table::Function { definition }));
    }
}

/// What a table function is.
struct TableFunctionDefinition {
    argument: Kind,
    schema: fn() -> SchemaRef,
    /// A subquery without a row is an error, not a table without rows.
    needs_row: bool,
    /// The rows of an array of one value, which is not null.
    rows: fn(&ArrayRef) -> Result<Box<dyn Rows>>,
    documentation: TableFunctionDoc,
}

impl TableFunctionDefinition {
    const fn name(&self) -> &'static str {
        self.documentation.name
    }
}

impl fmt::Debug for TableFunctionDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The rows that a value becomes.
trait Rows: Send {
    /// The next rows, at most as many as given; none at the end. Only the columns of `schema`
    /// are made.
    fn next(&mut self, row_count: usize, schema: &SchemaRef) -> Result<Option<RecordBatch>>;
}

/// Rows count even when no column of them is asked for.
fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>, row_count: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(row_count));
    let batch = RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?;
    Ok(batch)
}
