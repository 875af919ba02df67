//! What people read about the functions of this crate.

mod administration;
mod lake;

use sql_functions::{FunctionDoc, TableFunctionDoc};

/// The heading of functions that read the lake.
pub const LAKE: &str = "Functions of the lake";
/// The heading of functions that only administrators have.
pub const ADMINISTRATION: &str = "Administration";

/// Every table function beside those of the engine, with the heading under which it is listed.
pub fn table_function_docs() -> Vec<(&'static str, TableFunctionDoc)> {
    let of_values = sql_functions::table_function_docs().iter();
    let of_values = of_values.map(|doc| ("Table functions of values", *doc));
    let of_lake = lake::TABLE_FUNCTIONS.map(|doc| (LAKE, doc));
    let administrative = administration::TABLE_FUNCTIONS.map(|doc| (ADMINISTRATION, doc));
    of_values.chain(of_lake).chain(administrative).collect()
}

/// The asynchronous functions, which the engine lets carry no documentation of their own.
pub fn async_function_docs() -> Vec<(&'static str, FunctionDoc)> {
    let everybody = lake::FUNCTIONS.into_iter();
    everybody.chain(administration::FUNCTIONS).collect()
}
