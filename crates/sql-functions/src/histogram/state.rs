//! Partial histograms between the steps of an aggregation, and the finished ones.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, Float64Array, ListArray, PrimitiveArray,
    StructArray, UInt32Array, UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Float64Type, UInt32Type, UInt64Type};
use datafusion::error::{DataFusionError, Result};

use super::layout;
use super::summary::{Bounds, Moments, Summary};
use crate::error::Error;

/// The columns of a partial histogram. It lists the bins that are not empty, so that it is
/// never larger than the rows behind it. All are null for a group without rows.
pub(super) static FIELDS: LazyLock<Vec<FieldRef>> = LazyLock::new(|| {
    [
        ("start", DataType::Float64),
        ("end", DataType::Float64),
        ("bin_count", DataType::UInt64),
        ("min", DataType::Float64),
        ("max", DataType::Float64),
        ("sum", DataType::Float64),
        ("sum_sq", DataType::Float64),
        ("count", DataType::UInt64),
        ("occupied", DataType::List(occupied_bin())),
    ]
    .into_iter()
    .map(|(name, data_type)| Arc::new(Field::new(name, data_type, true)))
    .collect()
});

static OCCUPIED_FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    Fields::from(vec![
        Field::new("bin", DataType::UInt32, false),
        Field::new("count", DataType::UInt64, false),
    ])
});

fn occupied_bin() -> FieldRef {
    let data_type = DataType::Struct(OCCUPIED_FIELDS.clone());
    Arc::new(Field::new_list_field(data_type, false))
}

pub(super) fn to_states(
    function: &'static str,
    summaries: &[Option<Summary>],
) -> Result<Vec<ArrayRef>> {
    let mut bins: Vec<u32> = Vec::new();
    let mut counts: Vec<u64> = Vec::new();
    let mut lengths = Vec::with_capacity(summaries.len());
    for summary in summaries {
        let before = counts.len();
        if let Some(summary) = summary {
            summary.bins.for_each_occupied(|index, count| {
                // Lists of bins have less than 2^31 elements.
                bins.push(index as u32);
                counts.push(count);
            });
        }
        lengths.push(counts.len() - before);
    }
    let offsets = offsets(function, lengths)?;
    let nulls = nulls(summaries);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt32Array::from(bins)),
        Arc::new(UInt64Array::from(counts)),
    ];
    let occupied = StructArray::try_new(OCCUPIED_FIELDS.clone(), columns, None)?;
    let occupied = ListArray::try_new(occupied_bin(), offsets, Arc::new(occupied), Some(nulls))?;
    Ok(vec![
        floats(summaries, |summary| summary.bounds.start),
        floats(summaries, |summary| summary.bounds.end),
        integers(summaries, |summary| summary.bounds.bin_count as u64),
        floats(summaries, |summary| summary.moments.min),
        floats(summaries, |summary| summary.moments.max),
        floats(summaries, |summary| summary.moments.sum),
        floats(summaries, |summary| summary.moments.sum_sq),
        integers(summaries, |summary| summary.moments.count),
        Arc::new(occupied),
    ])
}

/// The histograms as SQL sees them.
pub(super) fn to_histograms(
    function: &'static str,
    summaries: &[Option<Summary>],
) -> Result<ArrayRef> {
    let bins = summaries.iter().map(|summary| {
        let bins = summary.as_ref().map(|summary| summary.bins.len());
        bins.unwrap_or_default()
    });
    let offsets = offsets(function, bins.collect())?;
    let mut counts = Vec::with_capacity(offsets.last().map_or(0, |end| *end as usize));
    for summary in summaries.iter().flatten() {
        counts.extend(summary.bins.to_counts());
    }
    let counts = Arc::new(UInt64Array::from(counts));
    let bins = ListArray::try_new(layout::bin(), offsets, counts, None)?;
    // Fields are not nullable; those of a null histogram hold zero.
    let float = |value: fn(&Summary) -> f64| -> ArrayRef {
        let values = summaries
            .iter()
            .map(|summary| summary.as_ref().map_or(0.0, value));
        Arc::new(Float64Array::from_iter_values(values))
    };
    let count = summaries
        .iter()
        .map(|summary| summary.as_ref().map_or(0, |summary| summary.moments.count));
    let fields = vec![
        float(|summary| summary.bounds.start),
        float(|summary| summary.bounds.end),
        float(|summary| summary.moments.min),
        float(|summary| summary.moments.max),
        float(|summary| summary.moments.sum),
        float(|summary| summary.moments.sum_sq),
        Arc::new(UInt64Array::from_iter_values(count)),
        Arc::new(bins),
    ];
    let histograms = StructArray::try_new(layout::fields(), fields, Some(nulls(summaries)))?;
    Ok(Arc::new(histograms))
}

