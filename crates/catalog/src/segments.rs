//! Recorded segments, for checks and cleaning.

use crate::row::unsigned;
use crate::sql::Statement;
use crate::{Catalog, ReferencedSegment, Result};

#[derive(sqlx::FromRow)]
struct SegmentRow {
    key: String,
    bytes: i64,
    end_offset: i64,
    block_count: i64,
}

impl Catalog {
    /// The recorded segments with keys after `after`, ordered by the bytes of the key,
    /// at most `limit`. Blocks that are not visible yet count as well.
    pub async fn referenced_segments(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ReferencedSegment>> {
        let statement = Statement::new(
            "SELECT s.key, s.bytes, COUNT(b.segment_id) AS block_count,
                 COALESCE(MAX(b.segment_offset + b.payload_bytes), 0) AS end_offset
             FROM (SELECT segment_id, key, bytes FROM segments
                   WHERE key > $1 ORDER BY key LIMIT $2) s
             LEFT JOIN blocks b ON b.segment_id = s.segment_id
             GROUP BY s.segment_id, s.key, s.bytes
             ORDER BY s.key",
        )
        .bind(after.unwrap_or_default())
        .bind(i64::from(limit));
        let rows: Vec<SegmentRow> = self
            .database()
            .fetch_all("listing segments", statement)
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok(ReferencedSegment {
                    bytes: unsigned(row.bytes)?,
                    end: unsigned(row.end_offset)?,
                    blocks: unsigned(row.block_count)?,
                    key: row.key,
                })
            })
            .collect()
    }
}
