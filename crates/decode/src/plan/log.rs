//! How to read each type of log event.

use wire::transit::{Cursor, FieldKind, LayoutError, Problem, TypeLayout, TypeTable, read_array};

use super::Unsigned;

/// One type of log event. Offsets are those of static types; dynamic types have one
/// fixed layout each, whatever their type table says.
#[derive(Debug)]
pub(crate) enum LogPlan {
    /// `LogStaticStrEvent`: a descriptor is all there is.
    Static { descriptor: u32, time: u32 },
    /// `LogStaticStrInteropEvent`: target and message are static texts.
    StaticInterop {
        target: u32,
        message: u32,
        time: u32,
        level: Unsigned,
    },
    /// `LogStringEvent`, of old clients: the rest of the event is the message.
    LegacyText,
    /// `LogStringEventV2`.
    Text,
    /// `LogStringInteropEventV2`, of old clients: the rest of the event is the message.
    LegacyInterop(TargetPlan),
    /// `LogStringInteropEventV3`.
    Interop(TargetPlan),
    /// `TaggedLogInteropEvent`.
    TaggedInterop(TargetPlan),
    /// `TaggedLogString`.
    Tagged,
}

/// A reference to a text inside a dynamic event: an instance of a helper type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TargetPlan {
    size: usize,
    /// Where the id lies in the instance.
    id: u32,
}

/// How to read one type of dependency as the descriptor of log events. A member that
/// is not usable is an error once an event needs it.
#[derive(Debug)]
pub(crate) struct LogDescriptorPlan {
    pub target: Result<u32, LayoutError>,
    pub format: Result<u32, LayoutError>,
    pub level: Result<Unsigned, LayoutError>,
}

const TIME: &[FieldKind] = &[FieldKind::I64, FieldKind::U64];

impl LogPlan {
    /// None: not a log event.
    pub(super) fn fixed(event: &TypeLayout) -> Option<Result<Self, LayoutError>> {
        match event.name.as_str() {
            "LogStaticStrEvent" => Some(fixed_static(event)),
            "LogStaticStrInteropEvent" => Some(fixed_interop(event)),
            _ => None,
        }
    }

    /// None: not a log event.
    pub(super) fn dynamic(
        types: &TypeTable,
        event: &TypeLayout,
    ) -> Option<Result<Self, LayoutError>> {
        let target = |helper| TargetPlan::new(types.find(helper)?);
        Some(match event.name.as_str() {
            "LogStringEvent" => Ok(Self::LegacyText),
            "LogStringEventV2" => Ok(Self::Text),
            "LogStringInteropEventV2" => target("StringId").map(Self::LegacyInterop),
            "LogStringInteropEventV3" => target("StaticStringRef").map(Self::Interop),
            "TaggedLogInteropEvent" => target("StaticStringRef").map(Self::TaggedInterop),
            "TaggedLogString" => Ok(Self::Tagged),
            _ => return None,
        })
    }

    /// The ids of a static event that reading it looks up.
    pub(super) fn references(&self) -> [Option<u32>; 2] {
        match *self {
            Self::Static { descriptor, .. } => [Some(descriptor), None],
            Self::StaticInterop {
                target, message, ..
            } => [Some(target), Some(message)],
            _ => [None; 2],
        }
    }
}

fn fixed_static(event: &TypeLayout) -> Result<LogPlan, LayoutError> {
    Ok(LogPlan::Static {
        descriptor: event.require("desc", &[FieldKind::Reference])?.0,
        time: event.require("time", TIME)?.0,
    })
}

fn fixed_interop(event: &TypeLayout) -> Result<LogPlan, LayoutError> {
    Ok(LogPlan::StaticInterop {
        target: event.require("target", &[FieldKind::Reference])?.0,
        message: event.require("msg", &[FieldKind::Reference])?.0,
        time: event.require("time", TIME)?.0,
        level: Unsigned::new(event, "level")?,
    })
}

impl TargetPlan {
    fn new(helper: &TypeLayout) -> Result<Self, LayoutError> {
        helper.fields()?;
        let no_id = || LayoutError::NoId {
            type_name: helper.name.clone(),
        };
        Ok(Self {
            size: helper.size as usize,
            id: helper.reference().ok_or_else(no_id)?,
        })
    }

    /// The id of the text.
    #[inline]
    pub(crate) fn read(&self, cursor: &mut Cursor<'_>) -> Result<u64, Problem> {
        let instance = cursor.bytes(self.size)?;
        read_array(instance, self.id).map(u64::from_le_bytes)
    }
}

impl LogDescriptorPlan {
    pub(super) fn new(descriptor: &TypeLayout) -> Self {
        let text = |member| {
            let place = descriptor.require(member, &[FieldKind::Reference]);
            place.map(|(offset, _)| offset)
        };
        Self {
            target: text("target"),
            format: text("fmt_str"),
            level: Unsigned::new(descriptor, "level"),
        }
    }
}
