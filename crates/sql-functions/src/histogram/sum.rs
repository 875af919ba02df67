//! `sum_histograms`: histograms of the same bounds, bin by bin.

use arrow::array::ArrayRef;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::accumulator::{Groups, Selection};
use super::aggregate::AggregateDefinition;
use super::column::{HistogramColumn, HistogramRow};
use super::summary::{Bounds, Moments};
use crate::column::Column;
use crate::documentation::{FunctionDoc, HISTOGRAMS};
use crate::error::Error;
use crate::types::Kind;

const NAME: &str = "sum_histograms";

const INCOMPATIBLE: &str = "Error merging incompatible histograms";

pub(super) const DEFINITION: AggregateDefinition = AggregateDefinition {
    name: NAME,
    arguments: &[Kind::Histogram],
    update,
    incompatible: INCOMPATIBLE,
    documentation: FunctionDoc {
        section: HISTOGRAMS,
        syntax: "sum_histograms(histogram)",
        description: "Aggregate: adds up histograms bin by bin. NULLs are skipped; the sum is \
            NULL when nothing else is there. Histograms that differ in bounds or in the number \
            of bins are an error. Window frames that leave rows behind are not supported.",
        arguments: &[("histogram", "A histogram as `make_histogram` returns it.")],
        example: "SELECT sum_histograms(h) AS histogram\n\
            FROM (\n  \
              SELECT make_histogram(0, 10, 2, column2) AS h\n  \
              FROM (VALUES ('a', 1.0), ('a', 7.0), ('b', 8.0))\n  \
              GROUP BY column1\n\
            )",
    },
};

fn update(groups: &mut Groups, arguments: &[ArrayRef], selection: Selection<'_>) -> Result<()> {
    let [argument] = arguments else {
        return Err(Error::Layout { function: NAME }.into());
    };
    let column = Column::new(ColumnarValue::Array(argument.clone()))?;
    let histograms = HistogramColumn::new(NAME, &column.values)?;
    for (row, group) in selection.rows() {
        let Some(index) = column.index(row) else {
            continue;
        };
        let histogram = histograms.row(index)?;
        let Ok(sum) = groups.summary(group, bounds(&histogram)) else {
            return exec_err!("{INCOMPATIBLE}");
        };
        let counts = histogram.bins.iter().copied().enumerate();
        sum.add_counts(&moments(&histogram), counts);
    }
    Ok(())
}

const fn bounds(histogram: &HistogramRow<'_>) -> Bounds {
    Bounds {
        start: histogram.start,
        end: histogram.end,
        bin_count: histogram.bins.len(),
    }
}

const fn moments(histogram: &HistogramRow<'_>) -> Moments {
    Moments {
        min: histogram.min,
        max: histogram.max,
        sum: histogram.sum,
        sum_sq: histogram.sum_sq,
        count: histogram.count,
    }
}
