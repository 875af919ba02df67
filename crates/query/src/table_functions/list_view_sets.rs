//! `list_view_sets()`: what can be queried, and in which version.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{ArrayRef, BinaryArray, BooleanArray, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::Result;
use views::{Lakehouse, ViewSetInfo};

use super::no_arguments;
use crate::lazy_table::lazy_table;

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("view_set_name", DataType::Utf8, false),
        Field::new("current_schema_hash", DataType::Binary, false),
        Field::new("schema", DataType::Utf8, false),
        Field::new("has_view_maker", DataType::Boolean, false),
        Field::new("global_instance_available", DataType::Boolean, false),
    ]))
});

#[derive(Debug)]
pub(super) struct ListViewSets {
    house: Lakehouse,
}

impl ListViewSets {
    pub const fn new(house: Lakehouse) -> Self {
        Self { house }
    }
}

impl TableFunctionImpl for ListViewSets {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        no_arguments("list_view_sets", args.exprs())?;
        let house = self.house.clone();
        lazy_table(Arc::clone(&SCHEMA), move || {
            let sets = house.view_sets();
            Box::pin(async move { rows(&sets) })
        })
    }
}

fn rows(sets: &[ViewSetInfo]) -> Result<RecordBatch> {
    let names = sets.iter().map(|set| set.name);
    let hashes = sets.iter().map(|set| &set.schema_hash);
    let schemas = sets.iter().map(|set| format!("{:?}", set.schema));
    let makers: Vec<bool> = sets.iter().map(|set| set.has_instances).collect();
    let globals: Vec<bool> = sets.iter().map(|set| set.is_global).collect();
    let columns = vec![
        Arc::new(StringArray::from_iter_values(names)) as ArrayRef,
        Arc::new(BinaryArray::from_iter_values(hashes)),
        Arc::new(StringArray::from_iter_values(schemas)),
        Arc::new(BooleanArray::from(makers)),
        Arc::new(BooleanArray::from(globals)),
    ];
    Ok(RecordBatch::try_new(Arc::clone(&SCHEMA), columns)?)
}
