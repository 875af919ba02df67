//! The tables whose rows come from chains of blocks, and their schemas.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{Field, Schema, SchemaRef};

use super::net::NetColumn;
use super::spans::SpanColumn;

/// Tables whose rows come from chains of blocks of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChainTable {
    ThreadSpans,
    NetSpans,
}

impl ChainTable {
    pub fn name(self) -> &'static str {
        match self {
            Self::ThreadSpans => "thread_spans",
            Self::NetSpans => "net_spans",
        }
    }

    /// The stream tag whose blocks feed this table.
    pub fn tag(self) -> &'static str {
        match self {
            Self::ThreadSpans => "cpu",
            Self::NetSpans => "net",
        }
    }

    pub fn schema(self) -> SchemaRef {
        static THREAD_SPANS: LazyLock<SchemaRef> =
            LazyLock::new(|| schema(SpanColumn::ALL, SpanColumn::field));
        static NET_SPANS: LazyLock<SchemaRef> =
            LazyLock::new(|| schema(NetColumn::ALL, NetColumn::field));
        match self {
            Self::ThreadSpans => SchemaRef::clone(&THREAD_SPANS),
            Self::NetSpans => SchemaRef::clone(&NET_SPANS),
        }
    }
}

fn schema<C: Copy>(columns: &[C], field: fn(C) -> Field) -> SchemaRef {
    let fields: Vec<Field> = columns.iter().map(|&column| field(column)).collect();
    Arc::new(Schema::new(fields))
}
