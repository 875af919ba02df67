//! What is known of a query, as the row that conditions are evaluated over.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{ArrayRef, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::{DFSchema, DFSchemaRef};

use crate::caller::Origin;

type OfOrigin = fn(&Origin) -> Option<&str>;

const OF_ORIGIN: [(&str, OfOrigin); 10] = [
    ("user_id", |origin| origin.user_id.as_deref()),
    ("email", |origin| origin.email.as_deref()),
    ("service_account", |origin| {
        origin.service_account.as_deref()
    }),
    ("client", |origin| origin.client.as_deref()),
    ("agent", |origin| origin.agent.as_deref()),
    ("entrypoint", |origin| origin.entrypoint.as_deref()),
    ("session", |origin| origin.session.as_deref()),
    ("notebook", |origin| origin.notebook.as_deref()),
    ("cell", |origin| origin.cell.as_deref()),
    ("client_ip", |origin| origin.client_ip.as_deref()),
];
const OF_TEXT: [&str; 2] = ["sql", "sql_hash"];

static SCHEMA: LazyLock<DFSchemaRef> = LazyLock::new(|| {
    let fields = names().map(|name| Field::new(name, DataType::Utf8, true));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    Arc::new(DFSchema::try_from(schema).expect("the names differ"))
});

pub(super) fn schema() -> &'static DFSchemaRef {
    &SCHEMA
}

/// The names of the columns.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    OF_ORIGIN.into_iter().map(|(name, _)| name).chain(OF_TEXT)
}

/// The row of a query. `hash` is the fingerprint of its text.
pub(super) fn row(origin: &Origin, sql: &str, hash: &str) -> RecordBatch {
    let of_origin = OF_ORIGIN.into_iter().map(|(_, value)| value(origin));
    let values = of_origin.chain([Some(sql), Some(hash)]);
    batch(values.map(|value| vec![value]))
}

/// Two rows that every condition must have an answer for: all known, and nothing known.
pub(super) fn probe() -> RecordBatch {
    batch(names().map(|_| vec![Some("probe"), None]))
}

fn batch<'a>(columns: impl Iterator<Item = Vec<Option<&'a str>>>) -> RecordBatch {
    let columns = columns.map(|values| Arc::new(StringArray::from(values)) as ArrayRef);
    RecordBatch::try_new(Arc::clone(SCHEMA.inner()), columns.collect())
        .expect("each column has one text per row")
}