/// Lists index their elements with 31 bits.
fn offsets(function: &'static str, lengths: Vec<usize>) -> Result<OffsetBuffer<i32>> {
    let total: usize = lengths.iter().sum();
    if i32::try_from(total).is_err() {
        return Err(DataFusionError::ResourcesExhausted(format!(
            "{function}: the histograms have {total} bins together"
        )));
    }
    Ok(OffsetBuffer::from_lengths(lengths))
}

fn nulls(summaries: &[Option<Summary>]) -> NullBuffer {
    summaries.iter().map(Option::is_some).collect()
}

fn floats(summaries: &[Option<Summary>], value: fn(&Summary) -> f64) -> ArrayRef {
    let values = summaries.iter().map(|summary| summary.as_ref().map(value));
    Arc::new(values.collect::<Float64Array>())
}

fn integers(summaries: &[Option<Summary>], value: fn(&Summary) -> u64) -> ArrayRef {
    let values = summaries.iter().map(|summary| summary.as_ref().map(value));
    Arc::new(values.collect::<UInt64Array>())
}

/// Partial histograms, read back.
#[derive(Debug)]
pub(super) struct States<'a> {
    bounds: [&'a Float64Array; 2],
    bin_count: &'a UInt64Array,
    moments: [&'a Float64Array; 4],
    count: &'a UInt64Array,
    offsets: &'a [i32],
    bins: &'a UInt32Array,
    counts: &'a UInt64Array,
}

/// One partial histogram.
#[derive(Debug)]
pub(super) struct State<'a> {
    pub(super) bounds: Bounds,
    pub(super) moments: Moments,
    bins: &'a [u32],
    counts: &'a [u64],
}

impl<'a> States<'a> {
    pub(super) fn new(function: &'static str, columns: &'a [ArrayRef]) -> Result<Self> {
        let states = Self::of_columns(columns);
        Ok(states.ok_or(Error::Layout { function })?)
    }

    fn of_columns(columns: &'a [ArrayRef]) -> Option<Self> {
        let [
            start,
            end,
            bin_count,
            min,
            max,
            sum,
            sum_sq,
            count,
            occupied,
        ] = columns
        else {
            return None;
        };
        let occupied: &ListArray = occupied.as_list_opt()?;
        let pairs: &StructArray = occupied.values().as_struct_opt()?;
        let [bins, counts] = pairs.columns() else {
            return None;
        };
        Some(Self {
            bounds: [primitive::<Float64Type>(start)?, primitive(end)?],
            bin_count: primitive::<UInt64Type>(bin_count)?,
            moments: [
                primitive(min)?,
                primitive(max)?,
                primitive(sum)?,
                primitive(sum_sq)?,
            ],
            count: primitive(count)?,
            offsets: occupied.value_offsets(),
            bins: primitive::<UInt32Type>(bins)?,
            counts: primitive(counts)?,
        })
    }

    /// None of a group without rows.
    pub(super) fn row(&self, row: usize) -> Option<State<'a>> {
        if self.bin_count.is_null(row) {
            return None;
        }
        let [start, end] = self.bounds.map(|numbers| numbers.value(row));
        let [min, max, sum, sum_sq] = self.moments.map(|numbers| numbers.value(row));
        let range = self.offsets[row] as usize..self.offsets[row + 1] as usize;
        Some(State {
            bounds: Bounds {
                start,
                end,
                bin_count: usize::try_from(self.bin_count.value(row)).ok()?,
            },
            moments: Moments {
                min,
                max,
                sum,
                sum_sq,
                count: self.count.value(row),
            },
            bins: &self.bins.values()[range.clone()],
            counts: &self.counts.values()[range],
        })
    }
}

impl State<'_> {
    pub(super) fn counts(&self) -> impl Iterator<Item = (usize, u64)> {
        let bins = self.bins.iter().map(|bin| *bin as usize);
        bins.zip(self.counts.iter().copied())
    }
}

fn primitive<T: ArrowPrimitiveType>(column: &ArrayRef) -> Option<&PrimitiveArray<T>> {
    column.as_primitive_opt()
}
