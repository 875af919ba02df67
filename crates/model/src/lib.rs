//! The records that every crate speaks of: identifiers, processes, streams,
//! blocks, times. Plain data; no I/O.

mod id;
mod record;
mod time;

pub use id::{BlockId, DenialId, ParseIdError, ProcessId, StreamId};
pub use record::{
    BlockInfo, MAX_NAME_CHARS, ProcessInfo, Properties, RESERVED_PROPERTY_PREFIX, StreamInfo,
    TRANSIT_FORMAT, truncate_chars,
};
pub use time::{InsertRange, InsertTime, TimeNs, TimeRange};
