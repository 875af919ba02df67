//! Totals over the blocks of each process and each stream.

use std::collections::VecDeque;
use std::sync::Arc;

use model::{InsertRange, InsertTime, ProcessId, StreamId, TimeNs, TimeRange};

use crate::database::Row;
use crate::lists::Lists;
use crate::row::id;
use crate::sql::{Builder, Statement};
use crate::{Catalog, Result, StoredProcess, StoredStream};

/// Owners of a page, at most.
const PAGE: usize = 1000;

/// Which blocks the totals cover. A restriction that is `None` does not exist; an
/// empty list lets nothing pass.
#[derive(Debug, Clone)]
pub struct SummaryFilter {
    /// Only what was committed up to this time.
    pub snapshot: InsertTime,
    pub process_ids: Option<Vec<ProcessId>>,
    pub stream_ids: Option<Vec<StreamId>>,
    /// Only blocks inserted from `begin` on, of processes (or streams) that were
    /// registered up to `end`.
    pub range: Option<TimeRange>,
    /// Only blocks inserted in this range.
    pub insert_range: Option<InsertRange>,
}

impl SummaryFilter {
    /// Everything up to `snapshot`.
    pub fn at(snapshot: InsertTime) -> Self {
        Self {
            snapshot,
            process_ids: None,
            stream_ids: None,
            range: None,
            insert_range: None,
        }
    }
}

/// A process that owns at least one block that passes the filter, with the totals over
/// those blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessSummary {
    pub process: Arc<StoredProcess>,
    pub last_update_time: InsertTime,
    pub last_block_end_ticks: i64,
    pub last_block_end_time: TimeNs,
}

/// A stream that owns at least one block that passes the filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSummary {
    pub stream: Arc<StoredStream>,
    pub last_update_time: InsertTime,
}

/// Processes ordered by id.
#[derive(Debug)]
pub struct ProcessPages(Pages);

/// Streams ordered by id.
#[derive(Debug)]
pub struct StreamPages(Pages);

impl Catalog {
    /// Start a scan; nothing is read before the first page is asked for.
    pub fn processes(&self, filter: SummaryFilter) -> ProcessPages {
        ProcessPages(Pages::new(self, filter))
    }

    /// Start a scan; nothing is read before the first page is asked for.
    pub fn streams(&self, filter: SummaryFilter) -> StreamPages {
        StreamPages(Pages::new(self, filter))
    }
}

#[derive(Debug, sqlx::FromRow)]
struct ProcessTotals {
    process_id: Vec<u8>,
    last_update_time: i64,
    last_end_ticks: i64,
    last_end_time: i64,
}

#[derive(Debug, sqlx::FromRow)]
struct StreamTotals {
    stream_id: Vec<u8>,
    last_update_time: i64,
}

const PROCESSES: Kind = Kind {
    doing: "reading processes",
    select: "SELECT b.process_id, MAX(b.insert_time) AS last_update_time, \
             MAX(b.end_ticks) AS last_end_ticks, MAX(b.end_time) AS last_end_time FROM blocks b",
    join: " CROSS JOIN processes o WHERE o.process_id = b.process_id AND b.insert_time <= ",
    key: "b.process_id",
    process_column: "b.process_id",
};

const STREAMS: Kind = Kind {
    doing: "reading streams",
    select: "SELECT b.stream_id, MAX(b.insert_time) AS last_update_time FROM blocks b",
    join: " CROSS JOIN streams o WHERE o.stream_id = b.stream_id AND b.insert_time <= ",
    key: "b.stream_id",
    // The process that the stream itself names.
    process_column: "o.process_id",
};

impl ProcessPages {
    /// The next processes, at most a thousand; none when the scan is over.
    pub async fn next_page(&mut self) -> Result<Vec<ProcessSummary>> {
        let key = |row: &ProcessTotals| row.process_id.clone();
        let totals = self.0.next(&PROCESSES, key).await?;
        let ids = totals.iter().map(|row| id(&row.process_id));
        let ids: Vec<ProcessId> = ids.collect::<Result<_>>()?;
        let (owners, database) = (self.0.catalog.owners(), self.0.catalog.database());
        let processes = owners.processes(database, ids.iter().copied()).await?;
        let summaries = ids.iter().zip(totals).map(|(id, row)| ProcessSummary {
            process: Arc::clone(&processes[id]),
            last_update_time: InsertTime(row.last_update_time),
            last_block_end_ticks: row.last_end_ticks,
            last_block_end_time: row.last_end_time,
        });
        Ok(summaries.collect())
    }
}

