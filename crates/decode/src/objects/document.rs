//! Documents that are put together from finished parts.

use bytes::Bytes;
use jsonb::{Number, OwnedJsonb, RawJsonb, Value};
use wire::transit::DynamicText;

use crate::error::EventProblem;
use crate::jsonb::jsonb_object;

/// Bytes of one document, far below what the lengths inside of it can express.
pub(super) const MAX_DOCUMENT: usize = 64 << 20;

const TOO_LARGE: EventProblem = EventProblem::TooLarge { max: MAX_DOCUMENT };

/// A JSONB value; cheap to share.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub bytes: Bytes,
    /// How many objects are inside of each other in it.
    pub nesting: usize,
}

impl Document {
    pub(super) fn unsigned(number: u64) -> Self {
        Self::scalar(&Value::Number(Number::UInt64(number)))
    }

    pub(super) fn signed(number: i64) -> Self {
        Self::scalar(&Value::Number(Number::Int64(number)))
    }

    pub(super) fn float(number: f64) -> Self {
        Self::scalar(&Value::Number(Number::Float64(number)))
    }

    pub(super) fn text(text: &str) -> Result<Self, EventProblem> {
        check_size(text.len())?;
        Ok(Self::scalar(&Value::String(text.into())))
    }

    pub(super) fn dynamic_text(text: &DynamicText<'_>) -> Result<Self, EventProblem> {
        // Decoding makes it longer by some factor at most.
        check_size(text.encoded_len())?;
        Self::text(&text.to_string())
    }

    /// What is told of bytes without known content.
    pub(super) fn binary(bytes: &[u8]) -> Self {
        let length = bytes.len();
        Self::scalar(&Value::String(format!("<binary {length} bytes>").into()))
    }

    pub(super) fn properties<'a>(
        set: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> Result<Self, EventProblem> {
        let mut size = 0;
        for (name, value) in set.clone() {
            size += 8 + name.len() + value.len();
            check_size(size)?;
        }
        Ok(Self {
            bytes: jsonb_object(set).into(),
            nesting: 1,
        })
    }

    fn scalar(value: &Value<'_>) -> Self {
        Self {
            bytes: value.to_vec().into(),
            nesting: 0,
        }
    }
}

/// The members of an object.
#[derive(Debug)]
pub(super) struct Members<'a> {
    members: Vec<(&'a str, Document)>,
    size: usize,
}

impl<'a> Members<'a> {
    /// An object starts with the name of its type.
    pub(super) fn of_type(name: &str) -> Result<Self, EventProblem> {
        let mut members = Self {
            members: Vec::new(),
            size: 4,
        };
        members.push("__type", Document::text(name)?)?;
        Ok(members)
    }

    pub(super) fn push(&mut self, name: &'a str, value: Document) -> Result<(), EventProblem> {
        self.size += 8 + name.len() + value.bytes.len();
        check_size(self.size)?;
        self.members.push((name, value));
        Ok(())
    }

    pub(super) fn finish(mut self) -> Document {
        // A member of the event can be called `__type`, too; the first one stays.
        self.members.sort_by_key(|(name, _)| *name);
        self.members.dedup_by_key(|(name, _)| *name);
        let nesting = self.members.iter().map(|(_, value)| value.nesting).max();
        let members = self.members.iter();
        let members = members.map(|(name, value)| (*name, RawJsonb::new(&value.bytes)));
        let object = OwnedJsonb::build_object(members).expect("parts are valid, names unique");
        Document {
            bytes: object.to_vec().into(),
            nesting: 1 + nesting.unwrap_or_default(),
        }
    }
}

fn check_size(size: usize) -> Result<(), EventProblem> {
    match size <= MAX_DOCUMENT {
        true => Ok(()),
        false => Err(TOO_LARGE),
    }
}
