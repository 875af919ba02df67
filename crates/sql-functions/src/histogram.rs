//! Histograms: how often values fell into equal ranges between two bounds, and their moments.

mod accumulator;
mod aggregate;
mod bins;
mod column;
mod layout;
mod make;
mod scalar_functions;
mod state;
mod sum;
mod summary;

pub(crate) use aggregate::Aggregate;
pub(crate) use column::HistogramColumn;
pub use layout::data_type;
pub(crate) use layout::is_histogram;
pub(crate) use scalar_functions::DEFINITIONS;

use aggregate::AggregateDefinition;

pub(crate) const AGGREGATES: &[&AggregateDefinition] = &[&make::DEFINITION, &sum::DEFINITION];
