//! Reading histograms, which may come from anywhere.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, ListArray, StructArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, UInt64Type};
use datafusion::common::exec_err;
use datafusion::error::Result;

use super::layout::{BINS, COUNT, NUMBERS, bin};
use crate::error::Error;

/// Structs with the fields of histograms.
#[derive(Debug)]
pub(crate) struct HistogramColumn {
    function: &'static str,
    /// In the order of [`NUMBERS`].
    numbers: [Float64Array; NUMBERS.len()],
    count: UInt64Array,
    bins: ListArray,
    bin_counts: UInt64Array,
}

/// One histogram.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HistogramRow<'a> {
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) sum: f64,
    pub(crate) sum_sq: f64,
    pub(crate) count: u64,
    pub(crate) bins: &'a [u64],
}

impl HistogramColumn {
    /// Fields of other numeric types are converted; what does not fit becomes null.
    pub(crate) fn new(function: &'static str, structs: &ArrayRef) -> Result<Self> {
        let layout = || Error::Layout { function };
        let structs: &StructArray = structs.as_struct_opt().ok_or_else(layout)?;
        let field = |name: &str, to: &DataType| -> Result<ArrayRef> {
            let column = structs.column_by_name(name).ok_or_else(layout)?;
            Ok(cast(column, to)?)
        };
        let number = |name: &str| -> Result<Float64Array> {
            Ok(field(name, &DataType::Float64)?
                .as_primitive::<Float64Type>()
                .clone())
        };
        let [start, end, min, max, sum, sum_sq] = NUMBERS.map(number);
        // A list whose elements may be null: those that do not fit are told below.
        let element = bin().as_ref().clone().with_nullable(true);
        let bins = field(BINS, &DataType::List(element.into()))?;
        let bins = bins.as_list::<i32>().clone();
        Ok(Self {
            function,
            numbers: [start?, end?, min?, max?, sum?, sum_sq?],
            count: field(COUNT, &DataType::UInt64)?
                .as_primitive::<UInt64Type>()
                .clone(),
            bin_counts: bins.values().as_primitive::<UInt64Type>().clone(),
            bins,
        })
    }

    /// The histogram of a row whose struct is not null.
    pub(crate) fn row(&self, index: usize) -> Result<HistogramRow<'_>> {
        let offsets = self.bins.value_offsets();
        let bins = offsets[index] as usize..offsets[index + 1] as usize;
        let missing_number = self.numbers.iter().any(|numbers| numbers.is_null(index));
        let missing_bin = self.bin_counts.null_count() > 0
            && bins.clone().any(|bin| self.bin_counts.is_null(bin));
        if missing_number || missing_bin || self.count.is_null(index) || self.bins.is_null(index) {
            let function = self.function;
            return exec_err!("{function}: a field of the histogram is NULL or out of range");
        }
        let [start, end, min, max, sum, sum_sq] =
            std::array::from_fn(|field| self.numbers[field].value(index));
        Ok(HistogramRow {
            start,
            end,
            min,
            max,
            sum,
            sum_sq,
            count: self.count.value(index),
            bins: &self.bin_counts.values()[bins],
        })
    }
}
