//! The columns of `measures` that differ from row to row.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, TimestampNanosecondArray};
use wire::transit::Dependencies;

use super::MetricRow;
use crate::column::{Column, UTC};
use crate::dictionary::{PropertyColumn, TextColumn};
use crate::error::Result;

/// One builder per column; None or an idle dictionary for a column nobody asked for.
#[derive(Debug)]
pub(super) struct MetricColumns {
    pub targets: TextColumn,
    pub names: TextColumn,
    pub units: TextColumn,
    pub properties: PropertyColumn,
    times: Option<Vec<i64>>,
    values: Option<Vec<f64>>,
}

impl MetricColumns {
    pub(super) fn new(dependencies: &Dependencies, wanted: impl Fn(Column) -> bool) -> Self {
        let text = |column| TextColumn::new(wanted(column), dependencies);
        Self {
            targets: text(Column::Target),
            names: text(Column::Name),
            units: text(Column::Unit),
            properties: PropertyColumn::new(wanted(Column::Properties), dependencies),
            times: wanted(Column::Time).then(Vec::new),
            values: wanted(Column::Value).then(Vec::new),
        }
    }

    pub(super) fn freeze(&mut self) -> Result<()> {
        self.targets.freeze()?;
        self.names.freeze()?;
        self.units.freeze()?;
        self.properties.freeze()?;
        Ok(())
    }

    pub(super) fn reserve(&mut self, rows: usize) {
        self.targets.reserve(rows);
        self.names.reserve(rows);
        self.units.reserve(rows);
        self.properties.reserve(rows);
        if let Some(times) = &mut self.times {
            times.reserve_exact(rows);
        }
        if let Some(values) = &mut self.values {
            values.reserve_exact(rows);
        }
    }

    #[inline]
    pub(super) fn push(&mut self, time: i64, row: &MetricRow) {
        if let Some(times) = &mut self.times {
            times.push(time);
        }
        if let Some(values) = &mut self.values {
            values.push(row.value);
        }
        self.targets.push(row.target);
        self.names.push(row.name);
        self.units.push(row.unit);
        self.properties.push(row.properties);
    }

    pub(super) fn finish(&mut self) -> Result<Vec<(Column, ArrayRef)>> {
        let mut columns: Vec<(Column, ArrayRef)> = Vec::new();
        if let Some(times) = &mut self.times {
            let times = TimestampNanosecondArray::from(std::mem::take(times)).with_timezone(UTC);
            columns.push((Column::Time, Arc::new(times)));
        }
        if let Some(values) = &mut self.values {
            let values = Float64Array::from(std::mem::take(values));
            columns.push((Column::Value, Arc::new(values)));
        }
        let texts = [
            (Column::Target, self.targets.finish()?),
            (Column::Name, self.names.finish()?),
            (Column::Unit, self.units.finish()?),
            (Column::Properties, self.properties.finish()?),
        ];
        columns.extend(texts.into_iter().filter_map(|(c, array)| Some((c, array?))));
        Ok(columns)
    }
}
