//! Column values back into records.

use bytes::Bytes;
use std::sync::Arc;

use model::{BlockInfo, InsertTime, ProcessInfo, StreamInfo};

use crate::text::{parse_list, parse_properties};
use crate::{Error, EventBounds, Result, StoredProcess, StoredStream};

#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ProcessRow {
    process_id: Vec<u8>,
    exe: String,
    username: String,
    realname: String,
    computer: String,
    distro: String,
    cpu_brand: String,
    tsc_frequency: i64,
    start_time: i64,
    start_ticks: i64,
    parent_process_id: Option<Vec<u8>>,
    properties: String,
    insert_time: i64,
}

impl TryFrom<ProcessRow> for StoredProcess {
    type Error = Error;

    fn try_from(row: ProcessRow) -> Result<Self> {
        let info = ProcessInfo {
            process_id: id(&row.process_id)?,
            exe: row.exe,
            username: row.username,
            realname: row.realname,
            computer: row.computer,
            distro: row.distro,
            cpu_brand: row.cpu_brand,
            tsc_frequency: row.tsc_frequency,
            start_time: row.start_time,
            start_ticks: row.start_ticks,
            parent_process_id: row.parent_process_id.as_deref().map(id).transpose()?,
            properties: parse_properties(&row.properties)?,
        };
        Ok(Self {
            info: Arc::new(info),
            insert_time: InsertTime(row.insert_time),
        })
    }
}

#[derive(Debug, sqlx::FromRow)]
pub(crate) struct StreamRow {
    stream_id: Vec<u8>,
    process_id: Vec<u8>,
    tags: String,
    properties: String,
    format: String,
    insert_time: i64,
    dependencies_metadata: Vec<u8>,
    objects_metadata: Vec<u8>,
}

impl TryFrom<StreamRow> for StoredStream {
    type Error = Error;

    fn try_from(row: StreamRow) -> Result<Self> {
        let info = StreamInfo {
            stream_id: id(&row.stream_id)?,
            process_id: id(&row.process_id)?,
            dependencies_metadata: Bytes::from(row.dependencies_metadata),
            objects_metadata: Bytes::from(row.objects_metadata),
            tags: parse_list(&row.tags, "tags text")?,
            properties: parse_properties(&row.properties)?,
            format: row.format,
        };
        Ok(Self {
            info,
            insert_time: InsertTime(row.insert_time),
        })
    }
}

/// A visible block without its owners.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct BlockRow {
    block_id: Vec<u8>,
    stream_id: Vec<u8>,
    process_id: Vec<u8>,
    begin_time: i64,
    begin_ticks: i64,
    end_time: i64,
    end_ticks: i64,
    object_offset: i64,
    nb_objects: i64,
    pub insert_time: i64,
    segment_offset: i64,
    payload_bytes: i64,
    pub source_insert_time: Option<i64>,
    event_begin: f64,
    event_end: f64,
    pub key: String,
}

impl BlockRow {
    pub fn info(&self) -> Result<BlockInfo> {
        Ok(BlockInfo {
            block_id: id(&self.block_id)?,
            stream_id: id(&self.stream_id)?,
            process_id: id(&self.process_id)?,
            begin_time: self.begin_time,
            begin_ticks: self.begin_ticks,
            end_time: self.end_time,
            end_ticks: self.end_ticks,
            object_offset: self.object_offset,
            nb_objects: i32::try_from(self.nb_objects).map_err(|_| Error::Unreadable {
                what: "number of objects",
            })?,
        })
    }

    pub fn event_bounds(&self) -> EventBounds {
        EventBounds {
            begin: self.event_begin,
            end: self.event_end,
        }
    }

    /// What blocks are ordered by.
    pub fn position(&self) -> (i64, &[u8]) {
        (self.insert_time, &self.block_id)
    }

    /// Byte range inside the segment.
    pub fn range(&self) -> Result<std::ops::Range<u64>> {
        let end = self.segment_offset.checked_add(self.payload_bytes);
        let start = u64::try_from(self.segment_offset).ok();
        match (start, end.and_then(|end| u64::try_from(end).ok())) {
            (Some(start), Some(end)) if start <= end => Ok(start..end),
            _ => Err(Error::Unreadable { what: "byte range" }),
        }
    }
}

/// An identifier of any kind.
pub(crate) fn id<T: From<uuid::Uuid>>(bytes: &[u8]) -> Result<T> {
    uuid::Uuid::from_slice(bytes)
        .map(T::from)
        .map_err(|_| Error::Unreadable { what: "identifier" })
}

/// A number that is never negative.
pub(crate) fn unsigned(value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| Error::Unreadable { what: "length" })
}
