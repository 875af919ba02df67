//! The partitions that a snapshot sees, page by page.

use bytes::Bytes;
use model::{InsertRange, InsertTime, TimeRange};

use super::record::StoredPartition;
use super::row::{PartitionRow, SELECT};
use crate::sql::{Builder, Statement};
use crate::text::without_nul;
use crate::{Catalog, Result};

const READING: &str = "reading partitions";
/// Partitions of a page, at most.
const PAGE: usize = 1000;

/// Which partitions a scan reads: those that pass every restriction. A restriction that
/// is `None` does not exist.
#[derive(Debug, Clone)]
pub struct PartitionFilter {
    /// Only those added up to this time and not retired up to it.
    pub snapshot: InsertTime,
    pub view_set: Option<String>,
    pub view_instance: Option<String>,
    pub schema_hash: Option<Bytes>,
    /// Only those whose range of insert times overlaps this one.
    pub insert_range: Option<InsertRange>,
    /// Only those whose rows' event times overlap this range; one without rows never does.
    pub event_range: Option<TimeRange>,
}

impl PartitionFilter {
    /// Everything that is seen at `snapshot`.
    pub fn at(snapshot: InsertTime) -> Self {
        Self {
            snapshot,
            view_set: None,
            view_instance: None,
            schema_hash: None,
            insert_range: None,
            event_range: None,
        }
    }
}

/// Partitions in the order of view set, view instance, begin of the range and id; the
/// names by their bytes.
#[derive(Debug)]
pub struct PartitionPages {
    catalog: Catalog,
    filter: PartitionFilter,
    /// Where the pages read so far end.
    after: Option<Position>,
    is_read: bool,
}

type Position = (String, String, i64, i64);

impl Catalog {
    /// Start a scan; nothing is read before the first page is asked for.
    pub fn partition_pages(&self, filter: PartitionFilter) -> PartitionPages {
        let is_nothing = filter.insert_range.is_some_and(|range| range.is_empty());
        PartitionPages {
            catalog: self.clone(),
            filter,
            after: None,
            is_read: is_nothing,
        }
    }

    /// All pages of a scan.
    pub async fn partitions(&self, filter: PartitionFilter) -> Result<Vec<StoredPartition>> {
        let mut pages = self.partition_pages(filter);
        let mut partitions = pages.next_page().await?;
        while !pages.is_read {
            partitions.extend(pages.next_page().await?);
        }
        Ok(partitions)
    }

    /// The active partition that has this file.
    pub async fn partition_by_file(&self, key: &str) -> Result<Option<StoredPartition>> {
        let mut sql = Builder::new(SELECT);
        sql.push(" WHERE p.retired IS NULL AND p.file_key = ");
        sql.bind(without_nul(key).into_owned());
        let row: Option<PartitionRow> = self
            .database()
            .fetch_optional(READING, sql.finish())
            .await?;
        row.map(StoredPartition::try_from).transpose()
    }
}

impl PartitionPages {
    /// The next partitions, at most a thousand; none when the scan is over.
    pub async fn next_page(&mut self) -> Result<Vec<StoredPartition>> {
        if self.is_read {
            return Ok(Vec::new());
        }
        let statement = self.statement();
        let rows: Vec<PartitionRow> = self
            .catalog
            .database()
            .fetch_all(READING, statement)
            .await?;
        self.is_read = rows.len() < PAGE;
        if let Some(last) = rows.last() {
            let names = (last.view_set.clone(), last.view_instance.clone());
            self.after = Some((names.0, names.1, last.insert_begin, last.partition_id));
        }
        rows.into_iter().map(StoredPartition::try_from).collect()
    }

    fn statement(&self) -> Statement {
        let filter = &self.filter;
        let mut sql = Builder::new(SELECT);
        sql.push(" WHERE p.added <= ").bind(filter.snapshot.0);
        sql.push(" AND (p.retired IS NULL OR p.retired > ");
        sql.bind(filter.snapshot.0).push(")");
        if let Some(name) = &filter.view_set {
            sql.push(" AND p.view_set = ");
            sql.bind(without_nul(name).into_owned());
        }
        if let Some(name) = &filter.view_instance {
            sql.push(" AND p.view_instance = ");
            sql.bind(without_nul(name).into_owned());
        }
        if let Some(hash) = &filter.schema_hash {
            sql.push(" AND p.schema_hash = ").bind(hash.clone());
        }
        if let Some(range) = filter.insert_range {
            sql.push(" AND p.insert_begin < ").bind(range.end.0);
            sql.push(" AND p.insert_end > ").bind(range.begin.0);
        }
        if let Some(range) = filter.event_range {
            sql.push(" AND p.event_begin <= ").bind(range.end);
            sql.push(" AND p.event_end >= ").bind(range.begin);
        }
        if let Some((view_set, view_instance, begin, id)) = &self.after {
            sql.push(" AND (p.view_set, p.view_instance, p.insert_begin, p.partition_id) > (");
            sql.bind(view_set.as_str()).push(", ");
            sql.bind(view_instance.as_str()).push(", ");
            sql.bind(*begin).push(", ").bind(*id).push(")");
        }
        sql.push(" ORDER BY p.view_set, p.view_instance, p.insert_begin, p.partition_id LIMIT ");
        sql.bind(PAGE as i64);
        sql.finish()
    }
}
