//! A credential that is given by hand.

use std::io::{self, Read};

use crate::Problems;

/// Far more than any credential.
const INPUT_BYTES_MAX: u64 = 1024 * 1024;

/// Everything that standard input holds: arguments would show in the list of processes.
///
/// # Errors
/// It can not be read, or is no text.
pub fn read_credential() -> Result<String, Problems> {
    read(io::stdin().lock())
}

fn read(input: impl Read) -> Result<String, Problems> {
    let mut text = String::new();
    let read = input.take(INPUT_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|error| {
        Problems::one(format!(
            "the credential can not be read from standard input: {error}"
        ))
    })?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_bounded_and_text() {
        assert_eq!(read("key\n".as_bytes()).unwrap(), "key\n");
        assert!(read([0xff].as_slice()).is_err());
        let endless = io::repeat(b'x');
        assert_eq!(read(endless).unwrap().len() as u64, INPUT_BYTES_MAX);
    }
}
