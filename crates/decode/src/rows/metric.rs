//! Metric events to the columns of `measures`.

mod columns;
mod descriptor;

use std::sync::Arc;

use arrow::array::ArrayRef;
use wire::transit::{Dependencies, Problem, read_array};

use super::EventRows;
use super::per_dependency::{PerDependency, id_at, time_at};
use crate::clock::TickClock;
use crate::column::Column;
use crate::error::{EventProblem, Result};
use crate::plan::{EventKind, MetricPlan, MetricValue, StreamPlan};
use columns::MetricColumns;
use descriptor::{Identity, Overrides, Unit};

/// Reads the metric events of one block.
#[derive(Debug)]
pub(crate) struct MetricRows {
    plan: Arc<StreamPlan>,
    dependencies: Dependencies,
    clock: TickClock,
    descriptors: PerDependency<Identity>,
    overrides: PerDependency<Overrides>,
    columns: MetricColumns,
}

/// A metric event; all but its time and value are indices in dictionaries.
#[derive(Debug)]
pub(crate) struct MetricRow {
    ticks: i64,
    target: i32,
    name: i32,
    unit: i32,
    value: f64,
    properties: i32,
}

impl MetricRows {
    pub(crate) fn new(
        plan: Arc<StreamPlan>,
        dependencies: Dependencies,
        clock: TickClock,
        wanted: impl Fn(Column) -> bool,
    ) -> Self {
        Self {
            plan,
            clock,
            descriptors: PerDependency::new(&dependencies),
            overrides: PerDependency::new(&dependencies),
            columns: MetricColumns::new(&dependencies, wanted),
            dependencies,
        }
    }

    fn descriptor(&mut self, id: u64) -> Result<Identity, EventProblem> {
        let position = self.dependencies.find(id)?;
        self.descriptors.get_or_make(position, || {
            let object = self.dependencies.object(position);
            let (type_index, instance) = object.ok_or(Problem::NotDescriptor { id })?;
            let plan = &self.plan.metric_descriptors[usize::from(type_index)];
            Identity::new(&self.dependencies, plan, instance, &mut self.columns)
        })
    }

    fn overrides(&mut self, position: u32) -> Result<Overrides, EventProblem> {
        self.overrides.get_or_make(position, || {
            let set = self.dependencies.property_set(position).unwrap_or_default();
            Ok(Overrides::new(&self.dependencies, set, &mut self.columns))
        })
    }

    #[inline]
    fn read_metric(&mut self, plan: &MetricPlan, body: &[u8]) -> Result<MetricRow, EventProblem> {
        let mut identity = self.descriptor(id_at(body, plan.descriptor)?)?;
        let properties = match plan.properties {
            None => self.columns.properties.empty(),
            Some(offset) => {
                let set = self.dependencies.find_properties(id_at(body, offset)?)?;
                identity.apply(self.overrides(set)?);
                self.columns.properties.key(&self.dependencies, set)?
            }
        };
        let (value, unit) = self.value(plan.value, body, identity.unit)?;
        Ok(MetricRow {
            ticks: time_at(body, plan.time)?,
            target: identity.target,
            name: identity.name,
            unit,
            value,
            properties,
        })
    }

    /// The value and the unit to show.
    #[inline]
    fn value(&self, value: MetricValue, body: &[u8], unit: Unit) -> Result<(f64, i32), Problem> {
        Ok(match (value, unit.seconds) {
            (MetricValue::Float(offset), _) => {
                (f64::from_le_bytes(read_array(body, offset)?), unit.key)
            }
            (MetricValue::Integer(offset), None) => (integer_at(body, offset)? as f64, unit.key),
            (MetricValue::Integer(offset), Some(seconds)) => {
                (self.clock.seconds(integer_at(body, offset)?), seconds)
            }
        })
    }
}

impl EventRows for MetricRows {
    type Row<'b> = MetricRow;

    fn dependencies(&self) -> &Dependencies {
        &self.dependencies
    }

    #[inline]
    fn read(&mut self, event: &EventKind, body: &[u8]) -> Result<Option<MetricRow>, EventProblem> {
        match event {
            EventKind::Metric(Ok(plan)) => self.read_metric(plan, body).map(Some),
            EventKind::Metric(Err(error)) => Err(error.clone().into()),
            _ => Ok(None),
        }
    }

    fn ticks(row: &MetricRow) -> i64 {
        row.ticks
    }

    fn text_len(&self, _row: &MetricRow) -> usize {
        0
    }

    fn freeze(&mut self) -> Result<()> {
        self.columns.freeze()
    }

    fn reserve(&mut self, rows: usize, _text: usize) {
        self.columns.reserve(rows);
    }

    #[inline]
    fn push(&mut self, time: i64, row: MetricRow) {
        self.columns.push(time, &row);
    }

    fn finish(&mut self) -> Result<Vec<(Column, ArrayRef)>> {
        self.columns.finish()
    }
}

fn integer_at(body: &[u8], offset: u32) -> Result<u64, Problem> {
    read_array(body, offset).map(u64::from_le_bytes)
}
