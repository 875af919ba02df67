//! The open spans of a network stream, and the rows of those that were closed.

use super::events::{NetAction, NetBlock, NetEvent};
use crate::chains::ChainError;
use crate::chains::error::check_text;
use crate::dictionary::Interner;
use crate::plan::NetScope;

/// Parent of a span that nothing encloses.
const NO_PARENT: i64 = -1;

/// What a row is about, as the index of its name in [`KINDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NetKind {
    Connection,
    Object,
    Property,
    Rpc,
}

pub(super) const KINDS: [&str; 4] = ["connection", "object", "property", "rpc"];

/// A row; names are indices in the dictionary of the chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct NetRow {
    pub id: i64,
    pub parent: i64,
    pub begin: i64,
    pub end: i64,
    pub begin_bits: i64,
    pub bit_size: u32,
    pub depth: u32,
    pub name: i32,
    pub connection_name: i32,
    pub is_outgoing: bool,
    pub kind: NetKind,
}

/// An open span.
#[derive(Debug)]
struct Open {
    id: i64,
    parent: i64,
    begin: i64,
    depth: u32,
    name: i32,
    scope: NetScope,
    is_outgoing: bool,
    /// Bits of the spans inside that were closed.
    used_bits: i64,
}

#[derive(Debug)]
pub(super) struct NetStack {
    open: Vec<Open>,
    pub(super) rows: Vec<NetRow>,
    pub(super) names: Interner,
    /// Index of the empty name.
    nameless: i32,
}

/// The connection that rows show: the outermost open span, if it is one.
#[derive(Debug, Clone, Copy)]
struct Connection {
    name: i32,
    is_outgoing: bool,
}

impl NetStack {
    pub(super) fn new() -> Self {
        let mut names = Interner::new();
        let nameless = names.key(b"");
        Self {
            open: Vec::new(),
            rows: Vec::new(),
            names,
            nameless,
        }
    }

    /// Append the index in the chain of each name of a block.
    pub(super) fn learn_names(
        &mut self,
        block: &NetBlock,
        indices: &mut Vec<i32>,
    ) -> Result<(), ChainError> {
        let keys = block
            .names
            .iter()
            .map(|name| self.names.key(name.as_bytes()));
        indices.extend(keys);
        check_text(self.names.value_bytes())
    }

    /// `id` = that of the event in its stream.
    pub(super) fn follow(&mut self, event: &NetEvent, id: i64, names: &[i32]) {
        match event.action {
            NetAction::Begin {
                scope,
                name,
                is_outgoing,
            } => {
                let opened = Open {
                    name: names[name as usize],
                    is_outgoing,
                    ..self.inside(scope, event.ticks, id)
                };
                self.open.push(opened);
            }
            NetAction::End { scope, bit_size } => self.close(scope, bit_size, event.ticks),
            NetAction::Property { name, bit_size } => {
                // Not an object, but it lies in its surroundings like one.
                let property = Open {
                    name: names[name as usize],
                    ..self.inside(NetScope::Object, event.ticks, id)
                };
                let connection = self.connection();
                self.emit(
                    property,
                    NetKind::Property,
                    bit_size,
                    event.ticks,
                    connection,
                );
            }
        }
    }

    /// A nameless span inside of the innermost open one. Connections are inside of
    /// nothing.
    fn inside(&self, scope: NetScope, begin: i64, id: i64) -> Open {
        let top = self.open.last().filter(|_| scope != NetScope::Connection);
        Open {
            id,
            parent: top.map_or(NO_PARENT, |top| top.id),
            begin,
            depth: top.map_or(0, |top| top.depth.saturating_add(1)),
            name: self.nameless,
            scope,
            is_outgoing: false,
            used_bits: 0,
        }
    }

    /// An end without its begin is ignored.
    fn close(&mut self, scope: NetScope, bit_size: u32, end: i64) {
        let connection = self.connection();
        let Some(top) = self.open.pop_if(|top| top.scope == scope) else {
            return;
        };
        let kind = match scope {
            NetScope::Connection => NetKind::Connection,
            NetScope::Object => NetKind::Object,
            NetScope::Rpc => NetKind::Rpc,
        };
        self.emit(top, kind, bit_size, end, connection);
    }

    /// A span is over: it takes its place behind its siblings.
    fn emit(
        &mut self,
        closed: Open,
        kind: NetKind,
        bit_size: u32,
        end: i64,
        connection: Connection,
    ) {
        let mut begin_bits = 0;
        if let Some(top) = self.open.last_mut() {
            begin_bits = top.used_bits;
            top.used_bits = top.used_bits.saturating_add(i64::from(bit_size));
        }
        self.rows.push(NetRow {
            id: closed.id,
            parent: closed.parent,
            begin: closed.begin,
            end,
            begin_bits,
            bit_size,
            depth: closed.depth,
            name: closed.name,
            connection_name: connection.name,
            is_outgoing: connection.is_outgoing,
            kind,
        });
    }

    fn connection(&self) -> Connection {
        let outermost = self.open.first();
        match outermost.filter(|outermost| outermost.scope == NetScope::Connection) {
            Some(connection) => Connection {
                name: connection.name,
                is_outgoing: connection.is_outgoing,
            },
            None => Connection {
                name: self.nameless,
                is_outgoing: false,
            },
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.open.capacity() * size_of::<Open>()
            + self.rows.capacity() * size_of::<NetRow>()
            + self.names.memory_bytes()
    }
}
