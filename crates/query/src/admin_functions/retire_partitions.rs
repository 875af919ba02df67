//! `retire_partitions(view_set, instance_id, begin, end)`: let partitions go, whatever the
//! version of the view that made them. Their rows come from blocks again.

use std::sync::Arc;

use async_trait::async_trait;
use catalog::{PartitionFilter, PartitionPages, Snapshot, StoredPartition};
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::plan_err;
use datafusion::error::Result;
use model::{InsertRange, InsertTime};
use views::{Lakehouse, is_irreplaceable};

use super::literals::literal_time;
use super::progress::{Job, progress_table};
use crate::table_functions::literal_text;
use crate::times::range_text;

pub(super) const NAME: &str = "retire_partitions";

#[derive(Debug)]
pub(super) struct RetirePartitions {
    house: Lakehouse,
}

impl RetirePartitions {
    pub const fn new(house: Lakehouse) -> Self {
        Self { house }
    }
}

impl TableFunctionImpl for RetirePartitions {
    /// The view set need not exist: partitions of former ones can go, too.
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let [view_set, instance, begin, end] = args.exprs() else {
            return plan_err!(
                "{NAME} takes four arguments, {NAME}('<view set>', '<instance id>', '<begin>', \
                 '<end>'), given: {}",
                args.exprs().len()
            );
        };
        let argument = |which| format!("{which} argument to {NAME}");
        let view_set = literal_text(&argument("First"), view_set)?;
        let instance = literal_text(&argument("Second"), instance)?;
        let begin = InsertTime(literal_time(&argument("Third"), begin)?);
        let end = InsertTime(literal_time(&argument("Fourth"), end)?);
        if begin > end {
            return plan_err!("{NAME}: begin lies after end");
        }
        let job = Clearing {
            house: self.house.clone(),
            view_set: view_set.to_owned(),
            instance: instance.to_owned(),
            range: InsertRange::new(begin, end),
            progress: Progress::New,
            retired: 0,
        };
        progress_table(self.house.catalog().clock().clone(), job)
    }
}

struct Clearing {
    house: Lakehouse,
    view_set: String,
    instance: String,
    range: InsertRange,
    progress: Progress,
    retired: u64,
}

enum Progress {
    New,
    Reading(Box<PartitionPages>, Snapshot),
    Over,
}

#[async_trait]
impl Job for Clearing {
    fn name(&self) -> &'static str {
        NAME
    }

    /// One page of partitions goes in one transaction.
    async fn step(&mut self) -> Result<Option<String>> {
        match &mut self.progress {
            Progress::New => {
                let snapshot = self.house.catalog().current_snapshot().await;
                let snapshot = snapshot.map_err(views::Error::from)?;
                self.progress = Progress::Reading(Box::new(self.pages(snapshot)), snapshot);
                Ok(Some(format!(
                    "retiring partitions of {} within {}",
                    self.what(),
                    range_text(&self.range)
                )))
            }
            Progress::Reading(pages, snapshot) => {
                let snapshot = *snapshot;
                let page = pages.next_page().await.map_err(views::Error::from)?;
                if page.is_empty() {
                    self.progress = Progress::Over;
                    let (retired, what) = (self.retired, self.what());
                    return Ok(Some(format!("retired {retired} partitions of {what}")));
                }
                self.retire(&page, &snapshot).await.map(Some)
            }
            Progress::Over => Ok(None),
        }
    }
}

impl Clearing {
    fn what(&self) -> String {
        format!("{}/{}", self.view_set, self.instance)
    }

    fn pages(&self, snapshot: Snapshot) -> PartitionPages {
        let filter = PartitionFilter {
            view_set: Some(self.view_set.clone()),
            view_instance: Some(self.instance.clone()),
            insert_range: Some(self.range),
            ..PartitionFilter::at(snapshot.time)
        };
        self.house.catalog().partition_pages(filter)
    }

    async fn retire(&mut self, page: &[StoredPartition], snapshot: &Snapshot) -> Result<String> {
        let (kept, go): (Vec<_>, Vec<_>) = page
            .iter()
            .filter(|stored| self.range.covers(&stored.partition.insert_range))
            .partition(|stored| is_irreplaceable(stored, snapshot));
        let ids: Vec<_> = go.iter().map(|stored| stored.id).collect();
        let retired = self.house.catalog().retire_partitions(&ids).await;
        let retired = retired.map_err(views::Error::from)?;
        self.retired += retired;
        let mut message = format!("retired {retired}");
        if !kept.is_empty() {
            message += &format!(", kept {} whose blocks are archived", kept.len());
        }
        let across = page.len() - go.len() - kept.len();
        if across > 0 {
            message += &format!(", passed over {across} that reach beyond the range");
        }
        Ok(message)
    }
}
