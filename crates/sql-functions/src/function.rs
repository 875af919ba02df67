//! One type for every function: a row of a table made into a DataFusion UDF.

use std::hash::{Hash, Hasher};

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

use crate::answers::Answers;
use crate::column::Column;
use crate::documentation::FunctionDoc;
use crate::error::Error;
use crate::types::{self, Kind};

/// What a function is.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [Kind],
    /// From the coerced argument types.
    pub(crate) returns: fn(&[DataType]) -> DataType,
    pub(crate) evaluate: fn(&Call) -> Result<Outcome>,
    pub(crate) documentation: FunctionDoc,
}

/// One evaluation: the arguments of a batch.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) function: &'static str,
    pub(crate) arguments: Vec<Column>,
    pub(crate) row_count: usize,
}

impl Call {
    pub(crate) fn argument(&self, index: usize) -> Result<&Column> {
        Ok(self.arguments.get(index).ok_or(self.unexpected())?)
    }

    /// The values of an argument that coercion made numbers of one type.
    pub(crate) fn numbers<T: ArrowPrimitiveType>(
        &self,
        index: usize,
    ) -> Result<&PrimitiveArray<T>> {
        let numbers = self.argument(index)?.values.as_primitive_opt();
        Ok(numbers.ok_or(self.unexpected())?)
    }

    /// One answer per row, of `N` arguments that are all `Float64`.
    pub(crate) fn per_row_of_floats<const N: usize, T: ArrowPrimitiveType>(
        &self,
        answer: impl Fn([f64; N]) -> T::Native,
    ) -> Result<Outcome> {
        let numbers = (0..N)
            .map(|index| self.numbers::<Float64Type>(index))
            .collect::<Result<Vec<_>>>()?;
        let answers = Answers::of_call(self, |at| {
            let row = std::array::from_fn(|index| numbers[index].value(at[index]));
            Ok(Some(answer(row)))
        })?;
        Ok(answers.into_numbers::<T>())
    }

    const fn unexpected(&self) -> Error {
        Error::Layout {
            function: self.function,
        }
    }
}

/// An array with one element per row, or with a single one that all rows share.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) array: ArrayRef,
    pub(crate) constant: bool,
}

/// A function of this crate as DataFusion sees it.
#[derive(Debug)]
pub(crate) struct Function {
    definition: &'static Definition,
    signature: Signature,
    documentation: Documentation,
}

impl Function {
    pub(crate) fn new(definition: &'static Definition) -> Self {
        Self {
            definition,
            signature: Signature::user_defined(Volatility::Immutable),
            documentation: definition.documentation.build(),
        }
    }
}

// The name identifies the function: definitions are constants.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.definition.name == other.definition.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.definition.name.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.definition.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        types::coerce(self.definition.name, self.definition.arguments, given)
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok((self.definition.returns)(arguments))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let call = Call {
            function: self.definition.name,
            row_count: args.number_rows,
            arguments: args
                .args
                .into_iter()
                .map(Column::new)
                .collect::<Result<_>>()?,
        };
        let outcome = (self.definition.evaluate)(&call)?;
        if outcome.constant {
            let value = ScalarValue::try_from_array(&outcome.array, 0)?;
            return Ok(ColumnarValue::Scalar(value));
        }
        Ok(ColumnarValue::Array(outcome.array))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}
