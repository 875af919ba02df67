//! The network events of one block.

use wire::transit::{Dependencies, Problem};

use crate::chains::block::EventReader;
use crate::error::EventProblem;
use crate::plan::{EventKind, NetPlan, NetScope, Unsigned};
use crate::rows::per_dependency::{PerDependency, id_at, time_at};

#[derive(Debug, Clone, Copy)]
pub(super) struct NetEvent {
    pub ticks: i64,
    /// Position of the event in its block; events of other types count, too.
    pub ordinal: u32,
    pub action: NetAction,
}

/// What an event says; names are indices among those of the block.
#[derive(Debug, Clone, Copy)]
pub(super) enum NetAction {
    Begin {
        scope: NetScope,
        name: u32,
        is_outgoing: bool,
    },
    End {
        scope: NetScope,
        bit_size: u32,
    },
    Property {
        name: u32,
        bit_size: u32,
    },
}

/// The network events of one block.
#[derive(Debug, Default)]
pub(in crate::chains) struct NetBlock {
    pub(super) events: Vec<NetEvent>,
    /// Each name once, in the order of first use.
    pub(super) names: Vec<Box<str>>,
}

/// Reads the network events of one block.
#[derive(Debug)]
pub(in crate::chains) struct NetReader<'b> {
    dependencies: &'b Dependencies,
    /// Index of each name, by its dependency.
    names: PerDependency<u32>,
    block: NetBlock,
}

impl NetBlock {
    pub(in crate::chains) fn memory_bytes(&self) -> usize {
        self.events.capacity() * size_of::<NetEvent>()
            + self.names.capacity() * size_of::<Box<str>>()
            + self.text_bytes()
    }

    /// Bytes of all names.
    pub(super) fn text_bytes(&self) -> usize {
        self.names.iter().map(|name| name.len()).sum()
    }
}

impl<'b> NetReader<'b> {
    pub(in crate::chains) fn new(dependencies: &'b Dependencies) -> Self {
        Self {
            dependencies,
            names: PerDependency::new(dependencies),
            block: NetBlock::default(),
        }
    }

    pub(in crate::chains) fn finish(self) -> NetBlock {
        self.block
    }

    fn name(&mut self, body: &[u8], offset: u32) -> Result<u32, EventProblem> {
        let position = self.dependencies.find_text(id_at(body, offset)?)?;
        self.names.get_or_make(position, || {
            let name = self.dependencies.text(position).unwrap_or_default();
            self.block.names.push(name.into());
            Ok(self.block.names.len() as u32 - 1)
        })
    }

    fn read_net(&mut self, ordinal: u32, plan: &NetPlan, body: &[u8]) -> Result<(), EventProblem> {
        let (action, time) = match *plan {
            NetPlan::Begin {
                scope,
                name,
                is_outgoing,
                time,
            } => {
                let name = self.name(body, name)?;
                let is_outgoing = flag(body, is_outgoing)?;
                let action = NetAction::Begin {
                    scope,
                    name,
                    is_outgoing,
                };
                (action, time)
            }
            NetPlan::End {
                scope,
                bit_size,
                time,
            } => {
                let bit_size = bit_size.read(body)?;
                (NetAction::End { scope, bit_size }, time)
            }
            NetPlan::Property {
                name,
                bit_size,
                time,
            } => {
                let name = self.name(body, name)?;
                let bit_size = bit_size.read(body)?;
                (NetAction::Property { name, bit_size }, time)
            }
        };
        let ticks = time_at(body, time)?;
        self.block.events.push(NetEvent {
            ticks,
            ordinal,
            action,
        });
        Ok(())
    }
}

fn flag(body: &[u8], member: Option<Unsigned>) -> Result<bool, Problem> {
    member.map_or(Ok(false), |member| Ok(member.read(body)? != 0))
}

impl EventReader for NetReader<'_> {
    fn read(&mut self, ordinal: u32, event: &EventKind, body: &[u8]) -> Result<bool, EventProblem> {
        match event {
            EventKind::Net(Ok(plan)) => self.read_net(ordinal, plan, body).map(|()| true),
            EventKind::Net(Err(error)) => Err(error.clone().into()),
            _ => Ok(false),
        }
    }
}
