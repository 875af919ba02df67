//! The requests of a recorded program that logs, to be sent as other programs at other times.
//!
//! Identifiers and times are found once; a copy is the bytes with them overwritten.

use std::collections::HashSet;
use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use test_kit::{Capture, Request};
use uuid::Uuid;

use super::minutes::{nanos_of_day, text_of};
use crate::http::WireRequest;

const CBOR: &str = "application/cbor";
const ID_CHARS: usize = 36;
const TIME_CHARS: usize = 29;

/// Of `ledger`: its process, its log stream, and the one block of it.
#[derive(Debug)]
pub(super) struct Recording {
    requests: Vec<Template>,
    process_id: Uuid,
    /// Log entries of one copy.
    pub rows: i64,
}

#[derive(Debug)]
struct Template {
    request: WireRequest,
    /// Places in the body.
    ids: Vec<(usize, Uuid)>,
    /// Places in the body, and nanoseconds since the process started.
    times: Vec<(usize, i64)>,
}

impl Recording {
    /// Requests for the ingestion server at `address`.
    pub fn load(address: SocketAddr) -> Result<Self> {
        let capture = Capture::load("ledger")?;
        let of_path = |path: &'static str| {
            let requests = capture.requests.iter();
            requests.filter(move |request| request.path.ends_with(path))
        };
        let process = of_path("insert_process").next().context("no process")?;
        let stream = of_path("insert_stream").find(|stream| holds(stream, b"dtags\x81clog"));
        let stream = stream.context("no log stream")?;
        let stream_id = text_after(stream, b"stream_id\x78\x24", ID_CHARS)?;
        let block = of_path("insert_block").find(|block| holds(block, stream_id.as_bytes()));
        let block = block.context("no log block")?;
        let start = text_after(process, b"start_time\x78\x1e", TIME_CHARS)?;
        let start = nanos_of_day(start).context("the process has no start")?;
        let ids = capture.ids();
        let templates =
            [process, stream, block].map(|request| Template::new(address, request, &ids, start));
        Ok(Self {
            requests: templates.into(),
            process_id: text_after(process, b"process_id\x78\x24", ID_CHARS)?.parse()?,
            rows: objects(block)?,
        })
    }

    /// The requests of the program with this number, in the order in which to send them.
    pub fn copy(&self, copy: u32, start: i64) -> impl Iterator<Item = Vec<u8>> {
        self.requests
            .iter()
            .map(move |request| request.copy(copy, start))
    }

    pub fn process_id(&self, copy: u32) -> Uuid {
        renamed(self.process_id, copy)
    }
}

impl Template {
    fn new(address: SocketAddr, request: &Request, ids: &HashSet<Uuid>, start: i64) -> Self {
        let body = &request.body;
        let texts = |length| body.windows(length).enumerate();
        // Payloads hold some of them as well, and stay as they are.
        let follows = |at: usize, head: &[u8]| body[..at].ends_with(head);
        let ids = texts(ID_CHARS).filter_map(|(at, text)| {
            let text = std::str::from_utf8(text).ok();
            let id = Uuid::try_parse(text.filter(|_| follows(at, b"_id\x78\x24"))?).ok()?;
            ids.contains(&id).then_some((at, id))
        });
        let times = texts(TIME_CHARS).filter_map(|(at, text)| {
            let is_value = follows(at, b"_time\x78\x1e") || follows(at, b"_time\x78\x23");
            let time = std::str::from_utf8(text).ok().filter(|_| is_value)?;
            Some((at, nanos_of_day(time)? - start))
        });
        Self {
            ids: ids.collect(),
            times: times.collect(),
            request: WireRequest::post(address, &request.path, CBOR, body),
        }
    }

    fn copy(&self, copy: u32, start: i64) -> Vec<u8> {
        let mut bytes = self.request.bytes.clone();
        let mut write = |at: usize, text: &str| {
            let at = self.request.body_at + at;
            bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
        };
        for (at, id) in &self.ids {
            write(*at, &renamed(*id, copy).hyphenated().to_string());
        }
        for (at, since_start) in &self.times {
            write(*at, &text_of(start + since_start));
        }
        bytes
    }
}

/// Flips the same bits of every identifier of one copy, so distinct ones stay distinct.
fn renamed(id: Uuid, copy: u32) -> Uuid {
    // The bits that say version and variant stay.
    const FREE_BITS: u128 = 0xffff_ffff_ffff_0fff_3fff_ffff_ffff_ffff;
    const ODD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    let flips = (u128::from(copy) + 1).wrapping_mul(ODD) & FREE_BITS;
    Uuid::from_u128(id.as_u128() ^ flips)
}

fn holds(request: &Request, wanted: &[u8]) -> bool {
    let mut windows = request.body.windows(wanted.len());
    windows.any(|window| window == wanted)
}

fn after<'a>(request: &'a Request, key: &[u8]) -> Result<&'a [u8]> {
    let body = &request.body;
    let at = body.windows(key.len()).position(|window| window == key);
    let at = at.context("a key is not in the recording")?;
    Ok(&body[at + key.len()..])
}

fn text_after<'a>(request: &'a Request, key: &[u8], length: usize) -> Result<&'a str> {
    let text = after(request, key)?.get(..length);
    Ok(std::str::from_utf8(text.context("a value is cut off")?)?)
}

/// A number of two bytes.
fn objects(block: &Request) -> Result<i64> {
    let value = after(block, b"nb_objects\x19")?;
    ensure!(value.len() >= 2, "the number of objects is cut off");
    Ok(i64::from(u16::from_be_bytes([value[0], value[1]])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_differ_in_identifiers_and_times_alone() -> Result<()> {
        let recording = Recording::load("127.0.0.1:1".parse()?)?;
        assert_eq!(recording.rows, 4010);
        let places = recording.requests.iter();
        let places: Vec<_> = places
            .map(|request| (request.ids.len(), request.times.len()))
            .collect();
        assert_eq!(places, [(1, 1), (2, 0), (3, 2)]);
        let start = nanos_of_day("2026-11-20T10:00:01.200000000").context("a time")?;
        let [first, second] = [1, 2].map(|copy| recording.copy(copy, start).collect::<Vec<_>>());
        for ((first, second), original) in first.iter().zip(&second).zip(&recording.requests) {
            assert_ne!(first, second);
            assert_eq!(first.len(), original.request.bytes.len());
        }
        let process = String::from_utf8_lossy(&first[0]).into_owned();
        assert!(process.contains("2026-11-20T10:00:01.200000000Z"));
        assert!(process.contains(&recording.process_id(1).to_string()));
        let block = String::from_utf8_lossy(&first[2]).into_owned();
        // The block begins 17 µs before its process.
        assert!(
            block.contains("2026-11-20T10:00:01.199982995+00:00"),
            "{block}"
        );
        assert!(
            block.contains("2026-11-20T10:00:01.295660666+00:00"),
            "{block}"
        );
        Ok(())
    }
}
