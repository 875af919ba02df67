//! Partitions that the lake makes by itself.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::lake::Lake;

/// Much more than the largest size takes.
const TIMEOUT: Duration = Duration::from_secs(15 * 60);
const POLL: Duration = Duration::from_secs(1);

/// Log entries in partitions.
const ROWS: &str = "SELECT CAST(coalesce(sum(num_rows), 0) AS BIGINT) FROM list_partitions() \
                    WHERE view_set_name = 'log_entries' AND view_instance_id = 'global'";

/// View sets whose newest partition ends before the newest block.
const BEHIND: &str = "SELECT count(*) FROM (SELECT max(end_insert_time) AS newest \
                      FROM list_partitions() WHERE view_instance_id = 'global' \
                      AND view_set_name IN ('log_entries', 'log_stats') GROUP BY view_set_name) \
                      WHERE newest <= (SELECT max(insert_time) FROM blocks)";

/// Returns when the partitions hold so many log entries, and those of `log_stats` are as new.
pub(super) async fn wait_for_partitions(lake: &Lake, rows: i64) -> Result<()> {
    let start = Instant::now();
    loop {
        let found = lake.count(ROWS).await.context("listing the partitions")?;
        if found == rows && lake.count(BEHIND).await? == 0 {
            let seconds = start.elapsed().as_secs_f64();
            eprintln!("      in partitions after {seconds:.0} s");
            return Ok(());
        }
        ensure!(
            start.elapsed() < TIMEOUT,
            "the partitions hold {found} of {rows} log entries"
        );
        tokio::time::sleep(POLL).await;
    }
}

/// Files of partitions of all views in the data folder of a lake.
pub(super) fn count_partitions(data_folder: &Path) -> Result<usize> {
    let mut folders = vec![data_folder.join("objects/views")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        // Missing before the first partition; others may be removed meanwhile.
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if entry
                .path()
                .extension()
                .is_some_and(|suffix| suffix == "parquet")
            {
                count += 1;
            }
        }
    }
    Ok(count)
}
