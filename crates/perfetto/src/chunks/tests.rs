use super::*;
use crate::protos::TrackDescriptor;

/// A packet of so many bytes, with its key and length.
fn packet(bytes: usize) -> TracePacket {
    let named = |length: usize| TracePacket {
        track_descriptor: Some(TrackDescriptor {
            name: Some("x".repeat(length)),
            ..TrackDescriptor::default()
        }),
        ..TracePacket::default()
    };
    let size = |packet: &TracePacket| 1 + packet.encode_length_delimited_to_vec().len();
    let lengths = bytes.saturating_sub(16)..=bytes;
    let mut packets = lengths.map(named);
    let found = packets.find(|packet| size(packet) == bytes);
    found.expect("a name makes up the rest")
}

fn taken(chunks: &mut Chunks) -> Vec<usize> {
    std::iter::from_fn(|| chunks.take())
        .map(|chunk| chunk.len())
        .collect()
}

#[test]
fn chunks_leave_when_they_are_full_or_flushed() {
    let mut chunks = Chunks::default();
    chunks.flush();
    assert_eq!(taken(&mut chunks), [0; 0], "nothing waits");
    chunks.push(&packet(100));
    assert_eq!(taken(&mut chunks), [0; 0]);
    chunks.flush();
    assert_eq!(taken(&mut chunks), [100]);
    assert_eq!(taken(&mut chunks), [0; 0]);

    chunks.push(&packet(CHUNK_BYTES_MAX - 1));
    assert_eq!(taken(&mut chunks), [0; 0]);
    chunks.push(&packet(50));
    assert_eq!(taken(&mut chunks), [CHUNK_BYTES_MAX]);
    chunks.flush();
    assert_eq!(taken(&mut chunks), [49]);
}

#[test]
fn a_long_packet_is_cut_and_a_flush_ends_a_chunk() {
    let mut chunks = Chunks::default();
    chunks.push(&packet(2 * CHUNK_BYTES_MAX + 300));
    chunks.flush();
    chunks.push(&packet(CHUNK_BYTES_MAX));
    let expected = [CHUNK_BYTES_MAX, CHUNK_BYTES_MAX, 300, CHUNK_BYTES_MAX];
    assert_eq!(taken(&mut chunks), expected);
}
