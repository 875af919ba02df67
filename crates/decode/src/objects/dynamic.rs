//! What is in the events whose types have one fixed layout each, whatever their type
//! table says.

use wire::transit::{Cursor, DynamicText, LayoutError, Problem};

use super::document::{Document, Members};
use super::expand::Expander;
use crate::error::EventProblem;
use crate::plan::{EventKind, ImageEvent, LogPlan};

/// Append the members of a dynamic event.
pub(super) fn push_members(
    expander: &mut Expander<'_>,
    members: &mut Members<'_>,
    kind: &EventKind,
    body: &[u8],
) -> Result<(), EventProblem> {
    match kind {
        EventKind::Log(plan) => {
            let plan = plan.as_ref().map_err(LayoutError::clone)?;
            push_log(expander, members, plan, body)
        }
        EventKind::Image => push_image(members, &ImageEvent::read(body)?),
        _ => members.push("data", Document::binary(body)),
    }
}

fn push_image(members: &mut Members<'_>, image: &ImageEvent<'_>) -> Result<(), EventProblem> {
    members.push("time", Document::signed(image.ticks))?;
    members.push("name", Document::dynamic_text(&image.name)?)?;
    members.push("format", Document::dynamic_text(&image.format)?)?;
    members.push("data", Document::binary(image.data))
}

fn push_log(
    expander: &mut Expander<'_>,
    members: &mut Members<'_>,
    plan: &LogPlan,
    body: &[u8],
) -> Result<(), EventProblem> {
    let mut cursor = Cursor::new(body);
    match plan {
        LogPlan::LegacyText | LogPlan::Text => {
            members.push("desc", expander.reference(cursor.u64()?)?)?;
            members.push("time", Document::signed(cursor.i64()?))?;
        }
        LogPlan::Tagged => {
            members.push("desc", expander.reference(cursor.u64()?)?)?;
            members.push("properties", expander.reference(cursor.u64()?)?)?;
            members.push("time", Document::signed(cursor.i64()?))?;
        }
        LogPlan::LegacyInterop(target) => {
            members.push("time", Document::signed(cursor.i64()?))?;
            members.push("level", Document::unsigned(cursor.u32()?.into()))?;
            members.push("target", expander.reference(target.read(&mut cursor)?)?)?;
        }
        LogPlan::Interop(target) | LogPlan::TaggedInterop(target) => {
            members.push("time", Document::signed(cursor.i64()?))?;
            members.push("level", Document::unsigned(cursor.u8()?.into()))?;
            members.push("target", expander.reference(target.read(&mut cursor)?)?)?;
            if let LogPlan::TaggedInterop(_) = plan {
                members.push("properties", expander.reference(cursor.u64()?)?)?;
            }
        }
        // These are static.
        LogPlan::Static { .. } | LogPlan::StaticInterop { .. } => {}
    }
    members.push("msg", message(plan, cursor)?)
}

/// The message is what comes last.
fn message(plan: &LogPlan, mut cursor: Cursor<'_>) -> Result<Document, EventProblem> {
    match plan {
        LogPlan::LegacyText | LogPlan::LegacyInterop(_) => {
            let text = std::str::from_utf8(cursor.rest()).map_err(|_| Problem::NotUtf8)?;
            Document::text(text)
        }
        _ => Document::dynamic_text(&DynamicText::read(&mut cursor)?),
    }
}
