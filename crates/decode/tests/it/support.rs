//! Building blocks by hand, and showing their rows as text.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BinaryArray, StringArray};
use arrow::datatypes::{
    DataType, Float64Type, Int32Type, Int64Type, TimestampNanosecondType, UInt32Type,
};
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use decode::hostile::Parts;
use decode::{
    BlockBatches, BlockObjects, BlockSource, DecodeOptions, Error, EventTable, Result, StreamPlan,
};
use model::{BlockId, BlockInfo, InsertTime, ProcessId, ProcessInfo, StreamId};
use wire::transit::{MemberDefinition, TypeDefinition, encode_types};

/// 2026-01-02T03:04:05Z
pub const START: i64 = 1_767_323_045_000_000_000;

pub const ALL: DecodeOptions = DecodeOptions {
    projection: None,
    range: None,
    batch_rows: 1000,
};

/// Ten ticks per millisecond, at 1,000,000 when the process started.
pub fn process() -> ProcessInfo {
    ProcessInfo {
        process_id: ProcessId::from_bytes([0x33; 16]),
        exe: "/bin/app".to_owned(),
        username: "user".to_owned(),
        realname: "User".to_owned(),
        computer: "host".to_owned(),
        distro: "linux".to_owned(),
        cpu_brand: "cpu".to_owned(),
        tsc_frequency: 10_000,
        start_time: START,
        start_ticks: 1_000_000,
        parent_process_id: None,
        properties: [("version".to_owned(), "7".to_owned())].into(),
    }
}

pub fn block_info() -> BlockInfo {
    BlockInfo {
        block_id: BlockId::from_bytes([0x11; 16]),
        stream_id: StreamId::from_bytes([0x22; 16]),
        process_id: ProcessId::from_bytes([0x33; 16]),
        begin_time: START,
        begin_ticks: 0,
        end_time: START + 1_000_000_000,
        end_ticks: 10_000,
        object_offset: 0,
        // Wrong on purpose: nobody may rely on it.
        nb_objects: 77,
    }
}

/// One type: `members` = name, type name, offset, size, is reference.
pub type Type<'a> = (&'a str, u32, &'a [(&'a str, &'a str, u32, u32, bool)]);

pub const STRING_ID: Type<'_> = ("StringId", 16, &[("id", "usize", 0, 8, true)]);
pub const STRING_REF: Type<'_> = ("StaticStringRef", 16, &[("id", "usize", 0, 8, true)]);
pub const PROPERTY: Type<'_> = (
    "Property",
    32,
    &[
        ("name", "StaticStringRef", 0, 16, false),
        ("value", "StaticStringRef", 16, 16, false),
    ],
);

pub fn metadata(types: &[Type<'_>]) -> Vec<u8> {
    let definitions: Vec<TypeDefinition> = types
        .iter()
        .map(|&(name, size, members)| TypeDefinition {
            name: name.to_owned(),
            size,
            members: members.iter().map(member).collect(),
            is_reference: matches!(name, "StringId" | "StaticStringRef"),
        })
        .collect();
    encode_types(&definitions)
}

fn member(
    &(name, type_name, offset, size, is_reference): &(&str, &str, u32, u32, bool),
) -> MemberDefinition {
    MemberDefinition {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        offset,
        size,
        is_reference,
    }
}

/// The bytes of hex digits; anything else separates.
pub fn unhex(text: &str) -> Vec<u8> {
    text.split(|c: char| !c.is_ascii_hexdigit())
        .filter(|digits| !digits.is_empty())
        .flat_map(|digits| {
            assert!(digits.len().is_multiple_of(2), "{digits}");
            (0..digits.len() / 2)
                .map(move |n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).expect("hex"))
        })
        .collect()
}

/// A block with both type tables.
#[derive(Clone)]
pub struct Block {
    pub table: EventTable,
    pub dependencies_metadata: Vec<u8>,
    pub objects_metadata: Vec<u8>,
    pub dependencies: Vec<u8>,
    pub objects: Vec<u8>,
    pub process: ProcessInfo,
    pub info: BlockInfo,
}

