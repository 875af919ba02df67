use std::io::Write;

use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use proptest::prelude::*;

use super::{Error, Limits, Pieces, store};

const HELLO: &[u8] = b"hellohellohello";

/// The same 15 bytes from three producers.
const RUST: &[u8] = &[
    0x04, 0x22, 0x4d, 0x18, 0x54, 0x40, 0xae, 0x0f, 0, 0, 0x80, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x68,
    0x65, 0x6c, 0x6c, 0x6f, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x8e, 0x64, 0x26, 0xef, 0, 0, 0, 0, 0x8e,
    0x64, 0x26, 0xef,
];
const OLDER_RUST: &[u8] = &[
    0x04, 0x22, 0x4d, 0x18, 0x44, 0x40, 0x5e, 0x0f, 0, 0, 0x80, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x68,
    0x65, 0x6c, 0x6c, 0x6f, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0, 0, 0, 0, 0x8e, 0x64, 0x26, 0xef,
];
const UNREAL: &[u8] = &[
    0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 0x0f, 0, 0, 0x80, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x68,
    0x65, 0x6c, 0x6c, 0x6f, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0, 0, 0, 0,
];
const EMPTY_RUST: &[u8] = &[
    0x04, 0x22, 0x4d, 0x18, 0x54, 0x40, 0xae, 0, 0, 0, 0, 0x05, 0x5d, 0xcc, 0x02,
];
const EMPTY_UNREAL: &[u8] = &[0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 0, 0, 0, 0];

fn unlimited(input: &[u8]) -> Result<Vec<u8>, Error> {
    decompress(input, &Limits::default())
}

/// At once, and in pieces however they are taken.
fn decompress(input: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let content = super::decompress(input, limits);
    for held_back in [0, 1, 100_000, usize::MAX] {
        assert_eq!(in_pieces(input, limits, held_back), content, "{held_back}");
    }
    content
}

/// So many bytes of what was seen are asked for again.
fn in_pieces(input: &[u8], limits: &Limits, held_back: usize) -> Result<Vec<u8>, Error> {
    let mut pieces = Pieces::new(input, limits)?;
    let (mut content, mut position) = (Vec::new(), 0);
    loop {
        let is_over = !pieces.advance(position)?;
        let rest = pieces.rest(position);
        let known = content.len() - position;
        assert_eq!(content[position..], rest[..known]);
        content.extend_from_slice(&rest[known..]);
        assert!(content.len() <= pieces.bound());
        if is_over {
            return Ok(content);
        }
        position = content.len().saturating_sub(held_back);
    }
}

#[test]
fn frames_of_every_producer_decompress() {
    for (frame, content) in [
        (RUST, HELLO),
        (OLDER_RUST, HELLO),
        (UNREAL, HELLO),
        (EMPTY_RUST, b""),
        (EMPTY_UNREAL, b""),
    ] {
        assert_eq!(unlimited(frame).as_deref(), Ok(content));
        let followed = [frame, b"anything"].concat();
        assert_eq!(unlimited(&followed).as_deref(), Ok(content));
        for end in 1..frame.len() {
            assert_eq!(unlimited(&frame[..end]), Err(Error::Truncated));
        }
    }
    assert_eq!(unlimited(&[]), Err(Error::Empty));
}

#[test]
fn damage_is_named() {
    let flipped = |frame: &[u8], index: usize| {
        let mut frame = frame.to_vec();
        frame[index] ^= 1;
        unlimited(&frame)
    };
    let unsupported = |what| Err(Error::Unsupported { what });
    assert_eq!(flipped(RUST, 0), Err(Error::NotAFrame));
    assert_eq!(flipped(RUST, 4), unsupported("dictionary"));
    assert_eq!(flipped(RUST, 5), unsupported("reserved bits"));
    assert_eq!(flipped(RUST, 6), Err(Error::HeaderChecksum));
    assert_eq!(flipped(RUST, 12), Err(Error::BlockChecksum { block: 0 }));
    assert_eq!(flipped(RUST, RUST.len() - 1), Err(Error::ContentChecksum));
    assert_eq!(flipped(OLDER_RUST, 12), Err(Error::ContentChecksum));
    let head = |flags, block_descriptor| {
        unlimited(&[
            0x04,
            0x22,
            0x4d,
            0x18,
            flags,
            block_descriptor,
            0,
            0,
            0,
            0,
            0,
        ])
    };
    assert_eq!(head(0xa0, 0x40), unsupported("version"));
    assert_eq!(head(0x60, 0x30), unsupported("block size"));
    let mut too_large = EMPTY_UNREAL.to_vec();
    too_large[7..11].copy_from_slice(&0xffff_ffff_u32.to_le_bytes());
    assert_eq!(
        unlimited(&too_large),
        Err(Error::BlockTooLarge { block: 0 })
    );
}

