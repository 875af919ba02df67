//! Recorded blocks under new ids, and as large as wanted.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use test_kit::Request;
use uuid::Uuid;

const ID_CHARS: usize = 36;

/// A body of `insert_block` with a place for the block's id.
#[derive(Debug, Clone)]
pub struct BlockBody {
    before_id: Bytes,
    after_id: Bytes,
    /// What the recorded objects are replaced with, and the rest of the body.
    replaced: Option<(Bytes, Bytes)>,
}

impl BlockBody {
    /// The first block of the stream with this tag.
    pub fn recorded(blocks: &[Request], streams: &[Request], tag: &str) -> Result<Self> {
        let tags = [b"dtags\x81", text_head(tag).as_slice(), tag.as_bytes()].concat();
        let stream = streams
            .iter()
            .find(|stream| find(&stream.body, &tags).is_some());
        let stream = &stream.context("no stream with this tag")?.body;
        let id_at = after(stream, b"stream_id\x78\x24")?;
        let id = &stream[id_at..id_at + ID_CHARS];
        let block = blocks.iter().find(|block| find(&block.body, id).is_some());
        let body = &block.context("the stream has no block")?.body;
        let id_at = after(body, b"block_id\x78\x24")?;
        Ok(Self {
            before_id: body.slice(..id_at),
            after_id: body.slice(id_at + ID_CHARS..),
            replaced: None,
        })
    }

    /// The same with so many bytes of objects, which nobody can read.
    pub fn with_objects(self, bytes: usize) -> Result<Self> {
        // A byte string whose length has four bytes, before and after.
        let head = after(&self.after_id, b"gobjects\x5a")?;
        let length = self.after_id[head..].first_chunk().context("no length")?;
        let rest = head + 4 + usize::try_from(u32::from_be_bytes(*length))?;
        ensure!(rest < self.after_id.len(), "the body ends in its objects");
        let mut before = self.after_id[..head].to_vec();
        before.extend(u32::try_from(bytes)?.to_be_bytes());
        let rest = self.after_id.slice(rest..);
        Ok(Self {
            after_id: before.into(),
            replaced: Some((vec![0x55; bytes].into(), rest)),
            ..self
        })
    }

    /// The pieces of the body of the block with this id.
    pub fn pieces(&self, id: Uuid) -> Vec<Bytes> {
        let id = Bytes::from(id.hyphenated().to_string());
        let mut pieces = vec![self.before_id.clone(), id, self.after_id.clone()];
        if let Some((objects, rest)) = &self.replaced {
            pieces.extend([objects.clone(), rest.clone()]);
        }
        pieces
    }
}

/// CBOR: a text of less than 24 bytes.
fn text_head(text: &str) -> Vec<u8> {
    vec![0x60 | u8::try_from(text.len()).unwrap_or(u8::MAX)]
}

fn find(body: &[u8], wanted: &[u8]) -> Option<usize> {
    body.windows(wanted.len())
        .position(|window| window == wanted)
}

fn after(body: &[u8], key: &[u8]) -> Result<usize> {
    let at = find(body, key).context("a key is not in the recording")?;
    Ok(at + key.len())
}
