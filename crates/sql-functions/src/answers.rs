//! Answers per value, turned into the array that SQL sees.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BinaryDictionaryBuilder, DictionaryArray,
    Int32Array, ListBuilder, PrimitiveArray, StringArray, StringBuilder, StringDictionaryBuilder,
};
use arrow::datatypes::Int32Type;
use datafusion::error::Result;

use crate::column::{Column, Rows};
use crate::function::{Call, Outcome};

/// One answer per value of a column, and which row takes which.
#[derive(Debug)]
pub(crate) struct Answers<T> {
    values: Vec<Option<T>>,
    rows: Rows,
}

impl<T> Answers<T> {
    /// Asks once per value that a row takes; null in, null out.
    pub(crate) fn of_column(
        column: &Column,
        mut answer: impl FnMut(usize) -> Result<Option<T>>,
    ) -> Result<Self> {
        let used = column.used();
        let mut values = Vec::with_capacity(used.len());
        for (index, used) in used.into_iter().enumerate() {
            values.push(if used { answer(index)? } else { None });
        }
        Ok(Self {
            values,
            rows: column.rows.clone(),
        })
    }

    /// Asks once per row, with the index of each argument's value; once in all when every
    /// argument is a constant.
    pub(crate) fn of_call(
        call: &Call,
        mut answer: impl FnMut(&[usize]) -> Result<Option<T>>,
    ) -> Result<Self> {
        let (row_count, rows) = if call.arguments.iter().all(Column::is_constant) {
            (1, Rows::Constant)
        } else {
            (call.row_count, Rows::Each)
        };
        let mut values = Vec::with_capacity(row_count);
        let mut indices = vec![0; call.arguments.len()];
        for row in 0..row_count {
            let mut arguments = call.arguments.iter().zip(&mut indices);
            let complete = arguments.all(|(argument, index)| match argument.index(row) {
                Some(value) => {
                    *index = value;
                    true
                }
                None => false,
            });
            values.push(if complete { answer(&indices)? } else { None });
        }
        Ok(Self { values, rows })
    }

    /// The same null for all rows.
    pub(crate) fn none() -> Self {
        Self {
            values: vec![None],
            rows: Rows::Constant,
        }
    }

    fn outcome(&self, array: ArrayRef) -> Outcome {
        Outcome {
            array,
            constant: matches!(self.rows, Rows::Constant),
        }
    }

    /// The input's keys over `values`, null where the answer is null: a null
    /// among the values would be read as a value by careless clients.
    fn with_keys(&self, keys: &Int32Array, values: ArrayRef) -> Result<Outcome> {
        let keys = if self.values.iter().all(Option::is_some) {
            keys.clone()
        } else {
            keys.iter()
                .map(|key| key.filter(|key| self.value_of_key(*key).is_some()))
                .collect()
        };
        let dictionary = DictionaryArray::try_new(keys, values)?;
        Ok(self.outcome(Arc::new(dictionary)))
    }

    fn value_of_key(&self, key: i32) -> Option<&T> {
        let index = usize::try_from(key).ok()?;
        self.values.get(index)?.as_ref()
    }
}

impl<T: AsRef<str>> Answers<T> {
    pub(crate) fn into_text(self) -> Result<Outcome> {
        let texts = self.values.iter().map(Option::as_ref);
        if let Rows::Keys(keys) = &self.rows {
            let values: StringArray = texts.collect();
            return self.with_keys(keys, Arc::new(values));
        }
        let mut builder = StringDictionaryBuilder::<Int32Type>::new();
        for text in texts {
            builder.append_option(text);
        }
        Ok(self.outcome(Arc::new(builder.finish())))
    }
}

impl<T: AsRef<[u8]>> Answers<T> {
    pub(crate) fn into_jsonb(self) -> Result<Outcome> {
        let documents = self.values.iter().map(Option::as_ref);
        if let Rows::Keys(keys) = &self.rows {
            let values: BinaryArray = documents.collect();
            return self.with_keys(keys, Arc::new(values));
        }
        let mut builder = BinaryDictionaryBuilder::<Int32Type>::new();
        for document in documents {
            builder.append_option(document);
        }
        Ok(self.outcome(Arc::new(builder.finish())))
    }
}

impl<T: Copy> Answers<T> {
    pub(crate) fn into_numbers<N: ArrowPrimitiveType<Native = T>>(self) -> Outcome {
        let numbers: PrimitiveArray<N> = match &self.rows {
            Rows::Constant | Rows::Each => self.values.iter().copied().collect(),
            Rows::Keys(keys) => keys
                .iter()
                .map(|key| key.and_then(|key| self.value_of_key(key).copied()))
                .collect(),
        };
        self.outcome(Arc::new(numbers))
    }
}

impl Answers<Vec<String>> {
    pub(crate) fn into_text_lists(self) -> Result<Outcome> {
        let mut builder = ListBuilder::new(StringBuilder::new());
        for texts in &self.values {
            for text in texts.iter().flatten() {
                builder.values().append_value(text);
            }
            builder.append(texts.is_some());
        }
        let values = Arc::new(builder.finish());
        match &self.rows {
            Rows::Keys(keys) => self.with_keys(keys, values),
            Rows::Constant | Rows::Each => {
                let rows = i32::try_from(values.len()).unwrap_or(i32::MAX);
                let keys = Int32Array::from_iter_values(0..rows);
                self.with_keys(&keys, values)
            }
        }
    }
}
