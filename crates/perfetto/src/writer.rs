//! Packets in the order in which a trace has them.

use bytes::Bytes;
use twox_hash::XxHash64;

use crate::chunks::Chunks;
use crate::interning::{Ids, Interning};
use crate::protos::trace_packet::SequenceFlags;
use crate::protos::track_event::Type;
use crate::protos::{
    InternedData, ProcessDescriptor, ThreadDescriptor, TracePacket, TrackDescriptor,
};

/// All packets are one sequence.
const SEQUENCE: u32 = 1;

/// Flags of packets that refer to what is interned, and of those that begin anew.
const CONTINUED: u32 = SequenceFlags::SeqNeedsIncrementalState as u32;
const CLEARED: u32 = SequenceFlags::SeqIncrementalStateCleared as u32 | CONTINUED;

/// Viewers see progress: what waits leaves after so many spans of a track.
const SPANS_PER_FLUSH: u64 = 10;

/// Which process is traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process<'a> {
    pub id: &'a str,
    pub executable: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thread<'a> {
    /// Tells threads apart.
    pub stream_id: &'a str,
    /// As the operating system says.
    pub thread_id: i32,
    pub name: &'a str,
}

/// Times are nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<'a> {
    pub begin: i64,
    pub end: i64,
    pub name: &'a str,
    pub target: &'a str,
    pub file: &'a str,
    pub line: u32,
}

/// Where spans go, and what it has of them.
#[derive(Debug)]
pub struct Track {
    uuid: u64,
    spans: u64,
    last_begin: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Spans of a track come in the order of their begins.
    #[error("a span that begins at {begin} ns comes after one that begins at {last_begin} ns")]
    Unordered { begin: i64, last_begin: i64 },
}

/// What is written waits as chunks. Whoever takes them after each call keeps memory flat.
#[derive(Debug)]
pub struct TraceWriter {
    process: u64,
    chunks: Chunks,
    interning: Interning,
    /// Used for every packet of a span, so that they cost no allocation.
    packet: TracePacket,
}

impl Track {
    const fn new(uuid: u64) -> Self {
        Self {
            uuid,
            spans: 0,
            last_begin: i64::MIN,
        }
    }
}

impl TraceWriter {
    /// A trace that begins with the process.
    pub fn new(process: &Process<'_>) -> Self {
        let uuid = XxHash64::oneshot(0, process.id.as_bytes());
        let mut writer = Self {
            process: uuid,
            chunks: Chunks::default(),
            interning: Interning::default(),
            packet: TracePacket {
                trusted_packet_sequence_id: Some(SEQUENCE),
                ..TracePacket::default()
            },
        };
        let descriptor = TrackDescriptor {
            uuid: Some(uuid),
            process: Some(ProcessDescriptor {
                pid: Some(writer.pid()),
                process_name: Some(process.executable.to_owned()),
            }),
            ..TrackDescriptor::default()
        };
        writer.chunks.push(&TracePacket {
            sequence_flags: Some(CLEARED),
            first_packet_on_sequence: Some(true),
            ..described(descriptor)
        });
        writer.flush();
        writer
    }

    /// The tracks of threads, in the given order.
    pub fn threads<'a>(&mut self, threads: impl IntoIterator<Item = Thread<'a>>) -> Vec<Track> {
        let threads = threads.into_iter().map(|thread| self.thread(&thread));
        let tracks = threads.collect();
        self.flush();
        tracks
    }

    fn thread(&mut self, thread: &Thread<'_>) -> Track {
        let uuid = XxHash64::oneshot(0, thread.stream_id.as_bytes());
        self.chunks.push(&described(TrackDescriptor {
            uuid: Some(uuid),
            parent_uuid: Some(self.process),
            thread: Some(ThreadDescriptor {
                pid: Some(self.pid()),
                tid: Some(thread.thread_id),
                thread_name: Some(thread.name.to_owned()),
            }),
            ..TrackDescriptor::default()
        }));
        Track::new(uuid)
    }

    /// The one track of all asynchronous spans of the process.
    pub fn async_track(&mut self) -> Track {
        let uuid = XxHash64::oneshot(self.process, b"async_track");
        self.chunks.push(&described(TrackDescriptor {
            uuid: Some(uuid),
            parent_uuid: Some(self.process),
            name: Some("Async Operations".to_owned()),
            ..TrackDescriptor::default()
        }));
        self.flush();
        Track::new(uuid)
    }

    /// # Errors
    /// The span begins before the one that came before it on its track; nothing is written.
    pub fn span(&mut self, track: &mut Track, span: &Span<'_>) -> Result<(), Error> {
        if span.begin < track.last_begin {
            return Err(Error::Unordered {
                begin: span.begin,
                last_begin: track.last_begin,
            });
        }
        let flags = self.make_room();
        let (ids, defined) = self.interning.intern(span);
        let defined = (defined != InternedData::default()).then_some(defined);
        self.packet.interned_data = defined;
        self.slice(track, ids, Type::SliceBegin, span.begin, flags);
        self.packet.interned_data = None;
        self.slice(track, ids, Type::SliceEnd, span.end, CONTINUED);
        track.last_begin = span.begin;
        track.spans += 1;
        if track.spans.is_multiple_of(SPANS_PER_FLUSH) {
            self.flush();
        }
        Ok(())
    }

    /// Forget what was interned when that became too much, and the reader with it.
    fn make_room(&mut self) -> u32 {
        if !self.interning.is_full() {
            return CONTINUED;
        }
        self.interning.clear();
        CLEARED
    }

    fn slice(&mut self, track: &Track, ids: Ids, kind: Type, time: i64, flags: u32) {
        self.packet.timestamp = Some(time.cast_unsigned());
        self.packet.sequence_flags = Some(flags);
        let event = self.packet.track_event.get_or_insert_default();
        event.set_type(kind);
        event.track_uuid = Some(track.uuid);
        event.name_iid = Some(ids.name);
        event.category_iids.clear();
        event.category_iids.push(ids.category);
        event.source_location_iid = Some(ids.location);
        self.chunks.push(&self.packet);
    }

    /// What waits leaves, even if it fills no chunk.
    pub fn flush(&mut self) {
        self.chunks.flush();
    }

    /// The next piece of the trace, of at most [`CHUNK_BYTES_MAX`](crate::CHUNK_BYTES_MAX)
    /// bytes, if there is enough for one.
    pub fn take_chunk(&mut self) -> Option<Bytes> {
        self.chunks.take()
    }

    /// What is remembered of names, about.
    pub fn memory_bytes(&self) -> usize {
        self.interning.memory_bytes()
    }

    /// Processes have no number of their own that is unique, so they get one.
    const fn pid(&self) -> i32 {
        self.process as i32
    }
}

fn described(descriptor: TrackDescriptor) -> TracePacket {
    TracePacket {
        trusted_packet_sequence_id: Some(SEQUENCE),
        sequence_flags: Some(CONTINUED),
        track_descriptor: Some(descriptor),
        ..TracePacket::default()
    }
}

#[cfg(test)]
mod tests;
