//! What a histogram tells.

use arrow::datatypes::{ArrowPrimitiveType, DataType, Float64Type, UInt64Type};
use datafusion::error::Result;

use super::column::{HistogramColumn, HistogramRow};
use crate::answers::Answers;
use crate::documentation::{FunctionDoc, HISTOGRAMS};
use crate::function::{Call, Definition, Outcome};
use crate::types::Kind;

const HISTOGRAM: (&str, &str) = ("histogram", "A histogram as `make_histogram` returns it.");

pub(crate) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "quantile_from_histogram",
        arguments: &[Kind::Histogram, Kind::Float],
        returns: |_| DataType::Float64,
        evaluate: quantile,
        documentation: FunctionDoc {
            section: HISTOGRAMS,
            syntax: "quantile_from_histogram(histogram, ratio)",
            description: "Estimates the value below which `ratio` of the values lie, by linear \
                interpolation within the bin where the cumulative count reaches it; the upper \
                bound when no bin does. NULL when an argument is.",
            arguments: &[
                HISTOGRAM,
                ("ratio", "From 0 to 1; 0.5 asks for the median."),
            ],
            example: "SELECT quantile_from_histogram(make_histogram(0, 10, 5, column1), 0.5) AS \
                median\nFROM (VALUES (1.0), (3.0), (3.5), (9.0))",
        },
    },
    Definition {
        name: "variance_from_histogram",
        arguments: &[Kind::Histogram],
        returns: |_| DataType::Float64,
        evaluate: |call| per_histogram::<Float64Type>(call, variance),
        documentation: FunctionDoc {
            section: HISTOGRAMS,
            syntax: "variance_from_histogram(histogram)",
            description: "The sample variance of the values, from their sum and sum of squares, \
                not from the bins. NaN for less than two values; NULL when the argument is.",
            arguments: &[HISTOGRAM],
            example: "SELECT variance_from_histogram(make_histogram(0, 10, 5, column1)) AS \
                variance\nFROM (VALUES (2.0), (4.0), (9.0))",
        },
    },
    Definition {
        name: "count_from_histogram",
        arguments: &[Kind::Histogram],
        returns: |_| DataType::UInt64,
        evaluate: |call| per_histogram::<UInt64Type>(call, |histogram| histogram.count),
        documentation: FunctionDoc {
            section: HISTOGRAMS,
            syntax: "count_from_histogram(histogram)",
            description: "How many values were counted. NULL when the argument is.",
            arguments: &[HISTOGRAM],
            example: "SELECT count_from_histogram(make_histogram(0, 10, 5, column1)) AS count\n\
                FROM (VALUES (2.0), (4.0), (NULL))",
        },
    },
    Definition {
        name: "sum_from_histogram",
        arguments: &[Kind::Histogram],
        returns: |_| DataType::Float64,
        evaluate: |call| per_histogram::<Float64Type>(call, |histogram| histogram.sum),
        documentation: FunctionDoc {
            section: HISTOGRAMS,
            syntax: "sum_from_histogram(histogram)",
            description: "The exact sum of the values that were counted. NULL when the argument \
                is.",
            arguments: &[HISTOGRAM],
            example: "SELECT sum_from_histogram(make_histogram(0, 10, 5, column1)) AS sum\n\
                FROM (VALUES (2.0), (4.0), (30.0))",
        },
    },
];

fn per_histogram<N: ArrowPrimitiveType>(
    call: &Call,
    answer: fn(&HistogramRow<'_>) -> N::Native,
) -> Result<Outcome> {
    let column = call.argument(0)?;
    let histograms = HistogramColumn::new(call.function, &column.values)?;
    let answers = Answers::of_column(column, |index| Ok(Some(answer(&histograms.row(index)?))))?;
    Ok(answers.into_numbers::<N>())
}

fn quantile(call: &Call) -> Result<Outcome> {
    let histograms = HistogramColumn::new(call.function, &call.argument(0)?.values)?;
    let ratios = call.numbers::<Float64Type>(1)?;
    let answers = Answers::of_call(call, |at| {
        let histogram = histograms.row(at[0])?;
        Ok(Some(value_at(&histogram, ratios.value(at[1]))))
    })?;
    Ok(answers.into_numbers::<Float64Type>())
}

fn value_at(histogram: &HistogramRow<'_>, ratio: f64) -> f64 {
    let wanted = ratio * histogram.count as f64;
    let width = (histogram.end - histogram.start) / histogram.bins.len() as f64;
    let mut below = 0.0;
    for (index, count) in histogram.bins.iter().enumerate() {
        let count = *count as f64;
        if count > 0.0 && below + count >= wanted {
            // A ratio below zero stays at the begin of the bin.
            let inside = ((wanted - below) / count).max(0.0);
            return histogram.start + (index as f64 + inside) * width;
        }
        below += count;
    }
    histogram.end
}

/// Rounding may leave less than nothing of nearly equal values.
fn variance(histogram: &HistogramRow<'_>) -> f64 {
    let count = histogram.count as f64;
    let mean = histogram.sum / count;
    let spread = histogram.sum_sq / count - mean * mean;
    let variance = spread * count / (count - 1.0);
    if variance < 0.0 { 0.0 } else { variance }
}
