//! SQL functions that know nothing of the lake.
//!
//! JSONB documents, as `Binary` or as a dictionary of it:
//!
//! | function | returns | answer |
//! |---|---|---|
//! | `jsonb_parse(text)` | JSONB | null when the text is not valid JSON |
//! | `jsonb_format_json(j)` | text | JSON text |
//! | `jsonb_get(j, name)` | JSONB | member by name, exact or else ignoring ASCII case |
//! | `jsonb_as_string(j)` | text | a JSON string |
//! | `jsonb_as_f64(j)` | Float64 | a JSON number |
//! | `jsonb_as_i64(j)` | Int64 | a JSON number that is exactly an `i64` |
//! | `jsonb_array_length(j)` | Int64 | of an array |
//! | `jsonb_object_keys(j)` | dictionary of text lists | of an object |
//! | `jsonb_path_query_first(j, path)` | JSONB | first match of a JSON path |
//! | `jsonb_path_query(j, path)` | JSONB | all matches, as an array |
//!
//! Properties, as JSONB or as the older list of key and value:
//!
//! | function | returns | answer |
//! |---|---|---|
//! | `property_get(p, name)` | text | a string as it is, anything else as JSON text |
//! | `properties_length(p)` | Int32 | number of properties |
//! | `properties_to_jsonb(p)` | JSONB | null when undecodable |
//! | `properties_to_dict(p)` | dictionary of lists | of lists only |
//! | `properties_to_array(p)` | the dictionary's values | one per row |
//!
//! Text and JSONB results are dictionaries with 32-bit keys. Null in, null out;
//! what does not apply (a name of something that is no object) is null too.
//! Bytes that are not JSONB are an [`Error`], a malformed path is an execution
//! error of the query.

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::ScalarUDF;

mod answers;
mod column;
mod document;
mod error;
mod function;
mod jsonb_functions;
mod path;
mod property_functions;
mod property_list;
mod types;

#[cfg(test)]
mod tests;

pub use document::InvalidJsonb;
pub use error::Error;

/// Every function of this crate.
pub fn all() -> Vec<Arc<ScalarUDF>> {
    jsonb_functions::DEFINITIONS
        .iter()
        .chain(property_functions::DEFINITIONS)
        .map(|definition| {
            Arc::new(ScalarUDF::new_from_impl(function::Function::new(
                definition,
            )))
        })
        .collect()
}

/// Adds every function to a session; fails when the registry is read-only.
pub fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for function in all() {
        registry.register_udf(function)?;
    }
    Ok(())
}
