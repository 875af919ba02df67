//! SQL functions that know nothing of the lake.
//!
//! | family | works on |
//! |---|---|
//! | `jsonb_…` | JSON documents in a binary form, as `Binary` or as a dictionary of it |
//! | `property_get`, `properties_…` | properties, as JSONB or as the older list of key and value |
//! | `make_histogram`, `sum_histograms`, `…_from_histogram` | histograms, structs of bounds, moments and bins |
//! | `bin_center`, `lerp`, `unlerp` | numbers |
//! | `rgba`, `lerp_color`, `color_scale` | colors, packed in a `UInt32` |
//! | `expand_histogram`, `jsonb_array_elements`, `jsonb_each` | one value, as a table |
//!
//! Every function carries its documentation; what each answers, and how it fails, is shown by
//! the files in `tests/sql`.
//!
//! Text and JSONB results are dictionaries with 32-bit keys. Null in, null out; what does not
//! apply (a name of something that is no object) is null too. Bytes that are not JSONB are an
//! [`Error`]; what the caller can mend is a planning or an execution error of the query.

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

mod answers;
mod color_functions;
mod column;
mod document;
mod documentation;
mod error;
mod function;
mod histogram;
mod jsonb_functions;
mod numeric_functions;
mod path;
mod property_functions;
mod property_list;
mod table_functions;
mod types;

#[cfg(test)]
mod tests;

pub use document::InvalidJsonb;
pub use documentation::{FunctionDoc, TableFunctionDoc};
pub use error::Error;
pub use histogram::data_type as histogram_type;
pub use table_functions::table_function_docs;

/// Every scalar function of this crate.
pub fn scalar_functions() -> Vec<Arc<ScalarUDF>> {
    let families = [
        jsonb_functions::DEFINITIONS,
        property_functions::DEFINITIONS,
        histogram::DEFINITIONS,
        numeric_functions::DEFINITIONS,
        color_functions::DEFINITIONS,
    ];
    families
        .into_iter()
        .flatten()
        .map(|definition| ScalarUDF::new_from_impl(function::Function::new(definition)))
        .map(Arc::new)
        .collect()
}

/// Every aggregate of this crate.
pub fn aggregate_functions() -> Vec<Arc<AggregateUDF>> {
    histogram::AGGREGATES
        .iter()
        .map(|definition| AggregateUDF::new_from_impl(histogram::Aggregate::new(definition)))
        .map(Arc::new)
        .collect()
}

/// Adds every function to a session.
pub fn register(session: &mut SessionState) -> Result<()> {
    for function in scalar_functions() {
        session.register_udf(function)?;
    }
    for function in aggregate_functions() {
        session.register_udaf(function)?;
    }
    table_functions::register(session);
    Ok(())
}
