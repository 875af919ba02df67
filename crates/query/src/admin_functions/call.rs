//! The call of a function that works through slots of a global view.

use datafusion::catalog::TableFunctionArgs;
use datafusion::error::{DataFusionError, Result};
use model::{InsertRange, TimeNs};
use views::{GlobalView, Lakehouse};

use super::literals::{literal_seconds, literal_time};
use super::slots::{Error, Slots};
use crate::table_functions::literal_text;
use crate::times::range_text;

pub(super) struct Call {
    pub view: GlobalView,
    pub slots: Slots,
    pub delta_seconds: i64,
}

impl Call {
    pub fn parse(
        name: &str,
        args: &TableFunctionArgs,
        house: &Lakehouse,
        cut: fn(TimeNs, TimeNs, i64) -> Result<Slots, Error>,
    ) -> Result<Self> {
        let [view_set, begin, end, delta] = args.exprs() else {
            return Err(DataFusionError::Plan(format!(
                "{name} takes four arguments, {name}('<view set>', '<begin>', '<end>', \
                 <delta in seconds>), given: {}",
                args.exprs().len()
            )));
        };
        let argument = |which| format!("{which} argument to {name}");
        let view_set = literal_text(&argument("First"), view_set)?;
        let begin = literal_time(&argument("Second"), begin)?;
        let end = literal_time(&argument("Third"), end)?;
        let delta_seconds = literal_seconds(&argument("Fourth"), delta)?;
        let refused = |error| DataFusionError::Plan(format!("{name}: {error}"));
        Ok(Self {
            view: house.global_view(view_set)?,
            slots: cut(begin, end, delta_seconds).map_err(refused)?,
            delta_seconds,
        })
    }

    /// What is about to be done.
    pub fn introduction(&self, doing: &str) -> String {
        let (view, delta, slots) = (self.view.name(), self.delta_seconds, self.slots);
        match slots.count() {
            0 => format!("no whole slot of {delta} s lies between begin and end"),
            count => {
                let range = range_text(&slots.range());
                format!("{doing} {view} in {count} slots of {delta} s, {range}")
            }
        }
    }
}

/// Whether blocks can still be inserted into the slot.
pub(super) async fn is_open(house: &Lakehouse, slot: &InsertRange) -> Result<bool> {
    let catalog = house.catalog();
    let latest = catalog.snapshot().await.map_err(views::Error::from)?;
    Ok(slot.end > latest && slot.end.0 > catalog.clock().now())
}
