//! LZ4 frames: one per payload buffer, in the dialects of all producers (linked or
//! independent blocks, with and without checksums and content size).
//!
//! The frame is walked here, and only its blocks are given to the LZ4 crate: that
//! makes the size of the result known within one block before anything is
//! allocated, tells a truncated frame from a complete one, and decompresses
//! straight into the result.

mod frame;
mod pieces;

use frame::{Block, Frame};
use lz4_flex::block::{DecompressError, decompress_into, decompress_into_with_dict};
use twox_hash::XxHash32;

pub use frame::store;
pub use pieces::Pieces;

/// How far back a match of a linked block can reach.
const WINDOW: usize = 64 * 1024;

/// Bounds on decompression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one decompressed buffer.
    pub max_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 256 * 1024 * 1024,
        }
    }
}

/// Why a buffer could not be decompressed. `block` counts the blocks of the frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the buffer is empty, not even an LZ4 frame")]
    Empty,
    #[error("the LZ4 frame is truncated")]
    Truncated,
    #[error("the buffer does not start with the LZ4 frame magic number")]
    NotAFrame,
    #[error("unsupported LZ4 frame header ({what})")]
    Unsupported { what: &'static str },
    #[error("the checksum of the LZ4 frame header is wrong")]
    HeaderChecksum,
    #[error("the checksum of LZ4 block {block} is wrong")]
    BlockChecksum { block: usize },
    #[error("the checksum of the LZ4 content is wrong")]
    ContentChecksum,
    #[error("the LZ4 frame announces {expected} bytes and holds {found}")]
    ContentSize { expected: u64, found: u64 },
    #[error("LZ4 block {block} is larger than the frame allows")]
    BlockTooLarge { block: usize },
    #[error("LZ4 block {block} is corrupt")]
    Corrupt { block: usize },
    #[error("the buffer expands to more than {max_bytes} bytes")]
    TooLarge { max_bytes: usize },
}

/// Decompress the first frame of `input`; bytes after it are ignored.
///
/// Allocates at most the smaller of `limits.max_bytes` and 255 times the input,
/// which no valid frame exceeds.
pub fn decompress(input: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let frame = Frame::parse(input)?;
    let mut output = vec![0; frame.bound.min(limits.max_bytes)];
    let mut length = 0;
    for (index, block) in frame.blocks().enumerate() {
        length += decompress_block(&frame, index, &block?, &mut output, length, limits)?;
    }
    output.truncate(length);
    if let Some(expected) = frame.content_size.filter(|size| *size != length as u64) {
        let found = length as u64;
        return Err(Error::ContentSize { expected, found });
    }
    if frame
        .content_checksum
        .is_some_and(|sum| sum != XxHash32::oneshot(0, &output))
    {
        return Err(Error::ContentChecksum);
    }
    Ok(output)
}

/// Append one block at `output[length..]`; answers how many bytes it holds.
fn decompress_block(
    frame: &Frame<'_>,
    index: usize,
    block: &Block<'_>,
    output: &mut [u8],
    length: usize,
    limits: &Limits,
) -> Result<usize, Error> {
    if block
        .checksum
        .is_some_and(|sum| sum != XxHash32::oneshot(0, block.data))
    {
        return Err(Error::BlockChecksum { block: index });
    }
    let (done, free) = output.split_at_mut(length);
    let wanted = frame.bound_of(block);
    let room = wanted.min(free.len());
    let free = &mut free[..room];
    let too_large = Error::TooLarge {
        max_bytes: limits.max_bytes,
    };
    if !block.compressed {
        return match free.get_mut(..block.data.len()) {
            Some(target) => {
                target.copy_from_slice(block.data);
                Ok(block.data.len())
            }
            None => Err(too_large),
        };
    }
    let result = if frame.linked && !done.is_empty() {
        let window = &done[done.len().saturating_sub(WINDOW)..];
        decompress_into_with_dict(block.data, free, window)
    } else {
        decompress_into(block.data, free)
    };
    result.map_err(|error| match error {
        // The output only ends before the block's own bound at the overall limit.
        DecompressError::OutputTooSmall { .. } if room < wanted => too_large,
        _ => Error::Corrupt { block: index },
    })
}

#[cfg(test)]
mod tests;
