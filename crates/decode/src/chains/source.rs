//! Where a chain comes from.

use std::sync::Arc;

use model::{BlockInfo, ProcessInfo, StreamInfo};

use crate::clock::TickClock;
use crate::error::Result;

/// What the rows of a chain need to know besides its blocks.
#[derive(Debug, Clone)]
pub struct ChainSource {
    pub process: Arc<ProcessInfo>,
    pub stream: Arc<StreamInfo>,
    /// Block that the tick frequency is estimated from where the process does not
    /// know it: the latest of those that the caller builds chains from, so that these share
    /// one scale.
    pub latest: BlockInfo,
    /// Begin of the first block, in ticks since the start of the process.
    pub begin_ticks: i64,
    /// End of the last block, in ticks since the start of the process.
    pub end_ticks: i64,
    /// About how many events there are: memory for them is set aside at once, which costs
    /// nothing until it is used.
    pub events: usize,
}

/// The ticks that the events of a chain may have, inclusive at both ends. Like those
/// of events, and unlike those of blocks, they do not start with the process.
#[derive(Debug, Clone, Copy)]
pub(super) struct TickRange {
    pub begin: i64,
    pub end: i64,
}

impl ChainSource {
    pub(super) fn clock(&self) -> Result<TickClock> {
        TickClock::for_block(&self.process, &self.latest)
    }

    pub(super) fn range(&self) -> TickRange {
        let absolute = |ticks: i64| self.process.start_ticks.saturating_add(ticks);
        TickRange {
            begin: absolute(self.begin_ticks),
            end: absolute(self.end_ticks),
        }
    }
}

/// What a thread is called, of which this is a stream: its name and its id, as far as
/// they are known.
pub fn thread_name(stream: &StreamInfo) -> String {
    let property = |name| stream.properties.get(name);
    let id = match property("thread-id") {
        Some(id) => id.clone(),
        None => stream.stream_id.to_string(),
    };
    match property("thread-name") {
        Some(name) => format!("{name}-{id}"),
        None => id,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use model::Properties;

    use super::*;

    #[test]
    fn a_thread_is_called_by_what_is_known_of_it() {
        let id = "8452901b-3c9f-4f28-bd50-5e9a198d40c4";
        for (properties, expected) in [
            (&[("thread-name", "main"), ("thread-id", "7")][..], "main-7"),
            (&[("thread-id", "7")], "7"),
            (&[], id),
            (
                &[("thread-name", "main")],
                "main-8452901b-3c9f-4f28-bd50-5e9a198d40c4",
            ),
        ] {
            let properties = properties.iter();
            let properties: Properties = properties
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            let stream = StreamInfo {
                stream_id: id.parse().expect("a UUID"),
                process_id: id.parse().expect("a UUID"),
                dependencies_metadata: Bytes::new(),
                objects_metadata: Bytes::new(),
                tags: Vec::new(),
                properties,
                format: String::new(),
            };
            assert_eq!(thread_name(&stream), expected);
        }
    }
}
