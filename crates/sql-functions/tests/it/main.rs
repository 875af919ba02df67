//! The functions as SQL sees them.

mod documentation;
mod histograms;
mod sql_files;
mod statements;
mod table_functions;

use datafusion::prelude::{SessionConfig, SessionContext};

/// A session as the product configures it, but for small batches and several partitions, so
/// that few rows are enough to cross their borders; and rows keep their order as long as they
/// come from one place.
fn context() -> SessionContext {
    let mut config = SessionConfig::new()
        .with_target_partitions(3)
        .with_round_robin_repartition(false)
        .with_batch_size(4);
    config.options_mut().sql_parser.map_string_types_to_utf8view = false;
    let context = SessionContext::new_with_config(config);
    sql_functions::register(&mut context.state_ref().write()).expect("a fresh session");
    context
}
