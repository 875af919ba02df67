//! Log events to the columns of `log_entries`.

mod columns;
mod descriptor;

use std::sync::Arc;

use arrow::array::ArrayRef;
use wire::transit::{Cursor, Dependencies, DynamicText, Problem};

use super::EventRows;
use super::per_dependency::{PerDependency, id_at, time_at};
use crate::column::Column;
use crate::error::{EventProblem, Result};
use crate::plan::{EventKind, LogPlan, StreamPlan, TargetPlan};
use columns::LogColumns;
use descriptor::{Descriptor, Overrides};

/// Reads the log events of one block.
#[derive(Debug)]
pub(crate) struct LogRows {
    plan: Arc<StreamPlan>,
    dependencies: Dependencies,
    descriptors: PerDependency<Descriptor>,
    overrides: PerDependency<Overrides>,
    columns: LogColumns,
}

/// A log event; target and properties are indices in their dictionaries.
#[derive(Debug)]
pub(crate) struct LogRow<'b> {
    ticks: i64,
    level: i32,
    target: i32,
    properties: i32,
    message: Message<'b>,
}

#[derive(Debug)]
enum Message<'b> {
    /// Position of a text.
    Dependency(u32),
    Text(DynamicText<'b>),
    Legacy(&'b str),
}

impl LogRows {
    pub(crate) fn new(
        plan: Arc<StreamPlan>,
        dependencies: Dependencies,
        wanted: impl Fn(Column) -> bool,
    ) -> Self {
        Self {
            plan,
            descriptors: PerDependency::new(&dependencies),
            overrides: PerDependency::new(&dependencies),
            columns: LogColumns::new(&dependencies, wanted),
            dependencies,
        }
    }

    fn descriptor(&mut self, id: u64) -> Result<Descriptor, EventProblem> {
        let position = self.dependencies.find(id)?;
        self.descriptors.get_or_make(position, || {
            let object = self.dependencies.object(position);
            let (type_index, instance) = object.ok_or(Problem::NotDescriptor { id })?;
            let plan = &self.plan.log_descriptors[usize::from(type_index)];
            Descriptor::new(
                &self.dependencies,
                plan,
                instance,
                &mut self.columns.targets,
            )
        })
    }

    fn overrides(&mut self, position: u32) -> Result<Overrides, EventProblem> {
        self.overrides.get_or_make(position, || {
            let set = self.dependencies.property_set(position).unwrap_or_default();
            Overrides::new(&self.dependencies, set, &mut self.columns.targets)
        })
    }

    /// Index in its dictionary of the text with that id.
    fn target(&mut self, id: u64) -> Result<i32, Problem> {
        let position = self.dependencies.find_text(id)?;
        Ok(self.columns.targets.key(&self.dependencies, position))
    }

    /// Index in its dictionary of the property set at that position.
    fn properties(&mut self, position: u32) -> Result<i32, EventProblem> {
        self.columns.properties.key(&self.dependencies, position)
    }

    fn no_properties(&mut self) -> i32 {
        self.columns.properties.empty()
    }

    fn read_log<'b>(&mut self, plan: &LogPlan, body: &'b [u8]) -> Result<LogRow<'b>, EventProblem> {
        match plan {
            LogPlan::Static { descriptor, time } => self.read_static(body, *descriptor, *time),
            LogPlan::StaticInterop {
                target,
                message,
                time,
                level,
            } => {
                let message = self.dependencies.find_text(id_at(body, *message)?)?;
                Ok(LogRow {
                    ticks: time_at(body, *time)?,
                    level: level.read(body)? as i32,
                    target: self.target(id_at(body, *target)?)?,
                    properties: self.no_properties(),
                    message: Message::Dependency(message),
                })
            }
            LogPlan::LegacyText => self.read_text(body, legacy_text),
            LogPlan::Text => self.read_text(body, dynamic_text),
            LogPlan::LegacyInterop(target) => self.read_legacy_interop(body, target),
            LogPlan::Interop(target) => self.read_interop(body, target, false),
            LogPlan::TaggedInterop(target) => self.read_interop(body, target, true),
            LogPlan::Tagged => self.read_tagged(body),
        }
    }

    fn read_static(
        &mut self,
        body: &[u8],
        descriptor: u32,
        time: u32,
    ) -> Result<LogRow<'static>, EventProblem> {
        let id = id_at(body, descriptor)?;
        let descriptor = self.descriptor(id)?;
        let format = descriptor.format.ok_or(EventProblem::NoMessage { id })?;
        Ok(LogRow {
            ticks: time_at(body, time)?,
            level: descriptor.level,
            target: descriptor.target,
            properties: self.no_properties(),
            message: Message::Dependency(format),
        })
    }

    fn read_text<'b>(
        &mut self,
        body: &'b [u8],
        message: impl FnOnce(Cursor<'b>) -> Result<Message<'b>, Problem>,
    ) -> Result<LogRow<'b>, EventProblem> {
        let mut cursor = Cursor::new(body);
        let descriptor = self.descriptor(cursor.u64()?)?;
        Ok(LogRow {
            ticks: cursor.i64()?,
            level: descriptor.level,
            target: descriptor.target,
            properties: self.no_properties(),
            message: message(cursor)?,
        })
    }

    fn read_legacy_interop<'b>(
        &mut self,
        body: &'b [u8],
        target: &TargetPlan,
    ) -> Result<LogRow<'b>, EventProblem> {
        let mut cursor = Cursor::new(body);
        Ok(LogRow {
            ticks: cursor.i64()?,
            level: cursor.u32()? as i32,
            target: self.target(target.read(&mut cursor)?)?,
            properties: self.no_properties(),
            message: legacy_text(cursor)?,
        })
    }

    fn read_interop<'b>(
        &mut self,
        body: &'b [u8],
        target: &TargetPlan,
        tagged: bool,
    ) -> Result<LogRow<'b>, EventProblem> {
        let mut cursor = Cursor::new(body);
        Ok(LogRow {
            ticks: cursor.i64()?,
            level: i32::from(cursor.u8()?),
            target: self.target(target.read(&mut cursor)?)?,
            properties: match tagged {
                true => {
                    let set = self.dependencies.find_properties(cursor.u64()?)?;
                    self.properties(set)?
                }
                false => self.no_properties(),
            },
            message: dynamic_text(cursor)?,
        })
    }

    fn read_tagged<'b>(&mut self, body: &'b [u8]) -> Result<LogRow<'b>, EventProblem> {
        let mut cursor = Cursor::new(body);
        let descriptor = self.descriptor(cursor.u64()?)?;
        let set = self.dependencies.find_properties(cursor.u64()?)?;
        let overrides = self.overrides(set)?;
        Ok(LogRow {
            ticks: cursor.i64()?,
            level: overrides.level.unwrap_or(descriptor.level),
            target: overrides.target.unwrap_or(descriptor.target),
            properties: self.properties(set)?,
            message: dynamic_text(cursor)?,
        })
    }
}

