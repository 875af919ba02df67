//! What the queries of this process did, added up.

use query::{ErrorClass, QueryUsage, ScanCounters};
use server_kit::Counter;

static COMPLETED: Counter = Counter::new("query_completed_successfully", "count");
static FAILED: Counter = Counter::new("query_failed", "count");
static FAILED_USER: Counter = Counter::new("query_failed_user", "count");
static FAILED_RESOURCE: Counter = Counter::new("query_failed_resource", "count");
static DENIED: Counter = Counter::new("query_denied", "count");
static INCOMPLETE: Counter = Counter::new("query_incomplete", "count");
static OUTPUT_ROWS: Counter = Counter::new("query_output_rows", "count");
static BYTES_SCANNED: Counter = Counter::new("query_bytes_scanned", "bytes");
static PARTITIONS_SCANNED: Counter = Counter::new("query_partitions_scanned", "count");
static PARTITIONS_PRUNED: Counter = Counter::new("query_partitions_pruned", "count");
static TAIL_BLOCKS: Counter = Counter::new("query_tail_blocks", "count");
static SKIPPED_BLOCKS: Counter = Counter::new("query_skipped_blocks", "count");
static CACHE_HITS: Counter = Counter::new("query_cache_hits", "count");
static SPILLED_BYTES: Counter = Counter::new("query_spilled_bytes", "bytes");

/// How a query ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Completed,
    Failed(ErrorClass),
    /// The client went away.
    Incomplete,
}

/// Called once for each query, at its end.
pub(crate) fn count(
    end: End,
    rows: u64,
    counters: Option<&ScanCounters>,
    usage: Option<&QueryUsage>,
) {
    count_end(end);
    OUTPUT_ROWS.add(rows);
    if let Some(counters) = counters {
        BYTES_SCANNED.add(counters.bytes());
        PARTITIONS_SCANNED.add(counters.partitions());
        PARTITIONS_PRUNED.add(counters.pruned_partitions());
        TAIL_BLOCKS.add(counters.blocks());
        SKIPPED_BLOCKS.add(counters.skipped_blocks());
        CACHE_HITS.add(counters.cache_hits());
    }
    if let Some(usage) = usage {
        SPILLED_BYTES.add(usage.spill().bytes);
    }
}

fn count_end(end: End) {
    match end {
        End::Completed => COMPLETED.add(1),
        End::Incomplete => INCOMPLETE.add(1),
        End::Failed(class) => {
            FAILED.add(1);
            match class {
                ErrorClass::Invalid | ErrorClass::Unsupported => FAILED_USER.add(1),
                ErrorClass::Resources => FAILED_RESOURCE.add(1),
                ErrorClass::Denied | ErrorClass::Forbidden => DENIED.add(1),
                ErrorClass::Internal => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_counts_once_and_in_its_class() {
        let before = [&FAILED, &FAILED_RESOURCE, &DENIED, &OUTPUT_ROWS].map(Counter::value);
        count(End::Failed(ErrorClass::Resources), 7, None, None);
        count(End::Failed(ErrorClass::Denied), 0, None, None);
        count(End::Failed(ErrorClass::Internal), 0, None, None);
        let after = [&FAILED, &FAILED_RESOURCE, &DENIED, &OUTPUT_ROWS].map(Counter::value);
        let grown: Vec<u64> = after.iter().zip(before).map(|(a, b)| a - b).collect();
        assert_eq!(grown, [3, 1, 1, 7]);
    }
}
