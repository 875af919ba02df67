//! `SHOW FUNCTIONS [LIKE '<pattern>']`.
//!
//! The engine's own answer leaves out functions that look at the types of their arguments
//! themselves, tells nothing of table functions and of asynchronous ones, and panics at patterns with
//! quotes.

use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::sql::sqlparser::ast::ShowStatementFilter;

use crate::documentation::{async_function_docs, table_function_docs};

/// The statement that answers it, over the functions that the session has.
pub(crate) fn statement(filter: Option<&ShowStatementFilter>) -> Result<String> {
    let pattern = match filter {
        None => "%",
        Some(ShowStatementFilter::Like(pattern)) => pattern,
        Some(_) => return plan_err!("SHOW FUNCTIONS takes a pattern as in LIKE 'list_%' only"),
    };
    let tables = table_function_docs().into_iter();
    let tables = tables.map(|(_, doc)| ("TABLE", doc.name, doc.syntax, doc.description));
    let scalars = async_function_docs().into_iter();
    let scalars = scalars.map(|(name, doc)| ("SCALAR", name, doc.syntax, doc.description));
    let docs = tables.chain(scalars).map(|(kind, name, syntax, text)| {
        let [name, syntax, text] = [name, syntax, text].map(literal);
        format!("('{kind}', {name}, {syntax}, {text})")
    });
    let (docs, pattern) = (docs.collect::<Vec<_>>().join(", "), literal(pattern));
    Ok(format!(
        "WITH signatures AS (
            SELECT o.specific_name AS name, o.data_type AS return_type,
                array_agg(i.parameter_name ORDER BY i.ordinal_position) AS parameters,
                array_agg(i.data_type ORDER BY i.ordinal_position) AS parameter_types
            FROM information_schema.parameters o
            JOIN information_schema.parameters i
                ON i.specific_name = o.specific_name AND i.rid = o.rid
            WHERE o.parameter_mode = 'OUT' AND i.parameter_mode = 'IN'
            GROUP BY o.specific_name, o.data_type, o.rid
        ), functions AS (
            SELECT DISTINCT
                r.routine_name AS function_name,
                coalesce(s.return_type, r.data_type) AS return_type,
                s.parameters, s.parameter_types, r.function_type,
                coalesce(r.description, d.description) AS description,
                coalesce(r.syntax_example, d.syntax) AS syntax_example
            FROM information_schema.routines r
            LEFT JOIN signatures s ON s.name = r.routine_name AND r.function_type <> 'TABLE'
            LEFT JOIN (VALUES {docs}) AS d(kind, name, syntax, description)
                ON d.name = r.routine_name AND d.kind = r.function_type
            WHERE r.routine_name LIKE {pattern}
        )
        SELECT * FROM functions
        ORDER BY function_name, function_type, array_to_string(parameter_types, ', ')"
    ))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
