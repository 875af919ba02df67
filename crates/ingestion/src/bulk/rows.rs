//! What each table expects of an upload, and its rows as records.
//!
//! Columns beyond these are ignored: the `audience` that later clients send, and what a query of
//! the other lake returns besides.

use bytes::Bytes;
use catalog::BulkBlock;
use lake::MAX_RANGE_BYTES;
use model::{BlockId, BlockInfo, ProcessInfo, StreamInfo};

use super::Result;
use super::columns::{Binaries, Texts, Upload};
use super::integers::Integers;
use super::lists::{PropertyColumn, Tags};
use crate::reserved::drop_reserved;

/// The columns of an upload to one table.
pub(super) trait Rows<'a>: Sized {
    type Row;

    /// Checks names and types; the values are looked at row by row.
    fn of(upload: Upload<'a>) -> Result<Self>;

    fn row(&self, index: usize) -> Result<Self::Row>;

    /// Memory that a row takes, roughly.
    fn bytes(row: &Self::Row) -> usize;
}

pub(super) struct Processes<'a> {
    process_id: Texts<'a>,
    /// In the order of the fields.
    names: [Texts<'a>; 6],
    tsc_frequency: Integers,
    start_time: Integers,
    start_ticks: Integers,
    parent_process_id: Texts<'a>,
    properties: PropertyColumn<'a>,
}

impl<'a> Rows<'a> for Processes<'a> {
    type Row = ProcessInfo;

    fn of(upload: Upload<'a>) -> Result<Self> {
        // Required, and a time, but this lake has its own.
        upload.times("insert_time")?;
        Ok(Self {
            process_id: upload.texts("process_id")?,
            names: [
                upload.texts("exe")?,
                upload.texts("username")?,
                upload.texts("realname")?,
                upload.texts("computer")?,
                upload.texts("distro")?,
                upload.texts("cpu_brand")?,
            ],
            tsc_frequency: upload.integers("tsc_frequency")?,
            start_time: upload.times("start_time")?,
            start_ticks: upload.integers("start_ticks")?,
            parent_process_id: upload.texts("parent_process_id")?,
            properties: PropertyColumn::new(upload, "properties")?,
        })
    }

    fn row(&self, index: usize) -> Result<ProcessInfo> {
        let name = |texts: &Texts<'_>| texts.get(index).unwrap_or_default().to_owned();
        let [exe, username, realname, computer, distro, cpu_brand] =
            self.names.each_ref().map(name);
        let mut process = ProcessInfo {
            process_id: self.process_id.id(index)?,
            exe,
            username,
            realname,
            computer,
            distro,
            cpu_brand,
            tsc_frequency: self.tsc_frequency.get(index)?,
            start_time: self.start_time.get(index)?,
            start_ticks: self.start_ticks.get(index)?,
            parent_process_id: self.parent_process_id.optional_id(index)?,
            properties: self.properties.get(index)?,
        };
        drop_reserved(&mut process.properties, &process.process_id);
        Ok(process)
    }

    fn bytes(row: &ProcessInfo) -> usize {
        let names = [
            &row.exe,
            &row.username,
            &row.realname,
            &row.computer,
            &row.distro,
            &row.cpu_brand,
        ];
        names.iter().map(|name| name.len()).sum::<usize>() + properties_bytes(&row.properties)
    }
}

pub(super) struct Streams<'a> {
    stream_id: Texts<'a>,
    process_id: Texts<'a>,
    dependencies_metadata: Binaries<'a>,
    objects_metadata: Binaries<'a>,
    tags: Tags<'a>,
    properties: PropertyColumn<'a>,
    format: Texts<'a>,
}

