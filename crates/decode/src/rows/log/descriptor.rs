//! What the dependencies say of log events.

use wire::transit::{Dependencies, LayoutError};

use crate::dictionary::TextColumn;
use crate::error::EventProblem;
use crate::plan::LogDescriptorPlan;
use crate::rows::per_dependency::member_text;

/// What a descriptor says of its events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Descriptor {
    /// Index in its dictionary.
    pub target: i32,
    pub level: i32,
    /// Position of the text that events without a message of their own show.
    pub format: Option<u32>,
}

/// What the properties of an event change about its descriptor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Overrides {
    /// Index in its dictionary.
    pub target: Option<i32>,
    pub level: Option<i32>,
}

impl Descriptor {
    pub(super) fn new(
        dependencies: &Dependencies,
        plan: &LogDescriptorPlan,
        instance: &[u8],
        targets: &mut TextColumn,
    ) -> Result<Self, EventProblem> {
        let target = member_text(dependencies, instance, &plan.target)?;
        let level = plan.level.as_ref().map_err(LayoutError::clone)?;
        Ok(Self {
            target: targets.key(dependencies, target),
            level: level.read(instance)? as i32,
            format: member_text(dependencies, instance, &plan.format).ok(),
        })
    }
}

impl Overrides {
    /// `set` = positions of the names and values of the properties. The last one of a
    /// name wins; a level that is not a level is an error whatever follows.
    pub(super) fn new(
        dependencies: &Dependencies,
        set: &[(u32, u32)],
        targets: &mut TextColumn,
    ) -> Result<Self, EventProblem> {
        let mut overrides = Self {
            target: None,
            level: None,
        };
        for &(name, value) in set {
            match dependencies.text(name) {
                Some("target") => overrides.target = Some(targets.key(dependencies, value)),
                Some("level") => {
                    let level = dependencies.text(value).unwrap_or_default();
                    overrides.level = Some(parse_level(level)?);
                }
                _ => {}
            }
        }
        Ok(overrides)
    }
}

fn parse_level(level: &str) -> Result<i32, EventProblem> {
    const LEVELS: [&str; 6] = ["fatal", "error", "warning", "info", "debug", "trace"];
    match LEVELS.iter().position(|word| *word == level) {
        Some(index) => Ok(index as i32 + 1),
        None => Err(EventProblem::UnknownLevel {
            level: level.chars().take(32).collect(),
        }),
    }
}
