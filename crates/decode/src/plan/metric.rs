//! How to read each type of metric event.

use wire::transit::{FieldKind, LayoutError, TypeLayout};

/// One type of metric event; all of them are static.
#[derive(Debug)]
pub(crate) struct MetricPlan {
    pub descriptor: u32,
    /// Only tagged events have properties.
    pub properties: Option<u32>,
    pub value: MetricValue,
    pub time: u32,
}

/// Where the value lies, and how it is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) enum MetricValue {
    Integer(u32),
    Float(u32),
}

/// How to read one type of dependency as the descriptor of metric events. A member
/// that is not usable is an error once an event needs it.
#[derive(Debug)]
pub(crate) struct MetricDescriptorPlan {
    pub target: Result<u32, LayoutError>,
    pub name: Result<u32, LayoutError>,
    pub unit: Result<u32, LayoutError>,
}

const REFERENCE: &[FieldKind] = &[FieldKind::Reference];
const INTEGER: &[FieldKind] = &[FieldKind::U64, FieldKind::I64];
const FLOAT: &[FieldKind] = &[FieldKind::F64];

impl MetricPlan {
    /// None: not a metric event.
    pub(super) fn fixed(event: &TypeLayout) -> Option<Result<Self, LayoutError>> {
        match event.name.as_str() {
            "IntegerMetricEvent" => Some(Self::new(event, true, false)),
            "FloatMetricEvent" => Some(Self::new(event, false, false)),
            "TaggedIntegerMetricEvent" => Some(Self::new(event, true, true)),
            "TaggedFloatMetricEvent" => Some(Self::new(event, false, true)),
            _ => None,
        }
    }

    fn new(event: &TypeLayout, integer: bool, tagged: bool) -> Result<Self, LayoutError> {
        let offset = |member, kinds| event.require(member, kinds).map(|(offset, _)| offset);
        Ok(Self {
            descriptor: offset("desc", REFERENCE)?,
            properties: match tagged {
                true => Some(offset("properties", REFERENCE)?),
                false => None,
            },
            value: match integer {
                true => MetricValue::Integer(offset("value", INTEGER)?),
                false => MetricValue::Float(offset("value", FLOAT)?),
            },
            time: offset("time", INTEGER)?,
        })
    }

    /// The ids that reading the event looks up.
    pub(super) fn references(&self) -> [Option<u32>; 2] {
        [Some(self.descriptor), self.properties]
    }
}

impl MetricDescriptorPlan {
    pub(super) fn new(descriptor: &TypeLayout) -> Self {
        let text = |member| {
            let place = descriptor.require(member, REFERENCE);
            place.map(|(offset, _)| offset)
        };
        Self {
            target: text("target"),
            name: text("name"),
            unit: text("unit"),
        }
    }
}
