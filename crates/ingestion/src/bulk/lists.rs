//! Columns of lists: tags, and properties in both of their forms.

use std::ops::Range;

use arrow::array::{Array, AsArray, Int64Array, LargeListArray, ListArray, MapArray};
use arrow::datatypes::DataType;
use model::Properties;
use wire::envelope::{MAX_PROPERTIES, MAX_TAGS};

use super::columns::{Binaries, Place, Texts, Upload, index_of, split_dictionary};
use super::{Result, jsonb};

const TAGS: &str = "a list of texts";
const PROPERTIES: &str = "JSONB, or a list of structs of the texts key and value";

/// Lists of any kind, or a dictionary of them.
struct Lists<'a> {
    keys: Option<Int64Array>,
    lists: Kind<'a>,
}

enum Kind<'a> {
    /// Without any item: the type of lists that a client made of empty ones only.
    Empty,
    List(&'a ListArray),
    Large(&'a LargeListArray),
    Map(&'a MapArray),
}

impl<'a> Lists<'a> {
    /// The lists and their items; `None` if these are no lists.
    fn new(array: &'a dyn Array) -> Option<(Self, Option<&'a dyn Array>)> {
        let (keys, array) = split_dictionary(array);
        let (lists, items): (_, &dyn Array) = match array.data_type() {
            DataType::Null => return Some((Self::empty(), None)),
            DataType::List(_) => (Kind::List(array.as_list()), array.as_list::<i32>().values()),
            DataType::LargeList(_) => (
                Kind::Large(array.as_list()),
                array.as_list::<i64>().values(),
            ),
            DataType::Map(..) => (Kind::Map(array.as_map()), array.as_map().entries()),
            _ => return None,
        };
        match items.data_type() {
            // Nulls take no memory, so that there may be very many of them.
            DataType::Null => Some((Self::empty(), None)),
            _ => Some((Self { keys, lists }, Some(items))),
        }
    }

    const fn empty() -> Self {
        Self {
            keys: None,
            lists: Kind::Empty,
        }
    }

    /// Which items are in the list of a row.
    fn range(&self, row: usize) -> Range<usize> {
        fn between<T: Copy + TryInto<usize>>(
            list: &dyn Array,
            offsets: &[T],
            index: usize,
        ) -> Range<usize> {
            let position = |offset: T| offset.try_into().unwrap_or(0);
            match list.is_valid(index) {
                true => position(offsets[index])..position(offsets[index + 1]),
                false => 0..0,
            }
        }
        let Some(index) = index_of(self.keys.as_ref(), row) else {
            return 0..0;
        };
        match self.lists {
            Kind::Empty => 0..0,
            Kind::List(lists) => between(lists, lists.value_offsets(), index),
            Kind::Large(lists) => between(lists, lists.value_offsets(), index),
            Kind::Map(lists) => between(lists, lists.value_offsets(), index),
        }
    }
}

/// The tags of streams. No list is an empty one; a tag that is null is none.
pub(super) struct Tags<'a> {
    place: Place,
    lists: Lists<'a>,
    tags: Option<Texts<'a>>,
}

impl<'a> Tags<'a> {
    pub fn new(upload: Upload<'a>, column: &'static str) -> Result<Self> {
        let (place, array) = upload.column(column)?;
        let wrong = || place.wrong_type(array, TAGS);
        let (lists, items) = Lists::new(array).ok_or_else(wrong)?;
        let tags = match items {
            None => None,
            Some(items) => Some(Texts::new(place, items).ok_or_else(wrong)?),
        };
        Ok(Self { place, lists, tags })
    }

    pub fn get(&self, row: usize) -> Result<Vec<String>> {
        let Some(tags) = &self.tags else {
            return Ok(Vec::new());
        };
        let range = self.lists.range(row);
        if range.len() > MAX_TAGS {
            let reason = format!("more than {MAX_TAGS} tags");
            return Err(self.place.bad(row, reason));
        }
        Ok(range
            .filter_map(|item| tags.get(item))
            .map(str::to_owned)
            .collect())
    }
}

/// The properties of processes and streams. Those without a key or a value are none.
pub(super) struct PropertyColumn<'a> {
    place: Place,
    form: Form<'a>,
}

enum Form<'a> {
    Empty,
    Jsonb(Binaries<'a>),
    Pairs(Box<Pairs<'a>>),
}

struct Pairs<'a> {
    lists: Lists<'a>,
    keys: Texts<'a>,
    values: Texts<'a>,
}

impl<'a> PropertyColumn<'a> {
    pub fn new(upload: Upload<'a>, column: &'static str) -> Result<Self> {
        let (place, array) = upload.column(column)?;
        let form = match Lists::new(array) {
            Some((_, None)) => Some(Form::Empty),
            Some((lists, Some(items))) => pairs(place, lists, items),
            None => Binaries::new(place, array).map(Form::Jsonb),
        };
        let form = form.ok_or_else(|| place.wrong_type(array, PROPERTIES))?;
        Ok(Self { place, form })
    }

    pub fn get(&self, row: usize) -> Result<Properties> {
        match &self.form {
            Form::Empty => Ok(Properties::new()),
            Form::Jsonb(documents) => match documents.get(row) {
                None => Ok(Properties::new()),
                Some(document) => jsonb::properties(document)
                    .map_err(|error| self.place.bad(row, error.to_string())),
            },
            Form::Pairs(pairs) => {
                let Pairs {
                    lists,
                    keys,
                    values,
                } = &**pairs;
                let range = lists.range(row);
                if range.len() > MAX_PROPERTIES {
                    let reason = format!("more than {MAX_PROPERTIES} properties");
                    return Err(self.place.bad(row, reason));
                }
                let pairs = range.filter_map(|item| {
                    let (key, value) = (keys.get(item)?, values.get(item)?);
                    Some((key.to_owned(), value.to_owned()))
                });
                Ok(pairs.collect())
            }
        }
    }
}

/// Keys and values of the items by name, or, as in maps, by position.
fn pairs<'a>(place: Place, lists: Lists<'a>, items: &'a dyn Array) -> Option<Form<'a>> {
    let items = items.as_struct_opt()?;
    let column = |name: &str, position: usize| {
        let by_position = || match lists.lists {
            Kind::Map(_) => items.columns().get(position),
            _ => None,
        };
        items.column_by_name(name).or_else(by_position)
    };
    let keys = Texts::new(place, column("key", 0)?)?;
    let values = Texts::new(place, column("value", 1)?)?;
    Some(Form::Pairs(Box::new(Pairs {
        lists,
        keys,
        values,
    })))
}