impl StreamPages {
    /// The next streams, at most a thousand; none when the scan is over.
    pub async fn next_page(&mut self) -> Result<Vec<StreamSummary>> {
        let key = |row: &StreamTotals| row.stream_id.clone();
        let totals = self.0.next(&STREAMS, key).await?;
        let ids = totals.iter().map(|row| id(&row.stream_id));
        let ids: Vec<StreamId> = ids.collect::<Result<_>>()?;
        let (owners, database) = (self.0.catalog.owners(), self.0.catalog.database());
        let streams = owners.streams(database, ids.iter().copied()).await?;
        let summaries = ids.iter().zip(totals).map(|(id, row)| StreamSummary {
            stream: Arc::clone(&streams[id]),
            last_update_time: InsertTime(row.last_update_time),
        });
        Ok(summaries.collect())
    }
}

/// How columns of the owner begin.
const OWNER_PREFIX: &str = "o.";

/// What differs between the two scans. The owner's table is `o`.
struct Kind {
    doing: &'static str,
    select: &'static str,
    /// Only when a restriction concerns the owner. CROSS JOIN keeps SQLite from
    /// walking the owners first.
    join: &'static str,
    key: &'static str,
    process_column: &'static str,
}

/// A scan in the order of the key: one part after the other, page by page.
#[derive(Debug)]
struct Pages {
    catalog: Catalog,
    filter: SummaryFilter,
    parts: Option<VecDeque<Lists>>,
    /// The last key that was read.
    after: Option<Vec<u8>>,
}

impl Pages {
    fn new(catalog: &Catalog, filter: SummaryFilter) -> Self {
        Self {
            catalog: catalog.clone(),
            filter,
            parts: None,
            after: None,
        }
    }

    async fn next<R: Row>(&mut self, kind: &Kind, key: fn(&R) -> Vec<u8>) -> Result<Vec<R>> {
        let parts = match &mut self.parts {
            Some(parts) => parts,
            none => none.insert(lists(kind, &self.filter)?.into()),
        };
        while let Some(part) = parts.front() {
            let statement = statement(kind, &self.filter, part, self.after.as_deref());
            let database = self.catalog.database();
            let rows: Vec<R> = database.fetch_all(kind.doing, statement).await?;
            if rows.len() < PAGE {
                parts.pop_front();
            }
            if let Some(last) = rows.last() {
                self.after = Some(key(last));
                return Ok(rows);
            }
        }
        Ok(Vec::new())
    }
}

fn lists(kind: &Kind, filter: &SummaryFilter) -> Result<Vec<Lists>> {
    let processes = filter.process_ids.as_ref();
    let streams = filter.stream_ids.as_ref();
    Lists::default()
        .and(
            kind.process_column,
            processes.map(|ids| ids.iter().map(ProcessId::as_bytes)),
        )
        .and(
            "b.stream_id",
            streams.map(|ids| ids.iter().map(StreamId::as_bytes)),
        )
        // By the key, or the parts would not follow each other in its order.
        .cut_by(Some(kind.key))
}

fn statement(
    kind: &Kind,
    filter: &SummaryFilter,
    lists: &Lists,
    after: Option<&[u8]>,
) -> Statement {
    let mut sql = Builder::new(kind.select);
    if filter.range.is_some() || lists.concern(OWNER_PREFIX) {
        sql.push(kind.join);
    } else {
        sql.push(" WHERE b.insert_time <= ");
    }
    sql.bind(filter.snapshot.0);
    if let Some(range) = filter.range {
        sql.push(" AND b.insert_time >= ").bind(range.begin);
        sql.push(" AND o.insert_time <= ").bind(range.end);
    }
    if let Some(range) = filter.insert_range {
        sql.push(" AND b.insert_time >= ").bind(range.begin.0);
        sql.push(" AND b.insert_time < ").bind(range.end.0);
    }
    if let Some(after) = after {
        sql.push(" AND ").push(kind.key).push(" > ").bind(after);
    }
    lists.push_to(&mut sql);
    sql.push(" GROUP BY ").push(kind.key);
    sql.push(" ORDER BY ").push(kind.key);
    sql.push(" LIMIT ").bind(PAGE as i64);
    sql.finish()
}
