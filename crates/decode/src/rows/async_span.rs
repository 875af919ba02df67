//! Async span events to the columns of `async_events`.

mod columns;
mod scope;

use std::sync::Arc;

use arrow::array::ArrayRef;
use wire::transit::{Dependencies, Problem};

use super::EventRows;
use super::per_dependency::{PerDependency, id_at, time_at};
use crate::column::Column;
use crate::error::{EventProblem, Result};
use crate::plan::{AsyncSpanPlan, EventKind, ScopePlace, ScopePlan, StreamPlan};
use columns::AsyncSpanColumns;
use scope::{Location, Scope, ScopeHasher};

/// Reads the async span events of one block.
#[derive(Debug)]
pub(crate) struct AsyncSpanRows {
    plan: Arc<StreamPlan>,
    dependencies: Dependencies,
    scopes: PerDependency<Scope>,
    /// Those of spans that have a name of their own.
    locations: PerDependency<Location>,
    hasher: ScopeHasher,
    columns: AsyncSpanColumns,
}

/// An async span event.
#[derive(Debug)]
pub(crate) struct AsyncSpanRow {
    ticks: i64,
    is_begin: bool,
    span_id: i64,
    parent_span_id: i64,
    depth: u32,
    scope: Scope,
}

impl AsyncSpanRows {
    pub(crate) fn new(
        plan: Arc<StreamPlan>,
        dependencies: Dependencies,
        wanted: impl Fn(Column) -> bool,
    ) -> Self {
        Self {
            plan,
            scopes: PerDependency::new(&dependencies),
            locations: PerDependency::new(&dependencies),
            hasher: ScopeHasher::new(wanted(Column::Hash)),
            columns: AsyncSpanColumns::new(&dependencies, wanted),
            dependencies,
        }
    }

    fn read_span(
        &mut self,
        plan: &AsyncSpanPlan,
        body: &[u8],
    ) -> Result<AsyncSpanRow, EventProblem> {
        let scope = match plan.scope {
            ScopePlace::Descriptor(descriptor) => self.scope(id_at(body, descriptor)?)?,
            ScopePlace::Named { name, location } => {
                self.named_scope(id_at(body, name)?, id_at(body, location)?)?
            }
        };
        Ok(AsyncSpanRow {
            ticks: time_at(body, plan.time)?,
            is_begin: plan.is_begin,
            span_id: id_at(body, plan.span_id)?.cast_signed(),
            parent_span_id: id_at(body, plan.parent_span_id)?.cast_signed(),
            depth: plan.depth.read(body)?,
            scope,
        })
    }

    fn scope(&mut self, id: u64) -> Result<Scope, EventProblem> {
        let position = self.dependencies.find(id)?;
        let Self {
            plan,
            dependencies,
            hasher,
            columns,
            ..
        } = self;
        self.scopes.get_or_make(position, || {
            let (plan, instance) = descriptor(plan, dependencies, position, id)?;
            Scope::new(dependencies, plan, instance, hasher, columns)
        })
    }

    fn named_scope(&mut self, name: u64, location: u64) -> Result<Scope, EventProblem> {
        let name = self.dependencies.find_text(name)?;
        let position = self.dependencies.find(location)?;
        let Self {
            plan,
            dependencies,
            columns,
            ..
        } = self;
        let location = self.locations.get_or_make(position, || {
            let (plan, instance) = descriptor(plan, dependencies, position, location)?;
            Location::new(dependencies, plan, instance)
        })?;
        location.named(dependencies, name, &mut self.hasher, columns)
    }
}

/// The descriptor at a position, and how to read it.
fn descriptor<'a>(
    plan: &'a StreamPlan,
    dependencies: &'a Dependencies,
    position: u32,
    id: u64,
) -> Result<(&'a ScopePlan, &'a [u8]), Problem> {
    let object = dependencies.object(position);
    let (type_index, instance) = object.ok_or(Problem::NotDescriptor { id })?;
    Ok((&plan.scopes[usize::from(type_index)], instance))
}

impl EventRows for AsyncSpanRows {
    type Row<'b> = AsyncSpanRow;

    fn dependencies(&self) -> &Dependencies {
        &self.dependencies
    }

    #[inline]
    fn read(
        &mut self,
        event: &EventKind,
        body: &[u8],
    ) -> Result<Option<AsyncSpanRow>, EventProblem> {
        match event {
            EventKind::AsyncSpan(Ok(plan)) => self.read_span(plan, body).map(Some),
            EventKind::AsyncSpan(Err(error)) => Err(error.clone().into()),
            _ => Ok(None),
        }
    }

    /// The spans of the thread itself are in the same stream.
    fn tolerates(event: &EventKind) -> bool {
        matches!(event, EventKind::ThreadSpan(_))
    }

    fn ticks(row: &AsyncSpanRow) -> i64 {
        row.ticks
    }

    fn text_len(&self, _row: &AsyncSpanRow) -> usize {
        0
    }

    fn freeze(&mut self) -> Result<()> {
        self.hasher.start_over();
        self.columns.freeze()
    }

    fn reserve(&mut self, rows: usize, _text: usize) {
        self.columns.reserve(rows);
    }

    #[inline]
    fn push(&mut self, time: i64, row: AsyncSpanRow) {
        self.columns.push(time, &row);
    }

    fn finish(&mut self) -> Result<Vec<(Column, ArrayRef)>> {
        self.columns.finish()
    }
}