impl Block {
    /// Index, type and JSON of every event.
    pub fn objects(&self) -> Result<Vec<String>> {
        let mut objects = self.open_objects()?;
        let mut shown = Vec::new();
        while let Some(batch) = objects.next_batch(2)? {
            assert!((1..=2).contains(&batch.num_rows()));
            shown.extend(objects_of(&batch));
        }
        Ok(shown)
    }

    pub fn open_objects(&self) -> Result<BlockObjects> {
        let plan = StreamPlan::compile(&self.dependencies_metadata, &self.objects_metadata)?;
        BlockObjects::open(Arc::new(plan), &self.info, &self.payload())
    }

    fn payload(&self) -> Bytes {
        let parts = Parts {
            dependencies_metadata: &[],
            objects_metadata: &[],
            dependencies: &self.dependencies,
            objects: &self.objects,
            compressed: false,
        };
        parts.payload()
    }

    pub fn open(&self, options: &DecodeOptions) -> Result<BlockBatches> {
        let plan = StreamPlan::compile(&self.dependencies_metadata, &self.objects_metadata)?;
        let source = BlockSource {
            process: Arc::new(self.process.clone()),
            plan: Arc::new(plan),
            block: self.info,
            insert_time: InsertTime(START + 5),
        };
        BlockBatches::open(self.table, source, &self.payload(), options)
    }

    pub fn batches(&self, options: &DecodeOptions) -> Result<Vec<RecordBatch>> {
        self.open(options)?.collect()
    }

    /// Each row as text, only what differs from row to row, time in ms since START.
    pub fn rows(&self) -> Result<Vec<String>> {
        Ok(self.batches(&ALL)?.iter().flat_map(rows).collect())
    }

    /// The whole chain of causes.
    pub fn error(&self) -> String {
        explain(&self.open(&ALL).expect_err("a corrupt block"))
    }
}

pub fn explain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// The varying columns of each row.
pub fn rows(batch: &RecordBatch) -> Vec<String> {
    let shown = |name: &str, row: usize| {
        let column = batch.column_by_name(name)?;
        Some(match column.data_type() {
            DataType::Timestamp(..) => {
                let time = column.as_primitive::<TimestampNanosecondType>().value(row);
                ((time - START) as f64 / 1e6).to_string()
            }
            DataType::Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
            DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
            DataType::UInt32 => column.as_primitive::<UInt32Type>().value(row).to_string(),
            DataType::Float64 => column.as_primitive::<Float64Type>().value(row).to_string(),
            DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
            DataType::Binary => format!("{:x?}", column.as_binary::<i32>().value(row)),
            _ => text_at(column.as_ref(), row),
        })
    };
    let columns = [
        "time",
        "event_type",
        "span_id",
        "parent_span_id",
        "depth",
        "hash",
        "target",
        "level",
        "msg",
        "name",
        "filename",
        "line",
        "unit",
        "value",
        "properties",
        "format",
        "payload_size",
        "data",
    ];
    (0..batch.num_rows())
        .map(|row| {
            let values: Vec<String> = columns.iter().filter_map(|c| shown(c, row)).collect();
            values.join(" | ")
        })
        .collect()
}

/// Index, type and JSON of the events of a batch.
pub fn objects_of(batch: &RecordBatch) -> Vec<String> {
    let indices = batch.column(0).as_primitive::<Int64Type>();
    let type_names = batch.column(1).as_string::<i32>();
    let values = batch.column(2).as_binary::<i32>();
    (0..batch.num_rows())
        .map(|row| {
            let value = jsonb::RawJsonb::new(values.value(row)).to_string();
            format!("{} {} {value}", indices.value(row), type_names.value(row))
        })
        .collect()
}

/// A value of a dictionary column: text, or JSONB shown as JSON.
pub fn text_at(column: &dyn Array, row: usize) -> String {
    let column = column.as_dictionary::<Int32Type>();
    if let Some(texts) = column.downcast_dict::<StringArray>() {
        return arrow::array::ArrayAccessor::value(&texts, row).to_owned();
    }
    let documents = column
        .downcast_dict::<BinaryArray>()
        .expect("text or binary");
    let document = arrow::array::ArrayAccessor::value(&documents, row);
    jsonb::RawJsonb::new(document).to_string()
}
