//! Typed access to the columns of a batch, whichever of the accepted types they have.
//!
//! Nothing is expanded: a short batch can refer to a long dictionary value many times.

use std::fmt;

use arrow::array::{Array, ArrayAccessor, ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, TimeUnit};

use super::integers::{Integers, to_int64};
use super::{BulkError, BulkTable, Result};

/// A batch that is uploaded to a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Upload<'a> {
    pub table: BulkTable,
    pub batch: &'a RecordBatch,
}

/// Where a value stands, for messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    table: BulkTable,
    column: &'static str,
}

impl<'a> Upload<'a> {
    pub fn column(self, column: &'static str) -> Result<(Place, &'a ArrayRef)> {
        let Self { table, batch } = self;
        let found = batch.column_by_name(column);
        let array = found.ok_or(BulkError::MissingColumn { table, column })?;
        Ok((Place { table, column }, array))
    }

    pub fn texts(self, column: &'static str) -> Result<Texts<'a>> {
        let (place, array) = self.column(column)?;
        Texts::new(place, array).ok_or_else(|| place.wrong_type(array, "text"))
    }

    pub fn bytes(self, column: &'static str) -> Result<Binaries<'a>> {
        let (place, array) = self.column(column)?;
        Binaries::new(place, array).ok_or_else(|| place.wrong_type(array, "binary"))
    }

    pub fn integers(self, column: &'static str) -> Result<Integers> {
        let (place, array) = self.column(column)?;
        if !array.data_type().is_integer() {
            return Err(place.wrong_type(array, "an integer"));
        }
        Ok(Integers::new(place, array, 1))
    }

    /// In nanoseconds since the Unix epoch; a time without a zone is in UTC.
    pub fn times(self, column: &'static str) -> Result<Integers> {
        let (place, array) = self.column(column)?;
        let DataType::Timestamp(unit, _) = array.data_type() else {
            return Err(place.wrong_type(array, "a timestamp"));
        };
        let nanoseconds = match unit {
            TimeUnit::Second => 1_000_000_000,
            TimeUnit::Millisecond => 1_000_000,
            TimeUnit::Microsecond => 1_000,
            TimeUnit::Nanosecond => 1,
        };
        Ok(Integers::new(place, array, nanoseconds))
    }
}

impl Place {
    pub fn wrong_type(self, found: &dyn Array, expected: &'static str) -> BulkError {
        BulkError::WrongType {
            table: self.table,
            column: self.column,
            found: found.data_type().clone(),
            expected,
        }
    }

    pub fn bad(self, row: usize, reason: impl Into<String>) -> BulkError {
        BulkError::BadValue {
            table: self.table,
            column: self.column,
            row,
            reason: reason.into(),
        }
    }

    pub fn missing(self, row: usize) -> BulkError {
        self.bad(row, "a value is needed")
    }
}

type Values<'a, T> = Box<dyn ArrayAccessor<Item = &'a T> + 'a>;

/// Values that are there as they are, or named by keys.
struct Encoded<'a, T: ?Sized> {
    keys: Option<Int64Array>,
    /// `None` for a column without any value.
    values: Option<Values<'a, T>>,
}

impl<'a, T: ?Sized + Sync> Encoded<'a, T> {
    /// `None` if `values_of` does not know the type.
    fn new(
        array: &'a dyn Array,
        values_of: fn(&'a dyn Array) -> Option<Values<'a, T>>,
    ) -> Option<Self> {
        let (keys, values) = split_dictionary(array);
        let values = match values.data_type() {
            DataType::Null => None,
            _ => Some(values_of(values)?),
        };
        Some(Self { keys, values })
    }

    fn get(&self, row: usize) -> Option<&'a T> {
        let values = self.values.as_ref()?;
        let index = index_of(self.keys.as_ref(), row)?;
        values.is_valid(index).then(|| values.value(index))
    }
}

/// The keys of a dictionary and its values; other arrays are their own values.
pub(super) fn split_dictionary(array: &dyn Array) -> (Option<Int64Array>, &dyn Array) {
    let Some(dictionary) = array.as_any_dictionary_opt() else {
        return (None, array);
    };
    (
        Some(to_int64(dictionary.keys())),
        dictionary.values().as_ref(),
    )
}

/// Where the value of a row is; `None` for a null key.
pub(super) fn index_of(keys: Option<&Int64Array>, row: usize) -> Option<usize> {
    match keys {
        None => Some(row),
        Some(keys) => keys
            .is_valid(row)
            .then(|| usize::try_from(keys.value(row)).ok())?,
    }
}

/// A column of texts.
pub(super) struct Texts<'a> {
    pub place: Place,
    values: Encoded<'a, str>,
}

impl<'a> Texts<'a> {
    pub fn new(place: Place, array: &'a dyn Array) -> Option<Self> {
        let values = Encoded::new(array, |array| match array.data_type() {
            DataType::Utf8 => Some(Box::new(array.as_string::<i32>())),
            DataType::LargeUtf8 => Some(Box::new(array.as_string::<i64>())),
            DataType::Utf8View => Some(Box::new(array.as_string_view())),
            _ => None,
        })?;
        Some(Self { place, values })
    }

    pub fn get(&self, row: usize) -> Option<&'a str> {
        self.values.get(row)
    }

    pub fn required(&self, row: usize) -> Result<&'a str> {
        self.get(row).ok_or_else(|| self.place.missing(row))
    }

    pub fn id<T: std::str::FromStr>(&self, row: usize) -> Result<T> {
        let text = self.required(row)?;
        text.parse().map_err(|_| self.not_an_id(row))
    }

    /// An empty text is none.
    pub fn optional_id<T: std::str::FromStr>(&self, row: usize) -> Result<Option<T>> {
        match self.get(row) {
            None | Some("") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| self.not_an_id(row)),
        }
    }

    fn not_an_id(&self, row: usize) -> BulkError {
        self.place.bad(row, "not a UUID")
    }
}

/// A column of byte strings.
pub(super) struct Binaries<'a> {
    pub place: Place,
    values: Encoded<'a, [u8]>,
}

impl<'a> Binaries<'a> {
    pub fn new(place: Place, array: &'a dyn Array) -> Option<Self> {
        let values = Encoded::new(array, |array| match array.data_type() {
            DataType::Binary => Some(Box::new(array.as_binary::<i32>())),
            DataType::LargeBinary => Some(Box::new(array.as_binary::<i64>())),
            DataType::BinaryView => Some(Box::new(array.as_binary_view())),
            _ => None,
        })?;
        Some(Self { place, values })
    }

    pub fn get(&self, row: usize) -> Option<&'a [u8]> {
        self.values.get(row)
    }

    pub fn required(&self, row: usize) -> Result<&'a [u8]> {
        self.get(row).ok_or_else(|| self.place.missing(row))
    }
}

impl<T: ?Sized> fmt::Debug for Encoded<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoded").finish_non_exhaustive()
    }
}
