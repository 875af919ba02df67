//! Packets on their way out, and when they leave.

use bytes::{Bytes, BytesMut};
use prost::Message;

use crate::protos::TracePacket;

/// A chunk leaves when it has so many bytes, wherever that is within a packet.
pub const CHUNK_BYTES_MAX: usize = 8 * 1024;

/// How a packet begins within a trace: field 1, with a length.
const PACKET_KEY: u8 = 0x0A;

#[derive(Debug, Default)]
pub(crate) struct Chunks {
    waiting: BytesMut,
    /// Where packets are encoded: byte by byte, a vector grows much faster.
    packet: Vec<u8>,
    /// So many of the bytes that wait leave even if they do not fill a chunk.
    flushed: usize,
}

impl Chunks {
    pub fn push(&mut self, packet: &TracePacket) {
        self.packet.clear();
        self.packet.push(PACKET_KEY);
        let encoded = packet.encode_length_delimited(&mut self.packet);
        encoded.expect("the buffer grows");
        self.waiting.extend_from_slice(&self.packet);
    }

    pub fn flush(&mut self) {
        self.flushed = self.waiting.len();
    }

    /// Never an empty one.
    pub fn take(&mut self) -> Option<Bytes> {
        let waiting = self.waiting.len();
        let length = match self.flushed {
            0 if waiting < CHUNK_BYTES_MAX => return None,
            0 => CHUNK_BYTES_MAX,
            flushed => flushed.min(CHUNK_BYTES_MAX),
        };
        self.flushed = self.flushed.saturating_sub(length);
        Some(self.waiting.split_to(length).freeze())
    }
}

#[cfg(test)]
mod tests;
