//! Functions that exist for administrators only.

mod call;
mod deny_queries;
mod list_query_denials;
mod literals;
mod materialize_partitions;
mod progress;
mod regenerate_partitions;
mod remove_query_denial;
mod retire_partition;
mod retire_partitions;
mod retirement;
mod slots;

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::session_state::SessionState;
use views::Lakehouse;

use crate::denials::{DENY_QUERIES, Denials, LIST_QUERY_DENIALS};
use deny_queries::DenyQueries;
use list_query_denials::ListQueryDenials;
use materialize_partitions::MaterializePartitions;
use regenerate_partitions::RegeneratePartitions;
use retire_partitions::RetirePartitions;

pub(crate) fn register(
    session: &mut SessionState,
    house: &Lakehouse,
    denials: &Arc<Denials>,
) -> Result<()> {
    let deny = DenyQueries::new(Arc::clone(denials));
    session.register_udtf(DENY_QUERIES, Arc::new(deny));
    let list = ListQueryDenials::new(Arc::clone(denials));
    session.register_udtf(LIST_QUERY_DENIALS, Arc::new(list));
    let remove = remove_query_denial::function(Arc::clone(denials));
    session.register_udf(Arc::new(remove))?;

    let retire = RetirePartitions::new(house.clone());
    session.register_udtf(retire_partitions::NAME, Arc::new(retire));
    let materialize = MaterializePartitions::new(house.clone());
    session.register_udtf(materialize_partitions::NAME, Arc::new(materialize));
    let regenerate = RegeneratePartitions::new(house.clone());
    session.register_udtf(regenerate_partitions::NAME, Arc::new(regenerate));
    session.register_udf(Arc::new(retire_partition::by_file(house)))?;
    session.register_udf(Arc::new(retire_partition::by_metadata(house)))?;
    Ok(())
}