impl EventRows for LogRows {
    type Row<'b> = LogRow<'b>;

    fn dependencies(&self) -> &Dependencies {
        &self.dependencies
    }

    #[inline]
    fn read<'b>(
        &mut self,
        event: &EventKind,
        body: &'b [u8],
    ) -> Result<Option<LogRow<'b>>, EventProblem> {
        match event {
            EventKind::Log(Ok(plan)) => self.read_log(plan, body).map(Some),
            EventKind::Log(Err(error)) => Err(error.clone().into()),
            _ => Ok(None),
        }
    }

    fn ticks(row: &LogRow<'_>) -> i64 {
        row.ticks
    }

    fn text_len(&self, row: &LogRow<'_>) -> usize {
        self.columns.text_len(row, &self.dependencies)
    }

    fn freeze(&mut self) -> Result<()> {
        self.columns.freeze()
    }

    fn reserve(&mut self, rows: usize, text: usize) {
        self.columns.reserve(rows, text);
    }

    #[inline]
    fn push(&mut self, time: i64, row: LogRow<'_>) {
        self.columns.push(time, &row, &self.dependencies);
    }

    fn finish(&mut self) -> Result<Vec<(Column, ArrayRef)>> {
        self.columns.finish()
    }
}

fn dynamic_text(mut cursor: Cursor<'_>) -> Result<Message<'_>, Problem> {
    DynamicText::read(&mut cursor).map(Message::Text)
}

fn legacy_text(cursor: Cursor<'_>) -> Result<Message<'_>, Problem> {
    let text = std::str::from_utf8(cursor.rest()).map_err(|_| Problem::NotUtf8)?;
    Ok(Message::Legacy(text))
}
