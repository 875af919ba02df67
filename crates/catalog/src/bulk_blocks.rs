//! Block rows and payloads that arrive apart from each other, in any order, for replication.
//!
//! Every statement that looks for the other half runs after the insert time was taken, and so
//! after every earlier upload was committed: no pair can miss each other.

use std::collections::HashSet;
use std::ops::Range;

use model::{BlockId, BlockInfo, InsertTime, TimeNs};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use crate::bulk_sql::{
    BLOCK_PARAMETERS, PAYLOAD_PARAMETERS, complete_blocks_text, complete_payloads_text,
    stage_blocks_text, stage_payloads_text,
};
use crate::commit::insert_segment;
use crate::database::WriteTransaction;
use crate::sql::{Builder, Statement, Value};
use crate::{Catalog, Error, NewSegment, Result};

const IMPORTING_BLOCKS: &str = "importing blocks";
const IMPORTING_PAYLOADS: &str = "importing payloads";

/// A block of another lake, without its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkBlock {
    pub info: BlockInfo,
    /// When the other lake received it. Never an insert time of this one.
    pub source_insert_time: TimeNs,
}

/// A payload inside a new segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkPayload {
    pub block_id: BlockId,
    /// Byte range inside the segment.
    pub range: Range<u64>,
}

impl Catalog {
    /// One transaction with one insert time. A row whose payload is there becomes a block,
    /// visible at once if its owners are registered; the others wait for their payloads. Rows
    /// that are known already are left as they are; when all are, nothing is written.
    /// Returns how many are new.
    pub async fn import_blocks(&self, blocks: &[BulkBlock]) -> Result<usize> {
        let ids: HashSet<_> = blocks.iter().map(|row| row.info.block_id.uuid()).collect();
        let unknown = self.unknown(IN_BLOCKS, IMPORTING_BLOCKS, ids).await?;
        let unknown = self
            .unknown(IN_BULK_BLOCKS, IMPORTING_BLOCKS, unknown)
            .await?;
        if unknown.is_empty() {
            return Ok(0);
        }
        let mut transaction = self.database().begin(IMPORTING_BLOCKS).await?;
        let time = self.tick(&mut transaction).await?;
        let mut new = 0;
        for chunk in blocks.chunks(transaction.chunk()) {
            new += import_block_rows(&mut transaction, time, chunk).await?;
        }
        finish(transaction, IMPORTING_BLOCKS, new).await
    }

    /// One transaction with one insert time: the segment and the payloads in it. A payload
    /// whose row is there becomes a block; the others wait for their rows. Payloads that are
    /// known already are left where they are; when all are, nothing is written, neither segment
    /// nor clock. Returns how many are new.
    pub async fn import_payloads(
        &self,
        segment: &NewSegment,
        payloads: &[BulkPayload],
    ) -> Result<usize> {
        let segment_bytes = check_ranges(segment, payloads)?;
        let ids = payloads.iter().map(|payload| payload.block_id);
        if self.missing_payloads(ids).await?.is_empty() {
            return Ok(0);
        }
        let mut transaction = self.database().begin(IMPORTING_PAYLOADS).await?;
        let time = self.tick(&mut transaction).await?;
        let insert = insert_segment(segment, segment_bytes, time);
        let (segment_id,): (i64,) = transaction.fetch_one(IMPORTING_PAYLOADS, insert).await?;
        let mut new = 0;
        for chunk in payloads.chunks(transaction.chunk()) {
            new += import_payload_rows(&mut transaction, time, segment_id, chunk).await?;
        }
        finish(transaction, IMPORTING_PAYLOADS, new).await
    }

    /// Those of `ids` whose payload this lake does not have.
    pub async fn missing_payloads(
        &self,
        ids: impl IntoIterator<Item = BlockId>,
    ) -> Result<HashSet<BlockId>> {
        let ids = ids.into_iter().map(BlockId::uuid).collect();
        let unknown = self.unknown(IN_BLOCKS, IMPORTING_PAYLOADS, ids).await?;
        let unknown = self
            .unknown(IN_BULK_PAYLOADS, IMPORTING_PAYLOADS, unknown)
            .await?;
        Ok(unknown.into_iter().map(BlockId::new).collect())
    }
}

const IN_BLOCKS: &str = "SELECT block_id FROM blocks WHERE block_id IN ";
const IN_BULK_BLOCKS: &str = "SELECT block_id FROM bulk_blocks WHERE block_id IN ";
const IN_BULK_PAYLOADS: &str = "SELECT block_id FROM bulk_payloads WHERE block_id IN ";

