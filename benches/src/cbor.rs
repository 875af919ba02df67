//! As much CBOR as an envelope needs, written by hand: the generator must not
//! depend on the code it measures.

/// A growing CBOR item.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub fn map(&mut self, length: u64) -> &mut Self {
        self.head(5, length)
    }

    pub fn array(&mut self, length: u64) -> &mut Self {
        self.head(4, length)
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.head(3, text.len() as u64);
        self.bytes.extend(text.as_bytes());
        self
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.head(2, bytes.len() as u64);
        self.bytes.extend(bytes);
        self
    }

    pub fn unsigned(&mut self, value: u64) -> &mut Self {
        self.head(0, value)
    }

    /// Where the next byte goes.
    pub fn position(&self) -> usize {
        self.bytes.len()
    }

    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn head(&mut self, major: u8, value: u64) -> &mut Self {
        let major = major << 5;
        match value {
            0..24 => self.bytes.push(major | value as u8),
            24..0x100 => self.bytes.extend([major | 24, value as u8]),
            0x100..0x1_0000 => {
                self.bytes.push(major | 25);
                self.bytes.extend((value as u16).to_be_bytes());
            }
            0x1_0000..0x1_0000_0000 => {
                self.bytes.push(major | 26);
                self.bytes.extend((value as u32).to_be_bytes());
            }
            _ => {
                self.bytes.push(major | 27);
                self.bytes.extend(value.to_be_bytes());
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::Writer;

    #[test]
    fn heads_are_the_shortest() {
        let mut writer = Writer::default();
        writer.map(1).text("ab").bytes(&[7; 30]);
        writer.unsigned(5).unsigned(300).unsigned(70_000).array(0);
        let mut expected = vec![0xA1, 0x62, b'a', b'b', 0x58, 30];
        expected.extend([7; 30]);
        expected.extend([5, 0x19, 1, 0x2C, 0x1A, 0, 1, 0x11, 0x70, 0x80]);
        assert_eq!(writer.finish(), expected);
    }
}
