//! What the dependencies say of where a span is in the code.

use wire::transit::{Dependencies, LayoutError};

use super::columns::AsyncSpanColumns;
use crate::error::EventProblem;
use crate::plan::ScopePlan;
use crate::rows::per_dependency::member_text;
use crate::scope;

/// Bytes of text that are hashed for the scopes of one block. Descriptors can share
/// texts, so that a block is able to ask for far more than it holds.
const MAX_HASHED: u64 = 512 << 20;

/// What a span is a span of; texts are indices in dictionaries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope {
    pub name: i32,
    pub filename: i32,
    pub target: i32,
    pub line: u32,
    /// 0 if nobody wants it.
    pub hash: u32,
}

/// A scope without a name; texts are positions among the dependencies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Location {
    filename: u32,
    target: u32,
    line: u32,
}

impl Scope {
    pub(super) fn new(
        dependencies: &Dependencies,
        plan: &ScopePlan,
        instance: &[u8],
        hasher: &mut ScopeHasher,
        columns: &mut AsyncSpanColumns,
    ) -> Result<Self, EventProblem> {
        let name = member_text(dependencies, instance, &plan.name)?;
        let location = Location::new(dependencies, plan, instance)?;
        location.named(dependencies, name, hasher, columns)
    }
}

impl Location {
    pub(super) fn new(
        dependencies: &Dependencies,
        plan: &ScopePlan,
        instance: &[u8],
    ) -> Result<Self, EventProblem> {
        let line = plan.line.as_ref().map_err(LayoutError::clone)?;
        Ok(Self {
            filename: member_text(dependencies, instance, &plan.file)?,
            target: member_text(dependencies, instance, &plan.target)?,
            line: line.read(instance)?,
        })
    }

    /// The scope with the name at that position.
    pub(super) fn named(
        self,
        dependencies: &Dependencies,
        name: u32,
        hasher: &mut ScopeHasher,
        columns: &mut AsyncSpanColumns,
    ) -> Result<Scope, EventProblem> {
        Ok(Scope {
            name: columns.names.key(dependencies, name),
            filename: columns.filenames.key(dependencies, self.filename),
            target: columns.targets.key(dependencies, self.target),
            line: self.line,
            hash: hasher.hash(dependencies, name, self)?,
        })
    }
}

/// Hashes the scopes of one block, if anybody wants to know.
#[derive(Debug)]
pub(super) struct ScopeHasher {
    wanted: bool,
    hashed: u64,
}

impl ScopeHasher {
    pub(super) fn new(wanted: bool) -> Self {
        Self { wanted, hashed: 0 }
    }

    fn hash(
        &mut self,
        dependencies: &Dependencies,
        name: u32,
        location: Location,
    ) -> Result<u32, EventProblem> {
        if !self.wanted {
            return Ok(0);
        }
        let text = |position| dependencies.text(position).unwrap_or_default();
        let scope = scope::Scope {
            name: text(name),
            file: text(location.filename),
            target: text(location.target),
            line: location.line,
        };
        self.hashed += scope.text_len() as u64;
        if self.hashed > MAX_HASHED {
            return Err(EventProblem::TooManyScopes { max: MAX_HASHED });
        }
        Ok(scope.hash())
    }

    /// The same events are read once more.
    pub(super) fn start_over(&mut self) {
        self.hashed = 0;
    }
}
