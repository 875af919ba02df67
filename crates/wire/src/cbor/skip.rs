//! Passing over what nobody asked for.

use minicbor::data::Type;

use super::{Error, Reader, Result};

/// Containers nested deeper than this inside an ignored value are refused, so that
/// skipping needs a fixed amount of memory.
pub(super) const MAX_NESTING: usize = 128;

impl Reader<'_> {
    /// Skip one item, whatever it holds.
    pub(crate) fn skip(&mut self) -> Result<()> {
        // Items still expected in each open container; None until a break.
        let mut open = [None::<u64>; MAX_NESTING];
        let mut depth = 0;
        loop {
            if let Some(inner) = self.skip_head()? {
                if depth == MAX_NESTING {
                    return Err(Error::NestedTooDeep { max: MAX_NESTING });
                }
                open[depth] = inner;
                depth += 1;
            }
            // Close every container that is complete by now.
            while depth > 0 && !self.has_next(&mut open[depth - 1])? {
                depth -= 1;
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Skip a whole scalar, or only the head of a container: then the answer is how
    /// many items it announces.
    fn skip_head(&mut self) -> Result<Option<Option<u64>>> {
        let decoder = &mut self.decoder;
        let skipped = match decoder.datatype() {
            Ok(Type::Array | Type::ArrayIndef) => decoder.array().map(Some),
            Ok(Type::Map | Type::MapIndef) => decoder
                .map()
                .map(|length| Some(length.map(|n| n.saturating_mul(2)))),
            // The tagged value counts as the one item inside the tag.
            Ok(Type::Tag) => decoder.tag().map(|_| Some(Some(1))),
            Ok(Type::Break | Type::Unknown(_)) => {
                return Err(Error::Malformed {
                    offset: self.position(),
                });
            }
            // Not a container: the decoder skips it without nesting.
            Ok(_) => decoder.skip().map(|()| None),
            Err(error) => Err(error),
        };
        skipped.map_err(|e| self.broken(&e))
    }
}
