//! The thread span events of one block, in 16 bytes each.

use std::collections::HashMap;

use wire::transit::{Dependencies, LayoutError, Problem};

use super::recent::{RecentScopes, ScopeKey};
use super::scopes::BlockScopes;
use crate::chains::block::EventReader;
use crate::error::EventProblem;
use crate::plan::{EventKind, StreamPlan, ThreadSpanPlan};
use crate::rows::per_dependency::{id_at, member_text, time_at};
use crate::scope::Scope;

/// The begin or the end of a span.
#[derive(Debug, Clone, Copy)]
pub(super) struct SpanEvent {
    pub ticks: i64,
    /// Position of the event in its block; events of other types count, too.
    pub ordinal: u32,
    scope_and_kind: u32,
}

/// The thread span events of one block.
#[derive(Debug)]
pub(in crate::chains) struct SpanBlock {
    pub(super) events: Vec<SpanEvent>,
    pub(super) scopes: BlockScopes,
    /// Begin events among them.
    pub(super) begins: usize,
}

/// Reads the thread span events of one block.
#[derive(Debug)]
pub(in crate::chains) struct SpanReader<'b> {
    plan: &'b StreamPlan,
    dependencies: &'b Dependencies,
    recent: RecentScopes,
    /// The scope of each descriptor, and of each location with each of its names.
    scopes: HashMap<(u32, Option<u32>), u32>,
    block: SpanBlock,
}

const BEGIN: u32 = 1 << 31;

impl SpanEvent {
    /// A block has fewer events than bytes, and so it has fewer scopes than 2^31.
    #[inline]
    fn new(ticks: i64, ordinal: u32, scope: u32, is_begin: bool) -> Self {
        Self {
            ticks,
            ordinal,
            scope_and_kind: scope | if is_begin { BEGIN } else { 0 },
        }
    }

    #[inline]
    pub(super) const fn is_begin(&self) -> bool {
        self.scope_and_kind & BEGIN != 0
    }

    /// Among the scopes of its block.
    #[inline]
    pub(super) const fn scope(&self) -> u32 {
        self.scope_and_kind & !BEGIN
    }
}

impl SpanBlock {
    pub(in crate::chains) fn memory_bytes(&self) -> usize {
        self.events.capacity() * size_of::<SpanEvent>() + self.scopes.memory_bytes()
    }
}

impl<'b> SpanReader<'b> {
    /// `events` = about how many there are.
    pub(in crate::chains) fn new(
        plan: &'b StreamPlan,
        dependencies: &'b Dependencies,
        events: usize,
    ) -> Self {
        Self {
            plan,
            dependencies,
            recent: RecentScopes::new(),
            scopes: HashMap::new(),
            block: SpanBlock {
                events: Vec::with_capacity(events),
                scopes: BlockScopes::default(),
                begins: 0,
            },
        }
    }

    pub(in crate::chains) fn finish(mut self) -> SpanBlock {
        // Async spans may have taken most of the block.
        self.block.events.shrink_to_fit();
        self.block
    }

    /// The scope of a descriptor, or of a location with the name from an event.
    #[inline(never)]
    fn find_scope(&mut self, key: ScopeKey) -> Result<u32, EventProblem> {
        let position = self.dependencies.find(key.id)?;
        let name = key.name.map(|name| self.dependencies.find_text(name));
        let name = name.transpose()?;
        let scope = match self.scopes.get(&(position, name)) {
            Some(&scope) => scope,
            None => {
                let scope = self.read_scope(key.id, position, name)?;
                let scope = self.block.scopes.push(&scope)?;
                self.scopes.insert((position, name), scope);
                scope
            }
        };
        self.recent.insert(key, scope);
        Ok(scope)
    }

    fn read_scope(
        &self,
        id: u64,
        position: u32,
        name: Option<u32>,
    ) -> Result<Scope<'b>, EventProblem> {
        let dependencies = self.dependencies;
        let object = dependencies.object(position);
        let (type_index, instance) = object.ok_or(Problem::NotDescriptor { id })?;
        let plan = &self.plan.scopes[usize::from(type_index)];
        let member = |member| member_text(dependencies, instance, member);
        let text = |position| dependencies.text(position).unwrap_or_default();
        let line = plan.line.as_ref().map_err(LayoutError::clone)?;
        Ok(Scope {
            name: text(name.map_or_else(|| member(&plan.name), Ok)?),
            file: text(member(&plan.file)?),
            target: text(member(&plan.target)?),
            line: line.read(instance)?,
        })
    }

    #[inline]
    fn read_span(
        &mut self,
        ordinal: u32,
        plan: &ThreadSpanPlan,
        body: &[u8],
    ) -> Result<(), EventProblem> {
        let name = plan.name.map(|name| id_at(body, name)).transpose()?;
        let id = id_at(body, plan.scope)?;
        let key = ScopeKey { id, name };
        let scope = match self.recent.get(key) {
            Some(scope) => scope,
            None => self.find_scope(key)?,
        };
        let ticks = time_at(body, plan.time)?;
        let event = SpanEvent::new(ticks, ordinal, scope, plan.is_begin);
        self.block.events.push(event);
        self.block.begins += usize::from(plan.is_begin);
        Ok(())
    }
}

impl EventReader for SpanReader<'_> {
    #[inline]
    fn read(&mut self, ordinal: u32, event: &EventKind, body: &[u8]) -> Result<bool, EventProblem> {
        match event {
            EventKind::ThreadSpan(Ok(plan)) => self.read_span(ordinal, plan, body).map(|()| true),
            EventKind::ThreadSpan(Err(error)) => Err(error.clone().into()),
            _ => Ok(false),
        }
    }
}
