//! What stands for a credential wherever one is kept or looked up.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// SHA-256 of a credential. Two digests are compared in a time that does not depend on their
/// bytes; the hash of a map is keyed per process, so nobody can aim at a bucket.
#[derive(Clone, Copy)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(crate) fn of(credential: &str) -> Self {
        Self(Sha256::digest(credential.as_bytes()).into())
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl std::hash::Hash for Digest {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_and_only_they_are_equal() {
        assert_eq!(Digest::of("abc"), Digest::of("abc"));
        assert_ne!(Digest::of("abc"), Digest::of("abd"));
        assert_eq!(format!("{:?}", Digest::of("abc")), "Digest(..)");
    }
}
