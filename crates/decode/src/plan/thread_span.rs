//! How to read each type of thread span event.

use wire::transit::{FieldKind, LayoutError, TypeLayout};

use super::Unsigned;

/// One type of thread span event; all of them are static.
#[derive(Debug)]
pub(crate) struct ThreadSpanPlan {
    pub is_begin: bool,
    /// The whole scope, or without its name where the event has one.
    pub scope: u32,
    pub name: Option<u32>,
    pub time: u32,
}

/// How to read one type of dependency as the scope of spans. A member that is not
/// usable is an error once an event needs it.
#[derive(Debug)]
pub(crate) struct ScopePlan {
    /// A location has none: its events bring their names.
    pub name: Result<u32, LayoutError>,
    pub file: Result<u32, LayoutError>,
    pub target: Result<u32, LayoutError>,
    pub line: Result<Unsigned, LayoutError>,
}

const REFERENCE: &[FieldKind] = &[FieldKind::Reference];
const TIME: &[FieldKind] = &[FieldKind::I64, FieldKind::U64];

impl ThreadSpanPlan {
    /// None: not a thread span event.
    pub(super) fn fixed(event: &TypeLayout) -> Option<Result<Self, LayoutError>> {
        match event.name.as_str() {
            "BeginThreadSpanEvent" => Some(Self::plain(event, true)),
            "EndThreadSpanEvent" => Some(Self::plain(event, false)),
            "BeginThreadNamedSpanEvent" => Some(Self::named(event, true)),
            "EndThreadNamedSpanEvent" => Some(Self::named(event, false)),
            _ => None,
        }
    }

    fn plain(event: &TypeLayout, is_begin: bool) -> Result<Self, LayoutError> {
        Ok(Self {
            is_begin,
            scope: event.require("thread_span_desc", REFERENCE)?.0,
            name: None,
            time: event.require("time", TIME)?.0,
        })
    }

    fn named(event: &TypeLayout, is_begin: bool) -> Result<Self, LayoutError> {
        Ok(Self {
            is_begin,
            scope: event.require("thread_span_location", REFERENCE)?.0,
            name: Some(event.require("name", REFERENCE)?.0),
            time: event.require("time", TIME)?.0,
        })
    }

    /// The ids that reading the event looks up.
    pub(super) fn references(&self) -> [Option<u32>; 2] {
        [Some(self.scope), self.name]
    }
}

impl ScopePlan {
    pub(super) fn new(descriptor: &TypeLayout) -> Self {
        let text = |member| {
            let place = descriptor.require(member, REFERENCE);
            place.map(|(offset, _)| offset)
        };
        Self {
            name: text("name"),
            file: text("file"),
            target: text("target"),
            line: Unsigned::new(descriptor, "line"),
        }
    }
}
