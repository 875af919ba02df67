//! Compares what the catalog refers to with what the object store holds.

use std::collections::HashMap;

use catalog::{Catalog, ReferencedSegment};
use futures::TryStreamExt;
use lake::{Lake, SegmentObject};

#[cfg(test)]
mod tests;

/// Referenced segments held in memory at once. The objects are listed once per page.
const PAGE: u32 = 100_000;

/// Findings of each kind that are reported one by one; all are counted.
const REPORTED_MAX: usize = 10_000;

/// What a check found.
#[derive(Debug, Clone, Default)]
pub struct CheckReport {
    /// Segments that the catalog refers to.
    pub segments: u64,
    /// Blocks inside them.
    pub blocks: u64,
    /// Segments that nothing refers to, at most 10,000 of them: left by a crash between write and
    /// commit, or about to be committed. Only old ones may be deleted.
    pub orphans: Vec<SegmentObject>,
    pub orphans_total: u64,
    /// Keys of segments that the catalog refers to and that are missing or too short, at most
    /// 10,000 of them. Never legal.
    pub dangling: Vec<String>,
    pub dangling_total: u64,
}

impl CheckReport {
    /// Whether every reference holds. Orphans do no harm.
    pub fn is_sound(&self) -> bool {
        self.dangling_total == 0
    }
}

/// Why a check could not be completed.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("reading the references")]
    Catalog(#[from] catalog::Error),
    #[error("listing the segments")]
    Lake(#[from] lake::Error),
}

/// Walks both sides in pages: memory holds one page of references, whatever the size of the lake.
/// Safe beside running services. References are read before objects are listed, so a reference
/// without its object is real unless retention deletes at the same time.
///
/// # Errors
/// The catalog or the object store does not answer.
pub async fn check(catalog: &Catalog, lake: &Lake) -> Result<CheckReport, CheckError> {
    check_in_pages(catalog, lake, PAGE).await
}

async fn check_in_pages(
    catalog: &Catalog,
    lake: &Lake,
    page_size: u32,
) -> Result<CheckReport, CheckError> {
    let mut report = CheckReport::default();
    let mut after: Option<String> = None;
    loop {
        let referenced = catalog
            .referenced_segments(after.as_deref(), page_size)
            .await?;
        let is_last = referenced.len() < page_size as usize;
        let last_key = referenced.last().map(|segment| segment.key.clone());
        let until = last_key.clone().filter(|_| !is_last);
        let mut page = Page::new(after, until, referenced, &mut report);
        let mut objects = lake.list_segments();
        while let Some(object) = objects.try_next().await? {
            page.meet(object);
        }
        page.end();
        if is_last {
            return Ok(report);
        }
        after = last_key;
    }
}

/// The part of the key space after `after`, up to and including `until`. The parts of all pages
/// cover every key once.
struct Page<'a> {
    after: Option<String>,
    until: Option<String>,
    expected: HashMap<String, Expected>,
    report: &'a mut CheckReport,
}

struct Expected {
    /// End of the last byte range that is referred to.
    end: u64,
    is_there: bool,
}

impl<'a> Page<'a> {
    fn new(
        after: Option<String>,
        until: Option<String>,
        referenced: Vec<ReferencedSegment>,
        report: &'a mut CheckReport,
    ) -> Self {
        report.segments += referenced.len() as u64;
        report.blocks += referenced.iter().map(|segment| segment.blocks).sum::<u64>();
        let expected = referenced.into_iter().map(|segment| {
            let end = segment.end;
            let is_there = false;
            (segment.key, Expected { end, is_there })
        });
        Self {
            after,
            until,
            expected: expected.collect(),
            report,
        }
    }

    fn meet(&mut self, object: SegmentObject) {
        let key = object.key.as_str();
        let is_before = self.after.as_deref().is_some_and(|after| key <= after);
        let is_behind = self.until.as_deref().is_some_and(|until| key > until);
        if is_before || is_behind {
            return;
        }
        if let Some(expected) = self.expected.get_mut(key) {
            expected.is_there = object.bytes >= expected.end;
            return;
        }
        self.report.orphans_total += 1;
        if self.report.orphans.len() < REPORTED_MAX {
            self.report.orphans.push(object);
        }
    }

    fn end(self) {
        let missing = self
            .expected
            .into_iter()
            .filter(|(_, found)| !found.is_there);
        let mut missing: Vec<String> = missing.map(|(key, _)| key).collect();
        missing.sort_unstable();
        self.report.dangling_total += missing.len() as u64;
        let room = REPORTED_MAX - self.report.dangling.len();
        self.report.dangling.extend(missing.into_iter().take(room));
    }
}
