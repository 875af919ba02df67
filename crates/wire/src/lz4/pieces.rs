//! A frame whose content is looked at while it is decompressed. Fresh memory costs more than
//! decompressing into it, and a window of some hundred kilobytes stays in the caches.

use std::hash::Hasher;

use twox_hash::XxHash32;

use super::frame::{Blocks, Frame};
use super::{Error, Limits, WINDOW, decompress_block};

/// Content is moved to the front only when the buffer is full, and then seldom.
const BUFFER: usize = 8 * WINDOW;

/// The content of a frame, block by block. Positions count from its begin.
pub struct Pieces<'a> {
    frame: Frame<'a>,
    blocks: Blocks<'a>,
    index: usize,
    limits: Limits,
    buffer: Vec<u8>,
    /// Bytes of the buffer that hold content.
    filled: usize,
    /// Position of the first of them.
    start: usize,
    checksum: Option<XxHash32>,
}

impl std::fmt::Debug for Pieces<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pieces")
            .field("start", &self.start)
            .field("filled", &self.filled)
            .finish_non_exhaustive()
    }
}

impl<'a> Pieces<'a> {
    /// Nothing is decompressed before [`advance`](Self::advance). Bytes after the first frame
    /// are ignored.
    pub fn new(input: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let frame = Frame::parse(input)?;
        Ok(Self {
            blocks: frame.blocks(),
            checksum: frame.content_checksum.map(|_| XxHash32::with_seed(0)),
            frame,
            index: 0,
            limits: *limits,
            buffer: Vec::new(),
            filled: 0,
            start: 0,
        })
    }

    /// The content can not be longer.
    pub fn bound(&self) -> usize {
        self.frame.bound.min(self.limits.max_bytes)
    }

    /// What is decompressed from a position on; it must not lie before that of the last
    /// [`advance`](Self::advance).
    pub fn rest(&self, position: usize) -> &[u8] {
        let content = &self.buffer[..self.filled];
        content.get(position - self.start..).unwrap_or_default()
    }

    /// Decompress one more block. What lies before `position` is not asked for any more.
    /// False: there is none, and the content was complete.
    pub fn advance(&mut self, position: usize) -> Result<bool, Error> {
        let Some(block) = self.blocks.next().transpose()? else {
            self.check_end()?;
            return Ok(false);
        };
        self.make_room(position, self.frame.bound_of(&block));
        let (filled, limits) = (self.filled, &self.limits);
        let added = decompress_block(
            &self.frame,
            self.index,
            &block,
            &mut self.buffer,
            filled,
            limits,
        )?;
        if self.start + filled + added > self.limits.max_bytes {
            let max_bytes = self.limits.max_bytes;
            return Err(Error::TooLarge { max_bytes });
        }
        if let Some(checksum) = &mut self.checksum {
            checksum.write(&self.buffer[filled..filled + added]);
        }
        self.filled += added;
        self.index += 1;
        Ok(true)
    }

    /// Later blocks may refer to what lies up to a window back.
    fn make_room(&mut self, position: usize, room: usize) {
        if self.filled + room <= self.buffer.len() {
            return;
        }
        let window = self.filled.saturating_sub(WINDOW);
        let done = window.min(position.saturating_sub(self.start));
        self.buffer.copy_within(done..self.filled, 0);
        self.filled -= done;
        self.start += done;
        let needed = (self.filled + room).max(BUFFER);
        if needed > self.buffer.len() {
            self.buffer.resize(needed.next_power_of_two(), 0);
        }
    }

    fn check_end(&self) -> Result<(), Error> {
        let found = (self.start + self.filled) as u64;
        if let Some(expected) = self.frame.content_size.filter(|size| *size != found) {
            return Err(Error::ContentSize { expected, found });
        }
        let sum = self.checksum.as_ref().map(XxHash32::finish_32);
        match sum == self.frame.content_checksum {
            true => Ok(()),
            false => Err(Error::ContentChecksum),
        }
    }
}
