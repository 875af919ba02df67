//! The two aggregates as DataFusion sees them.

use std::hash::{Hash, Hasher};

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::not_impl_err;
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};

use super::accumulator::{Groups, HistogramAccumulator, Selection, SingleGroup};
use super::{layout, state};
use crate::documentation::FunctionDoc;
use crate::types::{self, Kind};

/// What an aggregate is.
#[derive(Debug)]
pub(crate) struct AggregateDefinition {
    pub(super) name: &'static str,
    pub(super) arguments: &'static [Kind],
    /// Adds the rows of a batch to their groups.
    pub(super) update: fn(&mut Groups, &[ArrayRef], Selection<'_>) -> Result<()>,
    /// What is said when partial results of one group do not have the same bounds.
    pub(super) incompatible: &'static str,
    pub(super) documentation: FunctionDoc,
}

#[derive(Debug)]
pub(crate) struct Aggregate {
    definition: &'static AggregateDefinition,
    signature: Signature,
    documentation: Documentation,
}

impl Aggregate {
    pub(crate) fn new(definition: &'static AggregateDefinition) -> Self {
        Self {
            definition,
            signature: Signature::user_defined(Volatility::Immutable),
            documentation: definition.documentation.build(),
        }
    }

    fn accumulate(&self, args: &AccumulatorArgs<'_>) -> Result<HistogramAccumulator> {
        let name = self.definition.name;
        if args.is_distinct {
            return not_impl_err!(
                "{name}(DISTINCT ...) is not supported: select the distinct rows in a subquery"
            );
        }
        Ok(HistogramAccumulator::new(self.definition))
    }
}

// The name identifies the function: definitions are constants.
impl PartialEq for Aggregate {
    fn eq(&self, other: &Self) -> bool {
        self.definition.name == other.definition.name
    }
}

impl Eq for Aggregate {}

impl Hash for Aggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.definition.name.hash(state);
    }
}

impl AggregateUDFImpl for Aggregate {
    fn name(&self) -> &str {
        self.definition.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        types::coerce(self.definition.name, self.definition.arguments, given)
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(layout::data_type())
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let fields = state::FIELDS.iter().map(|field| {
            let name = format_state_name(args.name, field.name());
            FieldRef::new(field.as_ref().clone().with_name(name))
        });
        Ok(fields.collect())
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(SingleGroup(self.accumulate(&args)?)))
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.accumulate(&args)?))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}
