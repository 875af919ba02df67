//! One type for every function: a row of a table made into a DataFusion UDF.

use std::hash::{Hash, Hasher};

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

use crate::column::Column;
use crate::types::Kind;

/// What a function is.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [Kind],
    /// From the coerced argument types.
    pub(crate) returns: fn(&[DataType]) -> DataType,
    pub(crate) evaluate: fn(&Call) -> Result<Outcome>,
}

/// One evaluation: the arguments of a batch.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) function: &'static str,
    pub(crate) arguments: Vec<Column>,
    pub(crate) row_count: usize,
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
}

impl Function {
    pub(crate) fn new(definition: &'static Definition) -> Self {
        Self {
            definition,
            signature: Signature::user_defined(Volatility::Immutable),
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
        let Definition {
            name, arguments, ..
        } = self.definition;
        if given.len() != arguments.len() {
            return plan_err!(
                "{name} takes {} arguments, not {}",
                arguments.len(),
                given.len()
            );
        }
        let coerced = arguments.iter().zip(given).enumerate();
        coerced
            .map(|(index, (kind, given))| match kind.coerce(given) {
                Some(coerced) => Ok(coerced),
                None => plan_err!(
                    "{name}: argument {} must be {}, not {given}",
                    index + 1,
                    kind.description()
                ),
            })
            .collect()
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
}
