//! The structure of an LZ4 frame: descriptor, blocks, checksums. Nothing is
//! decompressed here.

use twox_hash::XxHash32;

use super::Error;

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];

/// High bit of a block length: the block is stored, not compressed.
const STORED: u32 = 1 << 31;

/// No LZ4 sequence yields more bytes than this per byte it takes.
const MAX_RATIO: usize = 255;

const MAX_STORED_BLOCK: usize = 4 * 1024 * 1024;

/// A complete frame: every block up to the end mark is present.
pub(super) struct Frame<'a> {
    pub linked: bool,
    pub content_size: Option<u64>,
    pub content_checksum: Option<u32>,
    /// The content can not be longer than this.
    pub bound: usize,
    block_size_max: usize,
    block_checksums: bool,
    body: &'a [u8],
}

/// One block as it lies in the frame.
pub(super) struct Block<'a> {
    pub data: &'a [u8],
    pub compressed: bool,
    pub checksum: Option<u32>,
}

impl<'a> Frame<'a> {
    pub(super) fn parse(input: &'a [u8]) -> Result<Self, Error> {
        if input.is_empty() {
            return Err(Error::Empty);
        }
        let mut rest = input;
        if take(&mut rest)? != MAGIC {
            return Err(Error::NotAFrame);
        }
        let descriptor = rest;
        let [flags, block_descriptor] = take(&mut rest)?;
        check_descriptor(flags, block_descriptor)?;
        let content_size = match flags & 0x08 {
            0 => None,
            _ => Some(u64::from_le_bytes(take(&mut rest)?)),
        };
        let checked = &descriptor[..descriptor.len() - rest.len()];
        let [checksum] = take(&mut rest)?;
        if checksum != (XxHash32::oneshot(0, checked) >> 8) as u8 {
            return Err(Error::HeaderChecksum);
        }
        let mut frame = Self {
            linked: flags & 0x20 == 0,
            content_size,
            content_checksum: None,
            bound: 0,
            block_size_max: 1 << (8 + 2 * (block_descriptor >> 4)),
            block_checksums: flags & 0x10 != 0,
            body: rest,
        };
        frame.walk(flags & 0x04 != 0)?;
        Ok(frame)
    }

    /// Check that the frame is complete; find its bound and its checksum.
    fn walk(&mut self, has_content_checksum: bool) -> Result<(), Error> {
        let mut blocks = self.blocks();
        let mut bound = 0usize;
        for block in &mut blocks {
            bound = bound.saturating_add(self.bound_of(&block?));
        }
        let mut rest = blocks.rest;
        if has_content_checksum {
            self.content_checksum = Some(u32::from_le_bytes(take(&mut rest)?));
        }
        self.bound = bound;
        Ok(())
    }

    /// The content of this block can not be longer.
    pub(super) fn bound_of(&self, block: &Block<'_>) -> usize {
        if block.compressed {
            let bound = block.data.len().saturating_mul(MAX_RATIO);
            bound.min(self.block_size_max)
        } else {
            block.data.len()
        }
    }

    pub(super) fn blocks(&self) -> Blocks<'a> {
        Blocks {
            block_size_max: self.block_size_max,
            checksums: self.block_checksums,
            rest: self.body,
            index: 0,
            ended: false,
        }
    }
}

fn check_descriptor(flags: u8, block_descriptor: u8) -> Result<(), Error> {
    let what = if flags >> 6 != 1 {
        "version"
    } else if flags & 0x01 != 0 {
        "dictionary"
    } else if flags & 0x02 != 0 || block_descriptor & 0x8f != 0 {
        "reserved bits"
    } else if !(4..=7).contains(&(block_descriptor >> 4)) {
        "block size"
    } else {
        return Ok(());
    };
    Err(Error::Unsupported { what })
}

/// The blocks before the end mark.
pub(super) struct Blocks<'a> {
    block_size_max: usize,
    checksums: bool,
    rest: &'a [u8],
    index: usize,
    ended: bool,
}

impl<'a> Blocks<'a> {
    fn read(&mut self) -> Result<Option<Block<'a>>, Error> {
        let head = u32::from_le_bytes(take(&mut self.rest)?);
        if head == 0 {
            return Ok(None);
        }
        let length = (head & !STORED) as usize;
        if length > self.block_size_max {
            return Err(Error::BlockTooLarge { block: self.index });
        }
        let (data, rest) = self.rest.split_at_checked(length).ok_or(Error::Truncated)?;
        self.rest = rest;
        let checksum = match self.checksums {
            false => None,
            true => Some(u32::from_le_bytes(take(&mut self.rest)?)),
        };
        self.index += 1;
        Ok(Some(Block {
            data,
            compressed: head & STORED == 0,
            checksum,
        }))
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<Block<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let block = self.read().transpose();
        self.ended = !matches!(block, Some(Ok(_)));
        block
    }
}

/// A frame that holds `data` as it is, for tests and for data that does not compress.
pub fn store(data: &[u8]) -> Vec<u8> {
    let descriptor = [0x60, 0x70];
    let mut frame = Vec::with_capacity(data.len() + 32);
    frame.extend_from_slice(&MAGIC);
    frame.extend_from_slice(&descriptor);
    frame.push((XxHash32::oneshot(0, &descriptor) >> 8) as u8);
    for chunk in data.chunks(MAX_STORED_BLOCK) {
        frame.extend_from_slice(&(chunk.len() as u32 | STORED).to_le_bytes());
        frame.extend_from_slice(chunk);
    }
    frame.extend_from_slice(&[0; 4]);
    frame
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Error> {
    let (taken, after) = rest.split_first_chunk::<N>().ok_or(Error::Truncated)?;
    *rest = after;
    Ok(*taken)
}
