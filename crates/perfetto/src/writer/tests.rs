use prost::Message;

use super::*;
use crate::protos::{EventCategory, EventName, SourceLocation, Trace, TrackEvent};

const ID: &str = "8452901b-3c9f-4f28-bd50-5e9a198d40c4";
const PROCESS: Process<'_> = Process {
    id: ID,
    executable: "/bin/game",
};
const MAIN: Thread<'_> = Thread {
    stream_id: "00000000-0000-0000-0000-000000000001",
    thread_id: 7,
    name: "main-7",
};
const WORKER: Thread<'_> = Thread {
    stream_id: "00000000-0000-0000-0000-000000000002",
    thread_id: -1,
    name: "worker",
};
const FRAME: Span<'_> = Span {
    begin: 1_000,
    end: 2_000,
    name: "frame",
    target: "game",
    file: "main.rs",
    line: 3,
};

fn span_at(begin: i64) -> Span<'static> {
    Span { begin, ..FRAME }
}

/// The chunks that are due, by their lengths, and their packets.
fn take(writer: &mut TraceWriter) -> (Vec<usize>, Vec<TracePacket>) {
    let chunks: Vec<Bytes> = std::iter::from_fn(|| writer.take_chunk()).collect();
    let trace = Trace::decode(chunks.concat().as_slice()).unwrap();
    (chunks.iter().map(Bytes::len).collect(), trace.packet)
}

fn packets(writer: &mut TraceWriter) -> Vec<TracePacket> {
    writer.flush();
    take(writer).1
}

fn interned(name: u64, category: u64, location: u64) -> InternedData {
    InternedData {
        event_names: vec![EventName {
            iid: Some(name),
            name: Some("frame".to_owned()),
        }],
        event_categories: vec![EventCategory {
            iid: Some(category),
            name: Some("game".to_owned()),
        }],
        source_locations: vec![SourceLocation {
            iid: Some(location),
            file_name: Some("main.rs".to_owned()),
            line_number: Some(3),
        }],
    }
}

fn slice(kind: Type, track: u64, time: u64, ids: [u64; 3]) -> TracePacket {
    TracePacket {
        timestamp: Some(time),
        trusted_packet_sequence_id: Some(1),
        sequence_flags: Some(2),
        track_event: Some(TrackEvent {
            category_iids: vec![ids[1]],
            r#type: Some(kind as i32),
            name_iid: Some(ids[0]),
            track_uuid: Some(track),
            source_location_iid: Some(ids[2]),
        }),
        ..TracePacket::default()
    }
}

#[test]
fn uuids_are_xxh64() {
    for (seed, text, expected) in [
        (0, "", 0xef46_db37_51d8_e999),
        (1, "", 0xd5af_ba13_36a3_be4b),
        (0, "abc", 0x44bc_2cf5_ad77_0999),
    ] {
        assert_eq!(XxHash64::oneshot(seed, text.as_bytes()), expected);
    }
}

#[test]
fn descriptors_come_first() {
    let mut writer = TraceWriter::new(&PROCESS);
    let process = XxHash64::oneshot(0, ID.as_bytes());
    let pid = Some((process & 0xffff_ffff) as i32);
    let (chunks, described) = take(&mut writer);
    assert_eq!(chunks.len(), 1);
    let expected = TracePacket {
        trusted_packet_sequence_id: Some(1),
        sequence_flags: Some(3),
        first_packet_on_sequence: Some(true),
        track_descriptor: Some(TrackDescriptor {
            uuid: Some(process),
            process: Some(ProcessDescriptor {
                pid,
                process_name: Some("/bin/game".to_owned()),
            }),
            ..TrackDescriptor::default()
        }),
        ..TracePacket::default()
    };
    assert_eq!(described, [expected]);

    let threads = [MAIN, WORKER];
    writer.threads(threads);
    let (chunks, described) = take(&mut writer);
    assert_eq!(chunks.len(), 1);
    let expected = threads.map(|thread| TracePacket {
        trusted_packet_sequence_id: Some(1),
        sequence_flags: Some(2),
        track_descriptor: Some(TrackDescriptor {
            uuid: Some(XxHash64::oneshot(0, thread.stream_id.as_bytes())),
            parent_uuid: Some(process),
            thread: Some(ThreadDescriptor {
                pid,
                tid: Some(thread.thread_id),
                thread_name: Some(thread.name.to_owned()),
            }),
            ..TrackDescriptor::default()
        }),
        ..TracePacket::default()
    });
    assert_eq!(described, expected);

    writer.async_track();
    let (chunks, described) = take(&mut writer);
    assert_eq!(chunks.len(), 1);
    let expected = TracePacket {
        trusted_packet_sequence_id: Some(1),
        sequence_flags: Some(2),
        track_descriptor: Some(TrackDescriptor {
            uuid: Some(XxHash64::oneshot(process, b"async_track")),
            parent_uuid: Some(process),
            name: Some("Async Operations".to_owned()),
            ..TrackDescriptor::default()
        }),
        ..TracePacket::default()
    };
    assert_eq!(described, [expected]);
    writer.threads([]);
    assert_eq!(take(&mut writer).0.len(), 0);
}

