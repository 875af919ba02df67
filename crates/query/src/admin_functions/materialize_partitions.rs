//! `materialize_partitions(view_set, begin, end, delta_seconds)`: make what partitions of a
//! global view are missing.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::Result;
use model::InsertRange;
use views::{Effort, Gaps, Lakehouse};

use super::call::{Call, is_open};
use super::progress::{Job, progress_table};
use super::slots::Slots;
use crate::times::range_text;

pub(super) const NAME: &str = "materialize_partitions";

/// Everything that was left for later, too.
const EFFORT: Effort = Effort {
    payload_bytes_min: 0,
    gaps: Gaps::All,
    merge: true,
};

#[derive(Debug)]
pub(super) struct MaterializePartitions {
    house: Lakehouse,
}

impl MaterializePartitions {
    pub const fn new(house: Lakehouse) -> Self {
        Self { house }
    }
}

impl TableFunctionImpl for MaterializePartitions {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let call = Call::parse(NAME, &args, &self.house, Slots::inside)?;
        let job = Materialization {
            house: self.house.clone(),
            call,
            introduced: false,
            next: 0,
        };
        progress_table(self.house.catalog().clock().clone(), job)
    }
}

struct Materialization {
    house: Lakehouse,
    call: Call,
    introduced: bool,
    /// The number of the next slot.
    next: i64,
}

#[async_trait]
impl Job for Materialization {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn step(&mut self) -> Result<Option<String>> {
        if !std::mem::replace(&mut self.introduced, true) {
            return Ok(Some(self.call.introduction("materializing")));
        }
        let Some(slot) = self.call.slots.slot(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        let outcome = self.fill(slot).await?;
        Ok(Some(format!("{}: {outcome}", range_text(&slot))))
    }
}

impl Materialization {
    async fn fill(&self, slot: InsertRange) -> Result<String> {
        if is_open(&self.house, &slot).await? {
            return Ok("skipped, it is not over yet".to_owned());
        }
        if slot.begin < self.house.source_begin().await? {
            return Ok("skipped, its blocks have expired".to_owned());
        }
        let done = self.house.maintain(&self.call.view, slot, EFFORT).await?;
        Ok(format!(
            "built {}, merged {}, {} rows, {} bytes, superseded {}",
            done.built, done.merged, done.rows, done.bytes, done.superseded
        ))
    }
}