async fn finish(transaction: WriteTransaction, doing: &'static str, new: u64) -> Result<usize> {
    if new == 0 {
        transaction.rollback(doing).await?;
    } else {
        transaction.commit(doing).await?;
    }
    Ok(usize::try_from(new).expect("no more rows than were given"))
}

/// Returns the length of the segment as the database stores it.
fn check_ranges(segment: &NewSegment, payloads: &[BulkPayload]) -> Result<i64> {
    let bytes = i64::try_from(segment.bytes).unwrap_or(i64::MAX);
    for BulkPayload { block_id, range } in payloads {
        if range.start > range.end || range.end > bytes.unsigned_abs() {
            return Err(Error::BlockOutsideSegment {
                block_id: *block_id,
            });
        }
    }
    Ok(bytes)
}

async fn import_block_rows(
    transaction: &mut WriteTransaction,
    time: InsertTime,
    chunk: &[BulkBlock],
) -> Result<u64> {
    let statement = |text, shared: Vec<Value>| {
        let rows = chunk.iter().map(block_values);
        Statement::of(AssertSqlSafe(text).into_sql_str(), padded(shared, rows))
    };
    let rows = chunk.len().next_power_of_two();
    let complete = statement(complete_blocks_text(rows), vec![Value::Int(time.0)]);
    let stage = statement(stage_blocks_text(rows), vec![Value::Int(time.0)]);
    let ids = chunk.iter().map(|block| *block.info.block_id.as_bytes());
    let forget = forget("DELETE FROM bulk_payloads WHERE block_id IN ", ids);
    let completed = transaction.execute(IMPORTING_BLOCKS, complete).await?;
    let staged = transaction.execute(IMPORTING_BLOCKS, stage).await?;
    if completed > 0 {
        transaction.execute(IMPORTING_BLOCKS, forget).await?;
    }
    Ok(completed + staged)
}

async fn import_payload_rows(
    transaction: &mut WriteTransaction,
    time: InsertTime,
    segment_id: i64,
    chunk: &[BulkPayload],
) -> Result<u64> {
    let statement = |text, shared: Vec<Value>| {
        let rows = chunk.iter().map(payload_values);
        Statement::of(AssertSqlSafe(text).into_sql_str(), padded(shared, rows))
    };
    let rows = chunk.len().next_power_of_two();
    let shared = vec![Value::Int(time.0), Value::Int(segment_id)];
    let complete = statement(complete_payloads_text(rows), shared);
    let stage = statement(stage_payloads_text(rows), vec![Value::Int(segment_id)]);
    let ids = chunk.iter().map(|payload| *payload.block_id.as_bytes());
    let forget = forget("DELETE FROM bulk_blocks WHERE block_id IN ", ids);
    let completed = transaction.execute(IMPORTING_PAYLOADS, complete).await?;
    let staged = transaction.execute(IMPORTING_PAYLOADS, stage).await?;
    if completed > 0 {
        transaction.execute(IMPORTING_PAYLOADS, forget).await?;
    }
    Ok(completed + staged)
}

/// The rows, rounded up to a power of two by repeating the last one, which changes nothing:
/// few different texts reach the statement caches.
fn padded<const N: usize>(
    mut values: Vec<Value>,
    rows: impl ExactSizeIterator<Item = [Value; N]> + Clone,
) -> Vec<Value> {
    let count = rows.len().next_power_of_two();
    let last = rows.clone().last();
    let padding = std::iter::repeat_n(last, count - rows.len()).flatten();
    values.extend(rows.chain(padding).flatten());
    values
}

fn block_values(block: &BulkBlock) -> [Value; BLOCK_PARAMETERS] {
    let info = &block.info;
    [
        Value::from(info.block_id.as_bytes()),
        Value::from(info.stream_id.as_bytes()),
        Value::from(info.process_id.as_bytes()),
        Value::Int(info.begin_time),
        Value::Int(info.begin_ticks),
        Value::Int(info.end_time),
        Value::Int(info.end_ticks),
        Value::Int(info.object_offset),
        Value::Int(info.nb_objects.into()),
        Value::Int(block.source_insert_time),
    ]
}

fn payload_values(payload: &BulkPayload) -> [Value; PAYLOAD_PARAMETERS] {
    let signed = |bytes| Value::Int(i64::try_from(bytes).expect("ranges were checked"));
    [
        Value::from(payload.block_id.as_bytes()),
        signed(payload.range.start),
        signed(payload.range.end - payload.range.start),
    ]
}

fn forget(sql: &'static str, ids: impl Iterator<Item = [u8; 16]>) -> Statement {
    let ids: Vec<_> = ids.collect();
    let mut builder = Builder::new(sql);
    builder.bind_list(&ids);
    builder.finish()
}
