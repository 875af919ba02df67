//! Many small distinct blocks, made from one recorded block.

use anyhow::{Context, Result};
use bytes::Bytes;
use test_kit::{Capture, Request};
use uuid::Uuid;

/// Marks the value of `block_id` in a recorded body; the text that follows has 36 bytes.
const BLOCK_ID_KEY: &[u8] = b"block_id\x78\x24";

/// A recorded program and one of its small blocks.
pub struct BlockTemplate {
    /// Registrations of the process and its streams.
    pub registrations: Vec<Request>,
    body: Bytes,
    id_start: usize,
    /// Log entries in each block.
    pub log_entries: i64,
}

impl BlockTemplate {
    /// The smallest block of the `generator` recording: one log block of under 1 kB.
    pub fn load() -> Result<Self> {
        let capture = Capture::load("generator")?;
        let (blocks, registrations): (Vec<_>, Vec<_>) = capture
            .requests
            .into_iter()
            .partition(|request| request.path.ends_with("insert_block"));
        let block = blocks
            .into_iter()
            .min_by_key(|block| block.body.len())
            .context("no block")?;
        let key = block
            .body
            .windows(BLOCK_ID_KEY.len())
            .position(|window| window == BLOCK_ID_KEY)
            .context("the block has no id")?;
        let id_start = key + BLOCK_ID_KEY.len();
        Ok(Self {
            registrations,
            body: block.body,
            id_start,
            log_entries: LOG_ENTRIES,
        })
    }

    /// The block under another id.
    pub fn with_id(&self, id: Uuid) -> Bytes {
        let mut body = self.body.to_vec();
        body[self.id_start..self.id_start + 36]
            .copy_from_slice(id.hyphenated().to_string().as_bytes());
        body.into()
    }
}

/// What the smallest block of the recording holds.
const LOG_ENTRIES: i64 = 12;
