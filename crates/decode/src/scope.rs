//! Call sites: what a span says of the code that it was recorded in.

use twox_hash::XxHash32;

/// A call site. Its identity is what it says, not where a producer keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scope<'a> {
    pub name: &'a str,
    pub file: &'a str,
    pub target: &'a str,
    pub line: u32,
}

impl Scope<'_> {
    /// The same in every block, stream and process. Each part is the seed of the next.
    pub(crate) fn hash(&self) -> u32 {
        let hash = XxHash32::oneshot(0, self.name.as_bytes());
        let hash = XxHash32::oneshot(hash, self.file.as_bytes());
        let hash = XxHash32::oneshot(hash, self.target.as_bytes());
        XxHash32::oneshot(hash, &self.line.to_le_bytes())
    }

    /// Bytes of all texts.
    pub(crate) fn text_len(&self) -> usize {
        self.name.len() + self.file.len() + self.target.len()
    }
}

#[cfg(test)]
mod tests;
