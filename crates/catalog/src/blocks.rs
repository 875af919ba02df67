//! The scan over visible blocks, page by page.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use model::{BlockId, InsertTime, ProcessId, StreamId, TimeRange};

use crate::event_time::{self, FirstInsertTime, push_event_range};
use crate::lists::Lists;
use crate::row::BlockRow;
use crate::sql::{Builder, Statement};
use crate::text::name;
use crate::{ArchivedBlock, Catalog, EventBounds, Result, StoredBlock};

const READING: &str = "reading blocks";
/// Blocks of a page, at most.
const PAGE: usize = 1000;
/// Rows kept in memory for a scan of several parts, together.
const MERGE_ROWS: usize = 2 * PAGE;
/// Rows of one part, at least, so that a scan of many parts makes progress.
const MIN_PART_ROWS: usize = 50;

/// Which blocks a scan reads: those that pass every restriction. A restriction that is
/// `None` does not exist; an empty list lets nothing pass.
#[derive(Debug, Clone)]
pub struct BlockFilter {
    /// Only what was committed up to this time.
    pub snapshot: InsertTime,
    /// Only blocks of streams that carry this tag.
    pub tag: Option<String>,
    pub process_ids: Option<Vec<ProcessId>>,
    pub stream_ids: Option<Vec<StreamId>>,
    pub block_ids: Option<Vec<BlockId>>,
    /// Only blocks that can hold an event in this range, with a margin of a second, so
    /// that nothing that matches is dropped. Ticks of native blocks are converted with
    /// the frequency of their process; where it is unknown, and for foreign formats,
    /// the wall clock of the block decides.
    pub event_range: Option<TimeRange>,
    /// Only blocks inserted in this range, inclusive at both ends.
    pub insert_range: Option<TimeRange>,
}

impl BlockFilter {
    /// Everything up to `snapshot`.
    pub fn at(snapshot: InsertTime) -> Self {
        Self {
            snapshot,
            tag: None,
            process_ids: None,
            stream_ids: None,
            block_ids: None,
            event_range: None,
            insert_range: None,
        }
    }

    /// What the event range says of the bounds of a block, with its margin.
    pub fn event_bounds(&self) -> Option<EventBounds> {
        self.event_range.map(|range| EventBounds {
            begin: event_time::begin(range),
            end: event_time::end(range),
        })
    }
}

/// The blocks of a scan in the order of insert time and block id.
#[derive(Debug)]
pub struct BlockPages {
    catalog: Catalog,
    filter: BlockFilter,
    parts: Option<Vec<Part>>,
}

impl Catalog {
    /// Start a scan; nothing is read before the first page is asked for.
    pub fn blocks(&self, filter: BlockFilter) -> BlockPages {
        BlockPages {
            catalog: self.clone(),
            filter,
            parts: None,
        }
    }
}

impl BlockPages {
    /// The next blocks, at most a thousand; none when the scan is over.
    pub async fn next_page(&mut self) -> Result<Vec<StoredBlock>> {
        loop {
            let rows = self.next_rows().await?;
            if rows.is_empty() {
                return Ok(Vec::new());
            }
            let mut blocks = with_owners(&self.catalog, rows).await?;
            if let Some(tag) = &self.filter.tag {
                // The database compares tags cut to the length it can index.
                blocks.retain(|block| block.stream.info.tags.contains(tag));
            }
            if !blocks.is_empty() {
                return Ok(blocks);
            }
        }
    }

    /// Merges the parts of the scan.
    async fn next_rows(&mut self) -> Result<Vec<BlockRow>> {
        let parts = match &mut self.parts {
            Some(parts) => parts,
            none => none.insert(Part::all(&self.catalog, &self.filter).await?),
        };
        let part_rows = match parts.len() {
            0 | 1 => PAGE,
            count => (MERGE_ROWS / count).clamp(MIN_PART_ROWS, PAGE),
        };
        let mut rows = Vec::new();
        while rows.len() < PAGE {
            for part in parts.iter_mut() {
                part.refill(&self.catalog, &self.filter, part_rows).await?;
            }
            let first = parts
                .iter_mut()
                .filter(|part| !part.rows.is_empty())
                .min_by(|a, b| a.rows[0].position().cmp(&b.rows[0].position()));
            match first.and_then(|part| part.rows.pop_front()) {
                Some(row) => rows.push(row),
                None => break,
            }
        }
        Ok(rows)
    }
}

/// The part of a scan that one statement can express. A long list of identifiers is
/// cut into several parts, which are read side by side and merged.
#[derive(Debug)]
struct Part {
    lists: Lists,
    /// The first insert time that can match.
    first: Option<i64>,
    /// Where the rows read so far end.
    after: Option<(i64, Vec<u8>)>,
    rows: VecDeque<BlockRow>,
    is_read: bool,
}