fn encode(info: FrameInfo, content: &[u8]) -> Vec<u8> {
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(content).expect("into memory");
    encoder.finish().expect("into memory")
}

fn dialects(length: u64) -> Vec<FrameInfo> {
    let mut all = Vec::new();
    for mode in [BlockMode::Linked, BlockMode::Independent] {
        for size in [BlockSize::Max64KB, BlockSize::Max256KB, BlockSize::Max4MB] {
            for checksums in [false, true] {
                let info = FrameInfo::new()
                    .block_mode(mode)
                    .block_size(size)
                    .block_checksums(checksums)
                    .content_checksum(checksums)
                    .content_size(checksums.then_some(length));
                all.push(info);
            }
        }
    }
    all
}

#[test]
fn every_dialect_of_a_long_frame_decompresses() {
    let content: Vec<u8> = (0..300_000u32)
        .flat_map(|n| (n / 7 % 1013).to_le_bytes())
        .collect();
    for info in dialects(content.len() as u64) {
        let frame = encode(info.clone(), &content);
        assert_eq!(unlimited(&frame), Ok(content.clone()), "{info:?}");
    }
}

#[test]
fn a_wrong_content_size_is_refused() {
    let info = FrameInfo::new().content_size(Some(HELLO.len() as u64));
    let mut frame = encode(info, HELLO);
    let expected = HELLO.len() as u64 + 1;
    frame[6..14].copy_from_slice(&expected.to_le_bytes());
    frame[14] = (twox_hash::XxHash32::oneshot(0, &frame[4..14]) >> 8) as u8;
    let found = HELLO.len() as u64;
    assert_eq!(
        unlimited(&frame),
        Err(Error::ContentSize { expected, found })
    );
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let zeros = vec![0; 4 << 20];
    for info in dialects(zeros.len() as u64) {
        let bomb = encode(info, &zeros);
        assert!(bomb.len() < zeros.len() / 100);
        for max_bytes in [0, 1000, (4 << 20) - 1] {
            let result = decompress(&bomb, &Limits { max_bytes });
            assert_eq!(result, Err(Error::TooLarge { max_bytes }));
        }
        let max_bytes = 4 << 20;
        assert_eq!(decompress(&bomb, &Limits { max_bytes }), Ok(zeros.clone()));
    }
    let max_bytes = HELLO.len() - 1;
    let stored = decompress(UNREAL, &Limits { max_bytes });
    assert_eq!(stored, Err(Error::TooLarge { max_bytes }));
}

#[test]
fn what_is_allocated_is_bounded_by_the_input() {
    // A compressed block of one byte in a frame that allows blocks of 4 MiB.
    let mut frame = store(&[])[..7].to_vec();
    frame.extend_from_slice(&[1, 0, 0, 0, 0x00, 0, 0, 0, 0]);
    let content = unlimited(&frame).expect("an empty block");
    assert!(content.is_empty());
    assert!(content.capacity() <= 255);
}

#[test]
fn stored_frames_give_back_their_content() {
    for length in [0, 1, 100, (4 << 20) - 1, 4 << 20, (4 << 20) + 1] {
        let content = vec![0x5a; length];
        assert_eq!(unlimited(&store(&content)), Ok(content));
    }
}

proptest! {
    #[test]
    fn any_content_survives(
        words in proptest::collection::vec(0u8..40, 0..5_000),
        dialect in 0usize..12,
    ) {
        let content: Vec<u8> = words.iter().flat_map(|&w| vec![w; usize::from(w)]).collect();
        let info = dialects(content.len() as u64).swap_remove(dialect);
        prop_assert_eq!(unlimited(&encode(info, &content)), Ok(content));
    }

    #[test]
    fn flipped_bits_never_panic(bits in proptest::collection::vec(any::<usize>(), 1..6)) {
        let content: Vec<u8> = (0..2_000u32).flat_map(|n| (n / 3).to_le_bytes()).collect();
        let mut frame = encode(FrameInfo::new(), &content);
        for bit in bits {
            let bit = bit % (frame.len() * 8);
            frame[bit / 8] ^= 1 << (bit % 8);
        }
        let _ = unlimited(&frame);
    }
}
