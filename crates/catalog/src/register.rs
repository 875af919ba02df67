//! Registration of processes and streams.

use std::collections::BTreeSet;

use model::{InsertTime, ProcessId, ProcessInfo, StreamId, StreamInfo};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use crate::database::WriteTransaction;
use crate::event_time::event_times;
use crate::sql::{Statement, Value, values_rows};
use crate::text::{list_json, name, properties_json};
use crate::{Catalog, Registration, Result};

const REGISTERING_PROCESS: &str = "registering a process";
const REGISTERING_STREAM: &str = "registering a stream";
/// Tag rows per statement.
const TAG_CHUNK: usize = 64;

impl Catalog {
    /// Record a process, unless it is known. The first registration wins: a later one
    /// changes nothing, also when its fields differ. Descriptive fields longer than
    /// [`model::MAX_NAME_CHARS`] characters are cut.
    pub async fn register_process(&self, process: &ProcessInfo) -> Result<Registration> {
        let id = process.process_id;
        if self.is_known_process(id).await? {
            return Ok(Registration::AlreadyKnown);
        }
        let mut transaction = self.database().begin(REGISTERING_PROCESS).await?;
        let time = self.tick(&mut transaction).await?;
        let insert = insert_process(process, time);
        if transaction.execute(REGISTERING_PROCESS, insert).await? == 0 {
            transaction.rollback(REGISTERING_PROCESS).await?;
            return Ok(Registration::AlreadyKnown);
        }
        let publish = publish("blocks.process_id", &[*id.as_bytes()], time);
        transaction.execute(REGISTERING_PROCESS, publish).await?;
        transaction.commit(REGISTERING_PROCESS).await?;
        Ok(Registration::New(time))
    }

    /// Record a stream, unless it is known; the same rules as for processes.
    pub async fn register_stream(&self, stream: &StreamInfo) -> Result<Registration> {
        let id = stream.stream_id;
        if self.is_known_stream(id).await? {
            return Ok(Registration::AlreadyKnown);
        }
        let mut transaction = self.database().begin(REGISTERING_STREAM).await?;
        let time = self.tick(&mut transaction).await?;
        let insert = insert_stream(stream, time);
        if transaction.execute(REGISTERING_STREAM, insert).await? == 0 {
            transaction.rollback(REGISTERING_STREAM).await?;
            return Ok(Registration::AlreadyKnown);
        }
        insert_tags(&mut transaction, stream).await?;
        let publish = publish("blocks.stream_id", &[*id.as_bytes()], time);
        transaction.execute(REGISTERING_STREAM, publish).await?;
        transaction.commit(REGISTERING_STREAM).await?;
        Ok(Registration::New(time))
    }

    /// A repeated registration, the common case of a retry, does not write at all.
    async fn is_known_process(&self, id: ProcessId) -> Result<bool> {
        let statement = Statement::new("SELECT insert_time FROM processes WHERE process_id = $1");
        let statement = statement.bind(id.as_bytes());
        let row: Option<(i64,)> = self
            .database()
            .fetch_optional(REGISTERING_PROCESS, statement)
            .await?;
        Ok(row.is_some())
    }

    async fn is_known_stream(&self, id: StreamId) -> Result<bool> {
        let statement = Statement::new("SELECT insert_time FROM streams WHERE stream_id = $1");
        let statement = statement.bind(id.as_bytes());
        let row: Option<(i64,)> = self
            .database()
            .fetch_optional(REGISTERING_STREAM, statement)
            .await?;
        Ok(row.is_some())
    }
}

/// Make the blocks visible that waited for one of these owners and have both now.
pub(crate) fn publish(owner: &str, ids: &[[u8; 16]], time: InsertTime) -> Statement {
    let (event_begin, event_end) = event_times("blocks");
    let list = values_rows(1, ids.len(), 1);
    let sql = format!(
        "UPDATE blocks
         SET insert_time = $1, event_begin = {event_begin}, event_end = {event_end}
         FROM processes p, streams s
         WHERE {owner} IN {list} AND blocks.insert_time IS NULL
           AND p.process_id = blocks.process_id AND s.stream_id = blocks.stream_id"
    );
    let mut values = vec![Value::Int(time.0)];
    values.extend(ids.iter().map(Value::from));
    Statement::of(AssertSqlSafe(sql).into_sql_str(), values)
}

pub(crate) fn insert_process(process: &ProcessInfo, time: InsertTime) -> Statement {
    let parent = process.parent_process_id.map(|parent| *parent.as_bytes());
    Statement::new(
        "INSERT INTO processes (process_id, exe, username, realname, computer, distro, cpu_brand,
             tsc_frequency, start_time, start_ticks, parent_process_id, properties, insert_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (process_id) DO NOTHING",
    )
    .bind(process.process_id.as_bytes())
    .bind(name(&process.exe))
    .bind(name(&process.username))
    .bind(name(&process.realname))
    .bind(name(&process.computer))
    .bind(name(&process.distro))
    .bind(name(&process.cpu_brand))
    .bind(process.tsc_frequency)
    .bind(process.start_time)
    .bind(process.start_ticks)
    .bind(Value::OptionalId(parent))
    .bind(properties_json(&process.properties))
    .bind(time.0)
}

pub(crate) fn insert_stream(stream: &StreamInfo, time: InsertTime) -> Statement {
    Statement::new(
        "INSERT INTO streams (stream_id, process_id, tags, properties, format, insert_time,
             dependencies_metadata, objects_metadata)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (stream_id) DO NOTHING",
    )
    .bind(stream.stream_id.as_bytes())
    .bind(stream.process_id.as_bytes())
    .bind(list_json(&stream.tags))
    .bind(properties_json(&stream.properties))
    .bind(name(&stream.format))
    .bind(time.0)
    .bind(Value::Bytes(stream.dependencies_metadata.clone()))
    .bind(Value::Bytes(stream.objects_metadata.clone()))
}

/// The tags once more, one row each, for scans by tag.
pub(crate) async fn insert_tags(
    transaction: &mut WriteTransaction,
    stream: &StreamInfo,
) -> Result<()> {
    let tags: BTreeSet<String> = stream.tags.iter().map(|tag| name(tag)).collect();
    let tags: Vec<String> = tags.into_iter().collect();
    for chunk in tags.chunks(TAG_CHUNK) {
        let rows = values_rows(chunk.len(), 2, 0);
        let sql = format!("INSERT INTO stream_tags (stream_id, tag) VALUES {rows}");
        let values = chunk.iter().flat_map(|tag| {
            let id = Value::from(stream.stream_id.as_bytes());
            [id, Value::from(tag.as_str())]
        });
        let statement = Statement::of(AssertSqlSafe(sql).into_sql_str(), values.collect());
        transaction.execute(REGISTERING_STREAM, statement).await?;
    }
    Ok(())
}
