//! Functions that exist for administrators only.

mod deny_queries;
mod lazy_table;
mod list_query_denials;
mod remove_query_denial;

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::session_state::SessionState;

use crate::denials::{DENY_QUERIES, Denials, LIST_QUERY_DENIALS};
use deny_queries::DenyQueries;
use list_query_denials::ListQueryDenials;

/// The time zone of every time that queries answer with.
const UTC: &str = "+00:00";

pub(crate) fn register(session: &mut SessionState, denials: &Arc<Denials>) -> Result<()> {
    let deny = DenyQueries::new(Arc::clone(denials));
    session.register_udtf(DENY_QUERIES, Arc::new(deny));
    let list = ListQueryDenials::new(Arc::clone(denials));
    session.register_udtf(LIST_QUERY_DENIALS, Arc::new(list));
    let remove = remove_query_denial::function(Arc::clone(denials));
    session.register_udf(Arc::new(remove))?;
    Ok(())
}

fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into()))
}
