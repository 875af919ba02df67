//! How to read image events: dynamic ones, with one fixed layout.

use wire::transit::{Cursor, DynamicText, Problem, TypeLayout};

/// An image as its event holds it.
#[derive(Debug)]
pub(crate) struct ImageEvent<'b> {
    pub ticks: i64,
    pub name: DynamicText<'b>,
    pub format: DynamicText<'b>,
    pub data: &'b [u8],
}

/// Whether the events of a dynamic type are images.
pub(super) fn is_image(event: &TypeLayout) -> bool {
    event.name == "ImageEvent"
}

impl<'b> ImageEvent<'b> {
    pub(crate) fn read(body: &'b [u8]) -> Result<Self, Problem> {
        let mut cursor = Cursor::new(body);
        Ok(Self {
            ticks: cursor.i64()?,
            name: DynamicText::read(&mut cursor)?,
            format: DynamicText::read(&mut cursor)?,
            data: {
                let length = cursor.u32()? as usize;
                cursor.bytes(length)?
            },
        })
    }
}
