//! Programs that are made up, and their blocks.

mod events;
mod layout;

use bytes::Bytes;
use model::{
    BlockId, BlockInfo, ProcessId, ProcessInfo, StreamId, StreamInfo, TRANSIT_FORMAT, TimeNs,
};

use super::random::Random;
use events::{damage, objects, payload, text_event};

pub const SECOND: TimeNs = 1_000_000_000;
pub const MINUTE: TimeNs = 60 * SECOND;
pub const HOUR: TimeNs = 60 * MINUTE;
pub const DAY: TimeNs = 24 * HOUR;

pub const LEVELS: u32 = 6;
pub const TEXTS: [&str; 6] = ["app", "net::http", "größe", "", "db", "ui"];
pub const MESSAGES: [&str; 4] = ["started", "", "größer als 5", "a rather long message 🚀"];
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Log,
    Metric,
    Span,
}

/// A process with a stream of each kind.
#[derive(Debug)]
pub struct Program {
    pub process: ProcessInfo,
    pub streams: [StreamInfo; 3],
    /// Where the last block of spans ended: most of them follow each other.
    pub spans_until: Option<TimeNs>,
}

impl Program {
    pub fn new(random: &mut Random, start_time: TimeNs) -> Self {
        let process_id = ProcessId::from_bytes(random.bytes());
        let process = ProcessInfo {
            process_id,
            exe: format!("/bin/{}", random.choose(&TEXTS)),
            username: "user".to_owned(),
            realname: "User".to_owned(),
            computer: (*random.choose(&TEXTS)).to_owned(),
            distro: "linux".to_owned(),
            cpu_brand: "cpu".to_owned(),
            // 0: estimated from the end of each block.
            tsc_frequency: *random.choose(&[1_000_000_000, 10_000, 3_000_000_000, 0]),
            start_time,
            start_ticks: random.within(-1000..1_000_000),
            parent_process_id: random
                .one_in(2)
                .then(|| ProcessId::from_bytes(random.bytes())),
            properties: [("version".to_owned(), random.below(3).to_string())].into(),
        };
        let streams =
            [Kind::Log, Kind::Metric, Kind::Span].map(|kind| stream(random, process_id, kind));
        Self {
            process,
            streams,
            spans_until: None,
        }
    }

    fn frequency(&self) -> i64 {
        match self.process.tsc_frequency {
            0 => 1_000_000,
            known => known,
        }
    }

    /// Relative to the start.
    fn ticks(&self, time: TimeNs) -> i64 {
        let elapsed = i128::from(time - self.process.start_time);
        let ticks = elapsed * i128::from(self.frequency()) / i128::from(SECOND);
        i64::try_from(ticks).expect("processes are young")
    }

    /// A block with events at these times, which are not before the start; at least one.
    pub fn block(&self, random: &mut Random, kind: Kind, times: Vec<TimeNs>) -> Block {
        let (info, mut objects) = self.events(random, kind, times);
        let cut = damage(random, kind, &mut objects);
        let payload = payload(kind, &objects);
        let length = if cut {
            payload.len() / 2
        } else {
            payload.len()
        };
        Block {
            info,
            payload: payload.slice(..length),
        }
    }

    /// One that is not corrupt.
    pub fn sound_block(&self, random: &mut Random, kind: Kind, times: Vec<TimeNs>) -> Block {
        let (info, objects) = self.events(random, kind, times);
        Block {
            info,
            payload: payload(kind, &objects),
        }
    }

    /// An event at each of these ticks since the start, ascending.
    pub fn block_of_ticks(&self, random: &mut Random, kind: Kind, ticks: &[i64]) -> Block {
        let mut info = self.info(random, kind, &[self.process.start_time]);
        (info.begin_ticks, info.end_ticks) = (ticks[0], ticks[ticks.len() - 1]);
        let ticks = ticks.iter();
        let ticks = ticks.map(|ticks| ticks.saturating_add(self.process.start_ticks));
        let payload = payload(kind, &objects(random, kind, ticks));
        Block { info, payload }
    }

    /// One log entry with a message of so many bytes.
    pub fn large_block(&self, random: &mut Random, time: TimeNs, bytes: usize) -> Block {
        let ticks = self.ticks(time) + self.process.start_ticks;
        let mut objects = Vec::new();
        text_event(&mut objects, ticks, &"x".repeat(bytes));
        Block {
            info: self.info(random, Kind::Log, &[time]),
            payload: payload(Kind::Log, &objects),
        }
    }

    fn events(
        &self,
        random: &mut Random,
        kind: Kind,
        mut times: Vec<TimeNs>,
    ) -> (BlockInfo, Vec<u8>) {
        times.sort_unstable();
        let ticks = times.iter();
        let ticks = ticks.map(|time| self.ticks(*time) + self.process.start_ticks);
        let objects = objects(random, kind, ticks);
        (self.info(random, kind, &times), objects)
    }

    /// Of a block with events at these times.
    fn info(&self, random: &mut Random, kind: Kind, times: &[TimeNs]) -> BlockInfo {
        let (first, last) = (times[0], times[times.len() - 1]);
        BlockInfo {
            block_id: BlockId::from_bytes(random.bytes()),
            stream_id: self.streams[kind as usize].stream_id,
            process_id: self.process.process_id,
            begin_time: first,
            begin_ticks: self.ticks(first),
            end_time: last,
            end_ticks: self.ticks(last),
            object_offset: 0,
            nb_objects: i32::try_from(times.len()).expect("few events"),
        }
    }
}

#[derive(Debug)]
pub struct Block {
    pub info: BlockInfo,
    pub payload: Bytes,
}

fn stream(random: &mut Random, process_id: ProcessId, kind: Kind) -> StreamInfo {
    let (tag, dependencies_metadata, objects_metadata) = layout::of_stream(kind);
    StreamInfo {
        stream_id: StreamId::from_bytes(random.bytes()),
        process_id,
        dependencies_metadata,
        objects_metadata,
        tags: vec![tag.to_owned()],
        properties: [("queue".to_owned(), random.below(2).to_string())].into(),
        format: TRANSIT_FORMAT.to_owned(),
    }
}
