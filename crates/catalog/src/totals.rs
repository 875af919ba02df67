//! Totals over the blocks of a range of insert times.

use model::{InsertRange, InsertTime};

use crate::row::unsigned;
use crate::sql::Builder;
use crate::text::name;
use crate::{Catalog, Result};

const COUNTING: &str = "counting blocks";

/// What the visible blocks of a range add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlockTotals {
    pub blocks: u64,
    pub events: u64,
    pub payload_bytes: u64,
    /// The earliest and the latest insert time.
    pub first: Option<InsertTime>,
    pub last: Option<InsertTime>,
}

#[derive(sqlx::FromRow)]
struct TotalsRow {
    blocks: i64,
    events: i64,
    payload_bytes: i64,
    first_time: Option<i64>,
    last_time: Option<i64>,
}

impl Catalog {
    /// Totals over the visible blocks inserted in `range`, of streams that carry `tag`
    /// when there is one. Tags are compared up to [`model::MAX_NAME_CHARS`] characters.
    /// Walks through the blocks of the range and no others.
    pub async fn block_totals(&self, range: InsertRange, tag: Option<&str>) -> Result<BlockTotals> {
        let mut sql = Builder::new(
            "SELECT COUNT(*) AS blocks, \
             CAST(COALESCE(SUM(b.nb_objects), 0) AS BIGINT) AS events, \
             CAST(COALESCE(SUM(b.payload_bytes), 0) AS BIGINT) AS payload_bytes, \
             MIN(b.insert_time) AS first_time, MAX(b.insert_time) AS last_time FROM blocks b",
        );
        sql.push(" WHERE b.insert_time >= ").bind(range.begin.0);
        sql.push(" AND b.insert_time < ").bind(range.end.0);
        if let Some(tag) = tag {
            // A value rather than EXISTS: PostgreSQL would read all streams of the tag.
            sql.push(
                " AND (SELECT t.tag FROM stream_tags t \
                 WHERE t.stream_id = b.stream_id AND t.tag = ",
            );
            sql.bind(name(tag)).push(") IS NOT NULL");
        }
        let row: Option<TotalsRow> = self
            .database()
            .fetch_optional(COUNTING, sql.finish())
            .await?;
        row.map_or(Ok(BlockTotals::default()), totals)
    }

    /// When the first visible block at or after `from` was inserted.
    pub async fn next_block_time(&self, from: InsertTime) -> Result<Option<InsertTime>> {
        let mut sql = Builder::new("SELECT MIN(insert_time) FROM blocks WHERE insert_time >= ");
        sql.bind(from.0);
        let row: Option<(Option<i64>,)> = self
            .database()
            .fetch_optional("looking for the next block", sql.finish())
            .await?;
        Ok(row.and_then(|(time,)| time).map(InsertTime))
    }
}

fn totals(row: TotalsRow) -> Result<BlockTotals> {
    Ok(BlockTotals {
        blocks: unsigned(row.blocks)?,
        events: unsigned(row.events)?,
        payload_bytes: unsigned(row.payload_bytes)?,
        first: row.first_time.map(InsertTime),
        last: row.last_time.map(InsertTime),
    })
}