impl<'a> Rows<'a> for Streams<'a> {
    type Row = StreamInfo;

    fn of(upload: Upload<'a>) -> Result<Self> {
        upload.times("insert_time")?;
        Ok(Self {
            stream_id: upload.texts("stream_id")?,
            process_id: upload.texts("process_id")?,
            dependencies_metadata: upload.bytes("dependencies_metadata")?,
            objects_metadata: upload.bytes("objects_metadata")?,
            tags: Tags::new(upload, "tags")?,
            properties: PropertyColumn::new(upload, "properties")?,
            format: upload.texts("format")?,
        })
    }

    fn row(&self, index: usize) -> Result<StreamInfo> {
        let metadata = |bytes: &Binaries<'_>| bytes.required(index).map(Bytes::copy_from_slice);
        let mut stream = StreamInfo {
            stream_id: self.stream_id.id(index)?,
            process_id: self.process_id.id(index)?,
            dependencies_metadata: metadata(&self.dependencies_metadata)?,
            objects_metadata: metadata(&self.objects_metadata)?,
            tags: self.tags.get(index)?,
            properties: self.properties.get(index)?,
            format: self.format.required(index)?.to_owned(),
        };
        drop_reserved(&mut stream.properties, &stream.stream_id);
        Ok(stream)
    }

    fn bytes(row: &StreamInfo) -> usize {
        row.dependencies_metadata.len()
            + row.objects_metadata.len()
            + row
                .tags
                .iter()
                .map(|tag| tag.len() + ENTRY_BYTES)
                .sum::<usize>()
            + properties_bytes(&row.properties)
    }
}

pub(super) struct Blocks<'a> {
    block_id: Texts<'a>,
    stream_id: Texts<'a>,
    process_id: Texts<'a>,
    begin_time: Integers,
    begin_ticks: Integers,
    end_time: Integers,
    end_ticks: Integers,
    nb_objects: Integers,
    object_offset: Integers,
    insert_time: Integers,
}

impl<'a> Rows<'a> for Blocks<'a> {
    type Row = BulkBlock;

    fn of(upload: Upload<'a>) -> Result<Self> {
        // Required, but what counts is the payload that comes.
        upload.integers("payload_size")?;
        Ok(Self {
            block_id: upload.texts("block_id")?,
            stream_id: upload.texts("stream_id")?,
            process_id: upload.texts("process_id")?,
            begin_time: upload.times("begin_time")?,
            begin_ticks: upload.integers("begin_ticks")?,
            end_time: upload.times("end_time")?,
            end_ticks: upload.integers("end_ticks")?,
            nb_objects: upload.integers("nb_objects")?,
            object_offset: upload.integers("object_offset")?,
            insert_time: upload.times("insert_time")?,
        })
    }

    fn row(&self, index: usize) -> Result<BulkBlock> {
        Ok(BulkBlock {
            info: BlockInfo {
                block_id: self.block_id.id(index)?,
                stream_id: self.stream_id.id(index)?,
                process_id: self.process_id.id(index)?,
                begin_time: self.begin_time.get(index)?,
                begin_ticks: self.begin_ticks.get(index)?,
                end_time: self.end_time.get(index)?,
                end_ticks: self.end_ticks.get(index)?,
                object_offset: self.object_offset.get(index)?,
                nb_objects: self.nb_objects.int32(index)?,
            },
            source_insert_time: self.insert_time.get(index)?,
        })
    }

    fn bytes(_: &BulkBlock) -> usize {
        size_of::<BulkBlock>()
    }
}

/// The payload of a block, in its stored form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Payload {
    pub block_id: BlockId,
    pub bytes: Bytes,
}

pub(super) struct Payloads<'a> {
    block_id: Texts<'a>,
    payload: Binaries<'a>,
}

impl<'a> Rows<'a> for Payloads<'a> {
    type Row = Payload;

    fn of(upload: Upload<'a>) -> Result<Self> {
        // Required, but the row of the block says the same.
        upload.texts("process_id")?;
        upload.texts("stream_id")?;
        Ok(Self {
            block_id: upload.texts("block_id")?,
            payload: upload.bytes("payload")?,
        })
    }

    fn row(&self, index: usize) -> Result<Payload> {
        let payload = self.payload.required(index)?;
        if payload.len() as u64 > MAX_RANGE_BYTES {
            let reason = format!("more than {MAX_RANGE_BYTES} bytes");
            return Err(self.payload.place.bad(index, reason));
        }
        Ok(Payload {
            block_id: self.block_id.id(index)?,
            bytes: Bytes::copy_from_slice(payload),
        })
    }

    fn bytes(row: &Payload) -> usize {
        row.bytes.len()
    }
}

/// Memory beside the texts.
const ENTRY_BYTES: usize = 64;

fn properties_bytes(properties: &model::Properties) -> usize {
    let texts = properties.iter();
    texts
        .map(|(key, value)| key.len() + value.len() + ENTRY_BYTES)
        .sum()
}
