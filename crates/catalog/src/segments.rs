//! Recorded segments, for checks and cleaning.

use crate::row::unsigned;
use crate::sql::Statement;
use crate::{Catalog, ReferencedSegment, Result};

#[derive(sqlx::FromRow)]
struct SegmentRow {
    key: String,
    bytes: i64,
    archived_blocks: i64,
    archived_end: i64,
    end_offset: i64,
    block_count: i64,
    staged_end: i64,
    staged_count: i64,
}

impl Catalog {
    /// The recorded segments with keys after `after`, ordered by the bytes of the key,
    /// at most `limit`. Blocks that are not visible yet count as well, and so do staged
    /// payloads and archived blocks: the rows of partitions refer to their bytes.
    pub async fn referenced_segments(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ReferencedSegment>> {
        let statement = Statement::new(
            "SELECT s.key, s.bytes, s.archived_blocks, s.archived_end,
                 COUNT(b.segment_id) AS block_count,
                 COALESCE(MAX(b.segment_offset + b.payload_bytes), 0) AS end_offset,
                 (SELECT COUNT(*) FROM bulk_payloads w
                  WHERE w.segment_id = s.segment_id) AS staged_count,
                 (SELECT COALESCE(MAX(w.segment_offset + w.payload_bytes), 0) FROM bulk_payloads w
                  WHERE w.segment_id = s.segment_id) AS staged_end
             FROM (SELECT segment_id, key, bytes, archived_blocks, archived_end FROM segments
                   WHERE key > $1 ORDER BY key LIMIT $2) s
             LEFT JOIN blocks b ON b.segment_id = s.segment_id
             GROUP BY s.segment_id, s.key, s.bytes, s.archived_blocks, s.archived_end
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
                    end: unsigned(row.end_offset.max(row.archived_end).max(row.staged_end))?,
                    blocks: unsigned(row.block_count)?
                        + unsigned(row.archived_blocks)?
                        + unsigned(row.staged_count)?,
                    key: row.key,
                })
            })
            .collect()
    }
}
