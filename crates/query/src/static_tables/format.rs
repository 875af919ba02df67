//! The two formats of files, behind one face.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::csv::reader as csv_reader;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::reader as json_reader;
use datafusion::arrow::record_batch::RecordBatch;

use super::{csv, json};

/// Columns of a table, those within columns included.
pub(super) const COLUMNS_MAX: usize = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Comma-separated, with a header.
    Csv,
    /// One object per line.
    Json,
}

impl Format {
    /// The name of the table that a file of this path is, and its format.
    pub fn of_path(path: &str) -> Option<(&str, Self)> {
        let file = path.rsplit('/').next()?;
        let (name, extension) = file.rsplit_once('.')?;
        match extension {
            "csv" => Some((name, Self::Csv)),
            "json" => Some((name, Self::Json)),
            _ => None,
        }
    }

    /// The part of a file's begin that has whole rows only.
    pub fn whole_rows(self, bytes: &[u8]) -> &[u8] {
        match self {
            Self::Csv => csv::whole_rows(bytes),
            Self::Json => json::whole_rows(bytes),
        }
    }

    /// The columns that rows have, and how many rows they were told from.
    pub fn columns(self, rows: &[u8]) -> Result<(SchemaRef, usize), ArrowError> {
        let (schema, count) = match self {
            Self::Csv => csv::columns(rows)?,
            Self::Json => json::columns(rows)?,
        };
        let schema = with_types(&schema);
        check(&schema)?;
        Ok((Arc::new(schema), count))
    }

    /// What must be there before [`Self::decoder`] can be asked: the bytes of the header.
    pub fn header_bytes(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Csv => csv::header_bytes(bytes),
            Self::Json => Some(0),
        }
    }

    /// Decodes files that begin with `header` into batches of `schema`.
    pub fn decoder(
        self,
        header: &[u8],
        schema: &SchemaRef,
        batch_rows: usize,
    ) -> Result<Decoder, ArrowError> {
        Ok(match self {
            Self::Csv => {
                let decoder = csv::decoder(header, schema, batch_rows)?;
                Decoder::Csv(Box::new(decoder), Arc::clone(schema))
            }
            Self::Json => Decoder::Json(json::decoder(schema, batch_rows)?),
        })
    }
}

/// Takes bytes, gives batches.
#[derive(Debug)]
pub(super) enum Decoder {
    Csv(Box<csv_reader::Decoder>, SchemaRef),
    Json(json_reader::Decoder),
}

impl Decoder {
    /// How many of the bytes were taken: fewer than given when a batch is full. No bytes
    /// say that the file has ended.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<usize, ArrowError> {
        match self {
            Self::Csv(decoder, _) => decoder.decode(bytes),
            Self::Json(decoder) => decoder.decode(bytes),
        }
    }

    /// The rows that were taken since the last batch, if there are any.
    pub fn flush(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        match self {
            Self::Csv(decoder, schema) => {
                let batch = decoder.flush()?;
                batch.map(|batch| csv::arranged(&batch, schema)).transpose()
            }
            Self::Json(decoder) => decoder.flush(),
        }
    }
}

/// What never had a value is text, so that later rows may have any.
fn with_types(schema: &Schema) -> Schema {
    Schema::new(typed(schema.fields()))
}

fn typed(fields: &Fields) -> Fields {
    fields.iter().map(typed_field).collect()
}

fn typed_field(field: &FieldRef) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Null => DataType::Utf8,
        DataType::List(items) => DataType::List(typed_field(items)),
        DataType::Struct(fields) => DataType::Struct(typed(fields)),
        other => other.clone(),
    };
    Arc::new(Field::new(field.name(), data_type, true))
}

fn check(schema: &Schema) -> Result<(), ArrowError> {
    let refused = |reason: String| Err(ArrowError::SchemaError(reason));
    if schema.fields().is_empty() {
        return refused("it has no columns".to_owned());
    }
    if schema.flattened_fields().len() > COLUMNS_MAX {
        return refused(format!("it has more than {COLUMNS_MAX} columns"));
    }
    let mut names = HashSet::new();
    match schema
        .fields()
        .iter()
        .find(|field| !names.insert(field.name()))
    {
        Some(twice) => refused(format!("it has two columns {:?}", twice.name())),
        None => Ok(()),
    }
}
