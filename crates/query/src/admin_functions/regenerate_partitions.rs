//! `regenerate_partitions(view_set, begin, end, delta_seconds)`: make the partitions of a
//! global view again, whatever they hold.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::{DataFusionError, Result};
use model::InsertRange;
use views::{Lakehouse, Regeneration};

use super::call::{Call, is_open};
use super::progress::{Job, progress_table};
use super::slots::Slots;
use crate::times::range_text;

pub(super) const NAME: &str = "regenerate_partitions";

#[derive(Debug)]
pub(super) struct RegeneratePartitions {
    house: Lakehouse,
}

impl RegeneratePartitions {
    pub const fn new(house: Lakehouse) -> Self {
        Self { house }
    }
}

impl TableFunctionImpl for RegeneratePartitions {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let call = Call::parse(NAME, &args, &self.house, Slots::exactly)?;
        let job = Rebuilding {
            house: self.house.clone(),
            call,
            introduced: false,
            next: 0,
        };
        progress_table(self.house.catalog().clock().clone(), job)
    }
}

struct Rebuilding {
    house: Lakehouse,
    call: Call,
    introduced: bool,
    /// The number of the next slot.
    next: i64,
}

#[async_trait]
impl Job for Rebuilding {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Nothing is touched before all partitions were found to lie within a slot each.
    async fn step(&mut self) -> Result<Option<String>> {
        let (view, slots) = (&self.call.view, self.call.slots);
        if !std::mem::replace(&mut self.introduced, true) {
            let range = slots.range();
            self.house.check_buckets(view, range, slots.width()).await?;
            return Ok(Some(self.call.introduction("regenerating")));
        }
        let Some(slot) = slots.slot(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        let outcome = self.rebuild(slot).await?;
        Ok(Some(format!("{}: {outcome}", range_text(&slot))))
    }

    /// Who asks for partitions to be made again relies on it.
    fn failed(&self, error: DataFusionError) -> Result<String> {
        Err(error)
    }
}

impl Rebuilding {
    async fn rebuild(&self, slot: InsertRange) -> Result<String> {
        if is_open(&self.house, &slot).await? {
            return Ok("skipped, it is not over yet".to_owned());
        }
        Ok(match self.house.regenerate(&self.call.view, slot).await? {
            Regeneration::Nothing => "skipped, it has no partitions".to_owned(),
            Regeneration::Superseded => "left as it is, its partitions just changed".to_owned(),
            Regeneration::Replaced {
                before,
                after,
                rows,
                bytes,
            } => format!("replaced {before} by {after}, {rows} rows, {bytes} bytes"),
        })
    }
}
