//! Partitions as rows of the database.

use bytes::Bytes;
use model::{InsertRange, InsertTime, TimeRange};

use super::record::{NewPartition, PartitionFile, PartitionId, RetiredPartition, StoredPartition};
use crate::row::unsigned;
use crate::text::parse_list;
use crate::{Error, Result};

/// How a statement that returns [`PartitionRow`] begins.
pub(super) const SELECT: &str = "SELECT p.partition_id, p.view_set, p.view_instance, \
     p.schema_hash, p.insert_begin, p.insert_end, p.event_begin, p.event_end, p.row_count, \
     p.file_key, p.file_bytes, p.source_count, p.sort_order, p.updated, p.added \
     FROM partitions p";

#[derive(Debug, sqlx::FromRow)]
pub(super) struct PartitionRow {
    pub partition_id: i64,
    pub view_set: String,
    pub view_instance: String,
    schema_hash: Vec<u8>,
    pub insert_begin: i64,
    insert_end: i64,
    event_begin: Option<i64>,
    event_end: Option<i64>,
    row_count: i64,
    file_key: Option<String>,
    file_bytes: Option<i64>,
    source_count: i64,
    sort_order: String,
    updated: i64,
    added: i64,
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct RetiredRow {
    partition_id: i64,
    file_key: Option<String>,
    file_bytes: Option<i64>,
}

impl TryFrom<PartitionRow> for StoredPartition {
    type Error = Error;

    fn try_from(row: PartitionRow) -> Result<Self> {
        let event_range = row.event_begin.zip(row.event_end);
        let partition = NewPartition {
            view_set: row.view_set,
            view_instance: row.view_instance,
            schema_hash: Bytes::from(row.schema_hash),
            insert_range: InsertRange::new(
                InsertTime(row.insert_begin),
                InsertTime(row.insert_end),
            ),
            event_range: event_range.map(|(begin, end)| TimeRange { begin, end }),
            rows: unsigned(row.row_count)?,
            file: file(row.file_key, row.file_bytes)?,
            source_count: unsigned(row.source_count)?,
            sort_order: parse_list(&row.sort_order, "sort order of a partition")?,
        };
        Ok(Self {
            id: PartitionId(row.partition_id),
            partition,
            added: InsertTime(row.added),
            updated: row.updated,
        })
    }
}

impl TryFrom<RetiredRow> for RetiredPartition {
    type Error = Error;

    fn try_from(row: RetiredRow) -> Result<Self> {
        Ok(Self {
            id: PartitionId(row.partition_id),
            file: file(row.file_key, row.file_bytes)?,
        })
    }
}

fn file(key: Option<String>, bytes: Option<i64>) -> Result<Option<PartitionFile>> {
    let file = key.zip(bytes).map(|(key, bytes)| {
        let bytes = unsigned(bytes)?;
        Ok(PartitionFile { key, bytes })
    });
    file.transpose()
}
