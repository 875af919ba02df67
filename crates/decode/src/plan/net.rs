//! How to read each type of network event.

use wire::transit::{FieldKind, LayoutError, TypeLayout};

use super::Unsigned;

/// One type of network event; all of them are static.
#[derive(Debug)]
pub(crate) enum NetPlan {
    Begin {
        scope: NetScope,
        name: u32,
        /// Only connections have a direction.
        is_outgoing: Option<Unsigned>,
        time: u32,
    },
    End {
        scope: NetScope,
        bit_size: Unsigned,
        time: u32,
    },
    Property {
        name: u32,
        bit_size: Unsigned,
        time: u32,
    },
}

/// What is opened and closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NetScope {
    Connection,
    Object,
    Rpc,
}

const REFERENCE: &[FieldKind] = &[FieldKind::Reference];
const TIME: &[FieldKind] = &[FieldKind::U64, FieldKind::I64];

impl NetPlan {
    /// None: not a network event.
    pub(super) fn fixed(event: &TypeLayout) -> Option<Result<Self, LayoutError>> {
        match event.name.as_str() {
            "NetConnectionBeginEvent" => Some(connection_begin(event)),
            "NetObjectBeginEvent" => Some(begin(event, NetScope::Object, "object_name")),
            "NetRPCBeginEvent" => Some(begin(event, NetScope::Rpc, "function_name")),
            "NetConnectionEndEvent" => Some(end(event, NetScope::Connection)),
            "NetObjectEndEvent" => Some(end(event, NetScope::Object)),
            "NetRPCEndEvent" => Some(end(event, NetScope::Rpc)),
            "NetPropertyEvent" => Some(property(event)),
            _ => None,
        }
    }

    /// The ids that reading the event looks up.
    pub(super) fn references(&self) -> [Option<u32>; 2] {
        match *self {
            Self::Begin { name, .. } | Self::Property { name, .. } => [Some(name), None],
            Self::End { .. } => [None; 2],
        }
    }
}

fn connection_begin(event: &TypeLayout) -> Result<NetPlan, LayoutError> {
    Ok(NetPlan::Begin {
        scope: NetScope::Connection,
        name: event.require("connection_name", REFERENCE)?.0,
        is_outgoing: Some(Unsigned::new(event, "is_outgoing")?),
        time: event.require("time", TIME)?.0,
    })
}

fn begin(event: &TypeLayout, scope: NetScope, name: &'static str) -> Result<NetPlan, LayoutError> {
    Ok(NetPlan::Begin {
        scope,
        name: event.require(name, REFERENCE)?.0,
        is_outgoing: None,
        time: event.require("time", TIME)?.0,
    })
}

fn end(event: &TypeLayout, scope: NetScope) -> Result<NetPlan, LayoutError> {
    Ok(NetPlan::End {
        scope,
        bit_size: Unsigned::new(event, "bit_size")?,
        time: event.require("time", TIME)?.0,
    })
}

fn property(event: &TypeLayout) -> Result<NetPlan, LayoutError> {
    Ok(NetPlan::Property {
        name: event.require("property_name", REFERENCE)?.0,
        bit_size: Unsigned::new(event, "bit_size")?,
        time: event.require("time", TIME)?.0,
    })
}
