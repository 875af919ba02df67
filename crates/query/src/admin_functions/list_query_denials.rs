//! `list_query_denials()`: the rules of the deny list.

use std::sync::{Arc, LazyLock};

use catalog::StoredDenial;
use datafusion::arrow::array::{ArrayRef, StringArray, TimestampNanosecondArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::{DataFusionError, Result};

use crate::denials::{Denials, LIST_QUERY_DENIALS};
use crate::lazy_table::lazy_table;
use crate::table_functions::no_arguments;
use crate::times::{UTC, time_type};

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("rule_id", DataType::Utf8, false),
        Field::new("created_at", time_type(), false),
        Field::new("created_by", DataType::Utf8, false),
        Field::new("reason", DataType::Utf8, false),
        Field::new("match_expr", DataType::Utf8, false),
        Field::new("last_hit_at", time_type(), true),
    ]))
});

#[derive(Debug)]
pub(super) struct ListQueryDenials {
    denials: Arc<Denials>,
}

impl ListQueryDenials {
    pub const fn new(denials: Arc<Denials>) -> Self {
        Self { denials }
    }
}

impl TableFunctionImpl for ListQueryDenials {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        no_arguments(LIST_QUERY_DENIALS, args.exprs())?;
        let denials = Arc::clone(&self.denials);
        lazy_table(Arc::clone(&SCHEMA), move || {
            let denials = Arc::clone(&denials);
            Box::pin(async move {
                let listed = denials.list().await;
                let rules = listed.map_err(|error| DataFusionError::External(Box::new(error)))?;
                rows(&rules)
            })
        })
    }
}

fn rows(rules: &[StoredDenial]) -> Result<RecordBatch> {
    let text = |value: fn(&StoredDenial) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rules.iter().map(value)))
    };
    let ids = rules.iter().map(|rule| rule.rule_id.to_string());
    let created = rules.iter().map(|rule| rule.created_at);
    let created = TimestampNanosecondArray::from_iter_values(created);
    let hits = rules.iter().map(|rule| rule.last_hit_at);
    let hits: TimestampNanosecondArray = hits.collect();
    let columns = vec![
        Arc::new(StringArray::from_iter_values(ids)) as ArrayRef,
        Arc::new(created.with_timezone(UTC)),
        text(|rule| &rule.created_by),
        text(|rule| &rule.reason),
        text(|rule| &rule.match_expr),
        Arc::new(hits.with_timezone(UTC)),
    ];
    Ok(RecordBatch::try_new(Arc::clone(&SCHEMA), columns)?)
}
