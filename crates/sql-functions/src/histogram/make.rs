//! `make_histogram`: a histogram of values.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::datatypes::{Float64Type, Int64Type};
use datafusion::common::exec_err;
use datafusion::error::Result;

use super::accumulator::{Groups, Selection};
use super::aggregate::AggregateDefinition;
use super::summary::Bounds;
use crate::documentation::{FunctionDoc, HISTOGRAMS};
use crate::error::Error;
use crate::types::Kind;

const NAME: &str = "make_histogram";

/// Most bins of one histogram; finer ones than this are not looked at by anybody.
const BINS_MAX: usize = 1_000_000;

const CHANGING_BOUNDS: &str =
    "make_histogram: start, end and nb_bins must be the same for all rows of a group";

pub(super) const DEFINITION: AggregateDefinition = AggregateDefinition {
    name: NAME,
    arguments: &[Kind::Float, Kind::Float, Kind::Integer, Kind::Float],
    update,
    incompatible: CHANGING_BOUNDS,
    documentation: FunctionDoc {
        section: HISTOGRAMS,
        syntax: "make_histogram(start, end, nb_bins, value)",
        description: "Aggregate: counts values in `nb_bins` bins of equal width from `start` to \
            `end`. Values below `start` count in the first bin, values above `end` in the last, \
            NaN in the first; NULL values are skipped. The result is a struct of `start`, `end`, \
            `min`, `max`, `sum`, `sum_sq`, `count` and `bins`, and NULL for a group without \
            rows. It is an error when a bound is NULL, not finite, out of order or not the same \
            for all rows of a group, or when `nb_bins` is not between 1 and 1000000. `DISTINCT` \
            and window frames that leave rows behind are not supported.",
        arguments: &[
            ("start", "Lower bound of the first bin."),
            ("end", "Upper bound of the last bin; not less than `start`."),
            ("nb_bins", "Number of bins."),
            ("value", "What is counted."),
        ],
        example: "SELECT make_histogram(0, 100, 4, column1) AS histogram\n\
            FROM (VALUES (3.0), (30.0), (31.0), (250.0))",
    },
};

fn update(groups: &mut Groups, arguments: &[ArrayRef], selection: Selection<'_>) -> Result<()> {
    let arguments = Arguments::new(arguments).ok_or(Error::Layout { function: NAME })?;
    for (row, group) in selection.rows() {
        let bounds = arguments.bounds(row)?;
        match groups.summary(group, bounds) {
            Err(_) => return exec_err!("{CHANGING_BOUNDS}"),
            Ok(summary) if arguments.values.is_valid(row) => {
                summary.add_value(arguments.values.value(row));
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

struct Arguments<'a> {
    start: &'a Float64Array,
    end: &'a Float64Array,
    bin_count: &'a Int64Array,
    values: &'a Float64Array,
}

impl<'a> Arguments<'a> {
    fn new(arguments: &'a [ArrayRef]) -> Option<Self> {
        let [start, end, bin_count, values] = arguments else {
            return None;
        };
        Some(Self {
            start: start.as_primitive_opt::<Float64Type>()?,
            end: end.as_primitive_opt::<Float64Type>()?,
            bin_count: bin_count.as_primitive_opt::<Int64Type>()?,
            values: values.as_primitive_opt::<Float64Type>()?,
        })
    }

    fn bounds(&self, row: usize) -> Result<Bounds> {
        let start = bound("start", self.start, row)?;
        let end = bound("end", self.end, row)?;
        if start > end {
            return exec_err!("{NAME}: start must not be greater than end, given: {start}, {end}");
        }
        if self.bin_count.is_null(row) {
            return exec_err!("{NAME}: nb_bins must not be NULL");
        }
        let bin_count = self.bin_count.value(row);
        match usize::try_from(bin_count) {
            Ok(bin_count @ 1..=BINS_MAX) => Ok(Bounds {
                start,
                end,
                bin_count,
            }),
            _ => exec_err!("{NAME}: nb_bins must be from 1 to {BINS_MAX}, given: {bin_count}"),
        }
    }
}

fn bound(name: &str, bounds: &Float64Array, row: usize) -> Result<f64> {
    if bounds.is_null(row) {
        return exec_err!("{NAME}: {name} must not be NULL");
    }
    let bound = bounds.value(row);
    if !bound.is_finite() {
        return exec_err!("{NAME}: {name} must be finite, given: {bound}");
    }
    Ok(bound)
}