#[test]
fn a_span_is_two_packets_of_which_the_first_defines_what_is_new() {
    let mut writer = TraceWriter::new(&PROCESS);
    let mut tracks = writer.threads([MAIN, WORKER]);
    let uuids = [tracks[0].uuid, tracks[1].uuid];
    packets(&mut writer);
    writer.span(&mut tracks[0], &FRAME).unwrap();
    let expected = [
        TracePacket {
            interned_data: Some(interned(1, 1, 1)),
            ..slice(Type::SliceBegin, uuids[0], 1_000, [1, 1, 1])
        },
        slice(Type::SliceEnd, uuids[0], 2_000, [1, 1, 1]),
    ];
    assert_eq!(packets(&mut writer), expected);

    // Ids are shared by the tracks; of a span only what is new is defined.
    let below = Span { line: 4, ..FRAME };
    writer.span(&mut tracks[1], &FRAME).unwrap();
    writer.span(&mut tracks[1], &below).unwrap();
    let defined = InternedData {
        source_locations: vec![SourceLocation {
            iid: Some(2),
            file_name: Some("main.rs".to_owned()),
            line_number: Some(4),
        }],
        ..InternedData::default()
    };
    let expected = [
        slice(Type::SliceBegin, uuids[1], 1_000, [1, 1, 1]),
        slice(Type::SliceEnd, uuids[1], 2_000, [1, 1, 1]),
        TracePacket {
            interned_data: Some(defined),
            ..slice(Type::SliceBegin, uuids[1], 1_000, [1, 1, 2])
        },
        slice(Type::SliceEnd, uuids[1], 2_000, [1, 1, 2]),
    ];
    assert_eq!(packets(&mut writer), expected);
}

#[test]
fn a_track_takes_spans_in_order_only() {
    let mut writer = TraceWriter::new(&PROCESS);
    let mut tracks = writer.threads([MAIN, WORKER]);
    packets(&mut writer);
    for begin in [5, 5, 6] {
        writer.span(&mut tracks[0], &span_at(begin)).unwrap();
    }
    writer.span(&mut tracks[1], &span_at(1)).unwrap();
    assert_eq!(packets(&mut writer).len(), 8);
    let refused = writer.span(&mut tracks[0], &span_at(5));
    let unordered = Error::Unordered {
        begin: 5,
        last_begin: 6,
    };
    assert_eq!(refused, Err(unordered));
    assert_eq!(packets(&mut writer), []);
}

#[test]
fn every_tenth_span_of_a_track_flushes() {
    let mut writer = TraceWriter::new(&PROCESS);
    let mut tracks = writer.threads([MAIN, WORKER]);
    packets(&mut writer);
    let mut flushes = Vec::new();
    for (spans, track) in [(7, 0), (10, 1), (13, 0)] {
        for _ in 0..spans {
            writer.span(&mut tracks[track], &FRAME).unwrap();
            let (chunks, packets) = take(&mut writer);
            flushes.extend(chunks.iter().map(|_| packets.len()));
        }
    }
    // Spans: 7 and 10 of which wait, then 3, then 10.
    assert_eq!(flushes, [2 * 17, 2 * 3, 2 * 10]);
}

#[test]
fn names_without_end_begin_the_ids_anew() {
    let mut writer = TraceWriter::new(&PROCESS);
    let mut track = writer.threads([MAIN]).remove(0);
    packets(&mut writer);
    writer.span(&mut track, &FRAME).unwrap();
    let (mut known, mut resets, mut most) = (1, 0, 0);
    packets(&mut writer);
    for number in 0..10_000 {
        let name = format!("{number:1000}");
        let span = Span {
            name: &name,
            ..FRAME
        };
        writer.span(&mut track, &span).unwrap();
        most = most.max(writer.memory_bytes());
        let written = packets(&mut writer);
        let [begin, end] = written.as_slice() else {
            panic!("{written:?}")
        };
        let defined = begin.interned_data.as_ref().unwrap();
        let is_reset = begin.sequence_flags == Some(3);
        if is_reset {
            (known, resets) = (0, resets + 1);
        }
        known += 1;
        assert_eq!(defined.event_names[0].iid, Some(known));
        assert_eq!(defined.source_locations.len(), usize::from(is_reset));
        assert_eq!(end.sequence_flags, Some(2));
        let id = end.track_event.as_ref().unwrap().name_iid;
        assert_eq!(id, Some(known));
    }
    assert_eq!(resets, 2);
    assert!(most < (4 << 20) + 2_000, "{most}");
}
