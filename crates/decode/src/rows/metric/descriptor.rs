//! What the dependencies say of metric events.

use wire::transit::Dependencies;

use super::columns::MetricColumns;
use crate::error::EventProblem;
use crate::plan::MetricDescriptorPlan;
use crate::rows::per_dependency::member_text;

/// Integer values of this unit are durations in ticks; rows show seconds.
const TICKS: &str = "ticks";
const SECONDS: &str = "seconds";

/// What a descriptor says of its events, as indices in dictionaries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    pub target: i32,
    pub name: i32,
    pub unit: Unit,
}

/// What the properties of an event change about its descriptor.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Overrides {
    target: Option<i32>,
    name: Option<i32>,
    unit: Option<Unit>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    pub key: i32,
    /// When the unit is ticks: the unit that integer values are shown in instead.
    pub seconds: Option<i32>,
}

impl Identity {
    pub(super) fn new(
        dependencies: &Dependencies,
        plan: &MetricDescriptorPlan,
        instance: &[u8],
        columns: &mut MetricColumns,
    ) -> Result<Self, EventProblem> {
        let target = member_text(dependencies, instance, &plan.target)?;
        let name = member_text(dependencies, instance, &plan.name)?;
        let unit = member_text(dependencies, instance, &plan.unit)?;
        Ok(Self {
            target: columns.targets.key(dependencies, target),
            name: columns.names.key(dependencies, name),
            unit: Unit::new(dependencies, unit, columns),
        })
    }

    pub(super) fn apply(&mut self, overrides: Overrides) {
        self.target = overrides.target.unwrap_or(self.target);
        self.name = overrides.name.unwrap_or(self.name);
        self.unit = overrides.unit.unwrap_or(self.unit);
    }
}

impl Overrides {
    /// `set` = positions of the names and values of the properties. The last one of a
    /// name wins.
    pub(super) fn new(
        dependencies: &Dependencies,
        set: &[(u32, u32)],
        columns: &mut MetricColumns,
    ) -> Self {
        let mut overrides = Self::default();
        for &(name, value) in set {
            match dependencies.text(name) {
                Some("target") => overrides.target = Some(columns.targets.key(dependencies, value)),
                Some("name") => overrides.name = Some(columns.names.key(dependencies, value)),
                Some("unit") => overrides.unit = Some(Unit::new(dependencies, value, columns)),
                _ => {}
            }
        }
        overrides
    }
}

impl Unit {
    fn new(dependencies: &Dependencies, position: u32, columns: &mut MetricColumns) -> Self {
        let is_ticks = dependencies.text(position) == Some(TICKS);
        Self {
            key: columns.units.key(dependencies, position),
            seconds: is_ticks.then(|| columns.units.literal(SECONDS)),
        }
    }
}