impl Part {
    async fn all(catalog: &Catalog, filter: &BlockFilter) -> Result<Vec<Self>> {
        let blocks = filter.block_ids.as_ref();
        let streams = filter.stream_ids.as_ref();
        let processes = filter.process_ids.as_ref();
        // The narrowest first: the scan is cut by it.
        let lists = Lists::default()
            .and(
                "b.block_id",
                blocks.map(|ids| ids.iter().map(BlockId::as_bytes)),
            )
            .and(
                "b.stream_id",
                streams.map(|ids| ids.iter().map(StreamId::as_bytes)),
            )
            .and(
                "b.process_id",
                processes.map(|ids| ids.iter().map(ProcessId::as_bytes)),
            );
        let mut first = filter.insert_range.map(|range| range.begin);
        let parts = lists.cut_by(lists.first_column())?;
        if let (Some(range), None) = (filter.event_range, lists.first_column()) {
            match catalog.first_insert_time(range).await? {
                FirstInsertTime::None => return Ok(Vec::new()),
                FirstInsertTime::Known(time) => first = first.max(Some(time)),
                FirstInsertTime::Unknown => {}
            }
        }
        let parts = parts.into_iter().map(|lists| Self {
            lists,
            first,
            after: None,
            rows: VecDeque::new(),
            is_read: false,
        });
        Ok(parts.collect())
    }

    /// Read on when no row is left.
    async fn refill(
        &mut self,
        catalog: &Catalog,
        filter: &BlockFilter,
        limit: usize,
    ) -> Result<()> {
        if self.is_read || !self.rows.is_empty() {
            return Ok(());
        }
        let statement = self.statement(filter, limit);
        let rows: Vec<BlockRow> = catalog.database().fetch_all(READING, statement).await?;
        self.is_read = rows.len() < limit;
        if let Some(last) = rows.last() {
            let (time, id) = last.position();
            self.after = Some((time, id.to_vec()));
        }
        self.rows = rows.into();
        Ok(())
    }

    fn statement(&self, filter: &BlockFilter, limit: usize) -> Statement {
        let mut sql = Builder::new(
            "SELECT b.block_id, b.stream_id, b.process_id, b.begin_time, b.begin_ticks, \
             b.end_time, b.end_ticks, b.object_offset, b.nb_objects, b.insert_time, \
             b.segment_offset, b.payload_bytes, b.source_insert_time, \
             b.event_begin, b.event_end, \
             (SELECT s.key FROM segments s WHERE s.segment_id = b.segment_id) AS key \
             FROM blocks b",
        );
        let last = filter.insert_range.map_or(i64::MAX, |range| range.end);
        sql.push(" WHERE b.insert_time <= ")
            .bind(filter.snapshot.0.min(last));
        if let Some((time, id)) = &self.after {
            sql.push(" AND (b.insert_time, b.block_id) > (").bind(*time);
            sql.push(", ").bind(id.as_slice()).push(")");
        } else if let Some(first) = self.first {
            sql.push(" AND b.insert_time >= ").bind(first);
        }
        self.lists.push_to(&mut sql);
        if let Some(tag) = &filter.tag {
            // A value rather than EXISTS: PostgreSQL would turn that into a join that
            // gives up the order, or expect so few matches that it sorts everything.
            sql.push(
                " AND (SELECT t.tag FROM stream_tags t \
                 WHERE t.stream_id = b.stream_id AND t.tag = ",
            );
            sql.bind(name(tag)).push(") IS NOT NULL");
        }
        if let Some(range) = filter.event_range {
            push_event_range(&mut sql, range);
        }
        sql.push(" ORDER BY b.insert_time, b.block_id LIMIT ")
            .bind(limit as i64);
        sql.finish()
    }
}

/// Blocks of one segment share its key.
async fn with_owners(catalog: &Catalog, rows: Vec<BlockRow>) -> Result<Vec<StoredBlock>> {
    let mut keys: HashMap<String, Arc<str>> = HashMap::new();
    let blocks = rows.into_iter().map(|row| {
        let segment = match keys.get(&row.key) {
            Some(segment) => Arc::clone(segment),
            None => {
                let segment = Arc::from(row.key.as_str());
                keys.entry(row.key.clone()).or_insert(segment).clone()
            }
        };
        Ok(ArchivedBlock {
            info: row.info()?,
            insert_time: InsertTime(row.insert_time),
            source_insert_time: row.source_insert_time,
            event_bounds: row.event_bounds(),
            range: row.range()?,
            segment,
        })
    });
    catalog.with_owners(blocks.collect::<Result<_>>()?).await
}

impl Catalog {
    /// The owners of blocks whose rows may have left the catalog. Their registrations stay
    /// as long as partitions may refer to them.
    pub async fn with_owners(&self, blocks: Vec<ArchivedBlock>) -> Result<Vec<StoredBlock>> {
        let (owners, database) = (self.owners(), self.database());
        let processes = owners
            .processes(database, blocks.iter().map(|block| block.info.process_id))
            .await?;
        let streams = owners
            .streams(database, blocks.iter().map(|block| block.info.stream_id))
            .await?;
        let blocks = blocks.into_iter().map(|block| StoredBlock {
            stream: Arc::clone(&streams[&block.info.stream_id]),
            process: Arc::clone(&processes[&block.info.process_id]),
            info: block.info,
            insert_time: block.insert_time,
            source_insert_time: block.source_insert_time,
            event_bounds: block.event_bounds,
            segment: block.segment,
            range: block.range,
        });
        Ok(blocks.collect())
    }
}
