//! How to read each type of async span event.

use wire::transit::{FieldKind, LayoutError, TypeLayout};

use super::Unsigned;

/// One type of async span event; all of them are static.
#[derive(Debug)]
pub(crate) struct AsyncSpanPlan {
    pub is_begin: bool,
    pub scope: ScopePlace,
    pub span_id: u32,
    pub parent_span_id: u32,
    pub time: u32,
    pub depth: Unsigned,
}

/// Where an event says what it is a span of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ScopePlace {
    /// A descriptor says it all.
    Descriptor(u32),
    /// The event has a name of its own, and a descriptor says where it is in the code.
    Named { name: u32, location: u32 },
}

const REFERENCE: &[FieldKind] = &[FieldKind::Reference];
const INTEGER: &[FieldKind] = &[FieldKind::U64, FieldKind::I64];

impl AsyncSpanPlan {
    /// None: not an async span event.
    pub(super) fn fixed(event: &TypeLayout) -> Option<Result<Self, LayoutError>> {
        match event.name.as_str() {
            "BeginAsyncSpanEvent" => Some(Self::new(event, true, false)),
            "EndAsyncSpanEvent" => Some(Self::new(event, false, false)),
            "BeginAsyncNamedSpanEvent" => Some(Self::new(event, true, true)),
            "EndAsyncNamedSpanEvent" => Some(Self::new(event, false, true)),
            _ => None,
        }
    }

    fn new(event: &TypeLayout, is_begin: bool, named: bool) -> Result<Self, LayoutError> {
        let offset = |member, kinds| event.require(member, kinds).map(|(offset, _)| offset);
        Ok(Self {
            is_begin,
            scope: match named {
                false => ScopePlace::Descriptor(offset("span_desc", REFERENCE)?),
                true => ScopePlace::Named {
                    name: offset("name", REFERENCE)?,
                    location: offset("span_location", REFERENCE)?,
                },
            },
            span_id: offset("span_id", INTEGER)?,
            parent_span_id: offset("parent_span_id", INTEGER)?,
            time: offset("time", INTEGER)?,
            depth: Unsigned::new(event, "depth")?,
        })
    }

    /// The ids that reading the event looks up.
    pub(super) fn references(&self) -> [Option<u32>; 2] {
        match self.scope {
            ScopePlace::Descriptor(descriptor) => [Some(descriptor), None],
            ScopePlace::Named { name, location } => [Some(name), Some(location)],
        }
    }
}
