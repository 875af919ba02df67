//! Strings: escaping and hexadecimal.

/// How many bytes are looked at together. The compiler turns the loop over a block into a
/// few vector instructions.
const BLOCK: usize = 32;

const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Whether a byte must be escaped in a JSON string.
const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Whether no byte must be escaped.
pub(super) fn is_clean(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    blocks.iter().all(block_is_clean) && !rest.iter().any(|byte| is_special(*byte))
}

fn block_is_clean(block: &[u8; BLOCK]) -> bool {
    // No early exit inside the block: that is what lets it be vectorised.
    let found = block
        .iter()
        .fold(0, |found, byte| found | u8::from(is_special(*byte)));
    found == 0
}

/// Writes a quoted string. The bytes are those of a `str`.
pub(super) fn write_string(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    write_escaped(bytes, out);
    out.push(b'"');
}

/// Copies clean runs whole and escapes what lies between them.
fn write_escaped(mut bytes: &[u8], out: &mut Vec<u8>) {
    loop {
        let run = clean_run(bytes);
        out.extend_from_slice(&bytes[..run]);
        let Some(special) = bytes.get(run) else {
            return;
        };
        write_escape(*special, out);
        bytes = &bytes[run + 1..];
    }
}

/// How many bytes from the beginning need no escaping.
fn clean_run(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let clean = BLOCK
        * blocks
            .iter()
            .take_while(|block| block_is_clean(block))
            .count();
    let rest = bytes[clean..].iter().position(|byte| is_special(*byte));
    rest.map_or(bytes.len(), |position| clean + position)
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' => b"\\\"",
        b'\\' => b"\\\\",
        b'\n' => b"\\n",
        b'\r' => b"\\r",
        b'\t' => b"\\t",
        0x08 => b"\\b",
        0x0c => b"\\f",
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&hex(byte));
            return;
        }
    };
    out.extend_from_slice(short);
}

/// Writes a quoted lower-case hexadecimal string.
pub(super) fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.reserve(2 * bytes.len() + 1);
    out.extend(bytes.iter().flat_map(|byte| hex(*byte)));
    out.push(b'"');
}

const fn hex(byte: u8) -> [u8; 2] {
    [
        HEX_DIGITS[(byte >> 4) as usize],
        HEX_DIGITS[(byte & 0xf) as usize],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str) {
        let mut written = Vec::new();
        write_string(value.as_bytes(), &mut written);
        let expected = serde_json::to_vec(value).expect("a string can be written");
        assert_eq!(written, expected, "{value:?}");
        assert_eq!(is_clean(value.as_bytes()), written.len() == value.len() + 2);
    }

    #[test]
    fn every_character_is_escaped_as_a_json_library_does() {
        for code in 0..0x300 {
            let character = char::from_u32(code).expect("below the surrogates");
            check(&character.to_string());
        }
        check("");
        check("\u{10ffff} \u{2028} 日本");
    }

    #[test]
    fn an_escape_is_found_at_every_position() {
        for len in 0..=3 * BLOCK {
            let clean = "é".repeat(len / 2) + &"x".repeat(len % 2);
            check(&clean);
            for position in (0..=len).filter(|p| clean.is_char_boundary(*p)) {
                let mut dirty = clean.clone();
                dirty.insert(position, '"');
                check(&dirty);
                dirty.insert(position, '\n');
                check(&dirty);
            }
        }
    }

    #[test]
    fn hex_is_lower_case() {
        let mut written = Vec::new();
        write_hex(&[0, 0x0f, 0xa5, 0xff], &mut written);
        assert_eq!(written, br#""000fa5ff""#);
    }
}
