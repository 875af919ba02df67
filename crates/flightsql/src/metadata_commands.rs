//! The commands that describe the server and its tables. Each answer is one batch, known when the
//! command arrives, so schema, `FlightInfo` and data come from the same place.

use crate::error::{Error, Result};
use crate::sql_info::ServerInfo;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_flight::error::FlightError;
use arrow_flight::sql::metadata::XdbcTypeInfoDataBuilder;
use arrow_flight::sql::{Command, CommandGetDbSchemas, CommandGetTables};
use std::sync::Arc;

/// Tables have neither catalog nor schema.
const NO_NAME: &str = "";
/// What some clients ask for; any other label would hide the tables from them.
const TABLE_TYPE: &str = "table";
/// Patterns are compiled, so their size is bounded.
const PATTERN_BYTES_MAX: usize = 1024;

/// The rows that answer `command`; `None` when it is not one of these commands.
pub(crate) fn answer(
    command: &Command,
    info: &ServerInfo,
    tables: impl FnOnce() -> Vec<(&'static str, SchemaRef)>,
) -> Result<Option<RecordBatch>> {
    let rows = match command {
        Command::CommandGetSqlInfo(request) => info.rows(&request.info),
        Command::CommandGetCatalogs(request) => {
            let mut rows = request.into_builder();
            rows.append(NO_NAME);
            rows.build()
        }
        Command::CommandGetDbSchemas(request) => schema_rows(request)?,
        Command::CommandGetTables(request) => table_rows(request, tables())?,
        Command::CommandGetTableTypes(request) => {
            let mut rows = request.into_builder();
            rows.append(TABLE_TYPE);
            rows.build()
        }
        Command::CommandGetXdbcTypeInfo(request) => XdbcTypeInfoDataBuilder::new()
            .build()
            .and_then(|types| request.into_builder(&types).build()),
        Command::CommandGetPrimaryKeys(_) => Ok(RecordBatch::new_empty(primary_keys())),
        Command::CommandGetExportedKeys(_)
        | Command::CommandGetImportedKeys(_)
        | Command::CommandGetCrossReference(_) => Ok(RecordBatch::new_empty(foreign_keys())),
        _ => return Ok(None),
    };
    rows.map(Some).map_err(Error::Metadata)
}

type Rows = std::result::Result<RecordBatch, FlightError>;

fn schema_rows(request: &CommandGetDbSchemas) -> Result<Rows> {
    check_pattern(request.db_schema_filter_pattern.as_deref())?;
    let mut rows = request.clone().into_builder();
    rows.append(NO_NAME, NO_NAME);
    Ok(rows.build())
}

fn table_rows(request: &CommandGetTables, tables: Vec<(&'static str, SchemaRef)>) -> Result<Rows> {
    check_pattern(request.db_schema_filter_pattern.as_deref())?;
    check_pattern(request.table_name_filter_pattern.as_deref())?;
    // One known type, however often it is repeated beside others.
    let mut request = request.clone();
    if !request.table_types.is_empty() {
        let wanted = request.table_types.iter().any(|asked| asked == TABLE_TYPE);
        request.table_types = vec![if wanted { TABLE_TYPE } else { NO_NAME }.to_owned()];
    }
    let mut rows = request.into_builder();
    for (name, schema) in tables {
        if let Err(error) = rows.append(NO_NAME, NO_NAME, name, TABLE_TYPE, &schema) {
            return Ok(Err(error));
        }
    }
    Ok(rows.build())
}

fn check_pattern(pattern: Option<&str>) -> Result<()> {
    if pattern.is_some_and(|pattern| pattern.len() > PATTERN_BYTES_MAX) {
        return Err(Error::BadArgument("the filter pattern is too long"));
    }
    Ok(())
}

fn schema(fields: &[(&str, DataType, bool)]) -> SchemaRef {
    let fields = fields
        .iter()
        .map(|(name, data_type, nullable)| Field::new(*name, data_type.clone(), *nullable))
        .collect::<Vec<_>>();
    Arc::new(Schema::new(fields))
}

fn primary_keys() -> SchemaRef {
    schema(&[
        ("catalog_name", DataType::Utf8, true),
        ("db_schema_name", DataType::Utf8, true),
        ("table_name", DataType::Utf8, false),
        ("column_name", DataType::Utf8, false),
        ("key_name", DataType::Utf8, true),
        ("key_sequence", DataType::Int32, false),
    ])
}

/// Exported keys, imported keys and cross references share one schema.
fn foreign_keys() -> SchemaRef {
    schema(&[
        ("pk_catalog_name", DataType::Utf8, true),
        ("pk_db_schema_name", DataType::Utf8, true),
        ("pk_table_name", DataType::Utf8, false),
        ("pk_column_name", DataType::Utf8, false),
        ("fk_catalog_name", DataType::Utf8, true),
        ("fk_db_schema_name", DataType::Utf8, true),
        ("fk_table_name", DataType::Utf8, false),
        ("fk_column_name", DataType::Utf8, false),
        ("key_sequence", DataType::Int32, false),
        ("fk_key_name", DataType::Utf8, true),
        ("pk_key_name", DataType::Utf8, true),
        ("update_rule", DataType::UInt8, false),
        ("delete_rule", DataType::UInt8, false),
    ])
}

#[cfg(test)]
mod tests;
