//! One column of a batch, prepared once and then written row by row.

use arrow::array::{AnyDictionaryArray, Array, ArrayRef, AsArray, RunArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Int16Type, Int32Type, Int64Type};

use super::ConversionError;
use super::texts::Texts;
use super::values::Values;

/// A column ready to be written.
#[derive(Debug)]
pub(super) struct Column {
    nulls: Option<NullBuffer>,
    values: Values,
}

impl Column {
    pub(super) fn new(array: &ArrayRef) -> Result<Self, ConversionError> {
        match array.data_type() {
            DataType::Dictionary(_, _) => Self::dictionary(array.as_any_dictionary()),
            DataType::RunEndEncoded(_, _) => Self::runs(array),
            _ => Ok(Self {
                nulls: array.nulls().filter(|n| n.null_count() > 0).cloned(),
                values: Values::new(array)?,
            }),
        }
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        match (&self.nulls, &self.values) {
            (Some(nulls), _) => nulls.is_null(row),
            (None, Values::Null) => true,
            (None, Values::Runs { runs, values }) => values.is_null(runs.value_of(row)),
            (None, _) => false,
        }
    }

    /// Writes a value that is not null.
    #[inline]
    pub(super) fn write(&mut self, row: usize, out: &mut Vec<u8>) {
        self.values.write(row, out);
    }

    /// Rows that point at shared values. A null among the values makes its rows null: the
    /// validity of the keys alone does not tell.
    fn dictionary(array: &dyn AnyDictionaryArray) -> Result<Self, ConversionError> {
        if array.values().is_empty() {
            return Ok(Self::all_null());
        }
        let mut values = Self::new(array.values())?;
        let keys = array.normalized_keys();
        let is_null = |row: usize| array.keys().is_null(row) || values.is_null(keys[row]);
        let nulls = (0..keys.len()).any(is_null).then(|| {
            let valid = (0..keys.len()).map(|row| !is_null(row));
            NullBuffer::from(valid.collect::<Vec<bool>>())
        });
        // Worth it only if values are shared: a slice of a large dictionary may use few.
        // Nested values stay as they are, for their texts can be larger than they are by
        // any factor.
        if array.values().len() <= keys.len() && values.values.is_flat() {
            values = values.into_texts(array.values().len());
        }
        let values = Values::Dictionary {
            keys,
            values: Box::new(values),
        };
        Ok(Self { nulls, values })
    }

    fn runs(array: &ArrayRef) -> Result<Self, ConversionError> {
        let (runs, values) = Runs::new(array);
        if values.is_empty() {
            return Ok(Self::all_null());
        }
        let values = Box::new(Self::new(values)?);
        Ok(Self {
            nulls: None,
            values: Values::Runs { runs, values },
        })
    }

    fn all_null() -> Self {
        Self {
            nulls: None,
            values: Values::Null,
        }
    }

    /// Writes every value now, so that each use is a copy.
    fn into_texts(mut self, len: usize) -> Self {
        let mut texts = Texts::with_capacity(len);
        for row in 0..len {
            texts.push(|out| {
                if !self.is_null(row) {
                    self.write(row, out);
                }
            });
        }
        Self {
            nulls: self.nulls,
            values: Values::Texts(texts),
        }
    }
}

/// The runs of a column, by the three types of their ends.
#[derive(Debug)]
pub(super) enum Runs {
    Int16(RunArray<Int16Type>),
    Int32(RunArray<Int32Type>),
    Int64(RunArray<Int64Type>),
}

impl Runs {
    /// The runs of a run-end encoded array, and its values.
    fn new(array: &ArrayRef) -> (Self, &ArrayRef) {
        if let Some(runs) = array.as_run_opt::<Int16Type>() {
            (Self::Int16(runs.clone()), runs.values())
        } else if let Some(runs) = array.as_run_opt::<Int32Type>() {
            (Self::Int32(runs.clone()), runs.values())
        } else {
            let runs = array.as_run::<Int64Type>();
            (Self::Int64(runs.clone()), runs.values())
        }
    }

    pub(super) fn value_of(&self, row: usize) -> usize {
        match self {
            Self::Int16(runs) => runs.get_physical_index(row),
            Self::Int32(runs) => runs.get_physical_index(row),
            Self::Int64(runs) => runs.get_physical_index(row),
        }
    }
}
