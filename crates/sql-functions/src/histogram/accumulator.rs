//! Histograms per group, for both aggregates.

use std::fmt;
use std::mem::size_of;

use arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::common::{ScalarValue, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use super::aggregate::AggregateDefinition;
use super::state;
use super::summary::{Bounds, Summary};

/// The rows of a batch that count, and the group of each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Selection<'a> {
    group_indices: &'a [usize],
    filter: Option<&'a BooleanArray>,
}

impl<'a> Selection<'a> {
    /// Pairs of row and group.
    pub(super) fn rows(self) -> impl Iterator<Item = (usize, usize)> + 'a {
        let groups = self.group_indices.iter().copied().enumerate();
        groups.filter(move |(row, _)| {
            self.filter
                .is_none_or(|filter| !filter.is_null(*row) && filter.value(*row))
        })
    }
}

/// One histogram per group; none where a group had no row.
#[derive(Debug, Default)]
pub(super) struct Groups {
    summaries: Vec<Option<Summary>>,
    /// Bins of all groups, whether allocated already or not.
    bin_count: usize,
}

impl Groups {
    /// The histogram of a group, made for the bounds when there is none; `Err` are the bounds
    /// of one that has others.
    pub(super) fn summary(
        &mut self,
        group: usize,
        bounds: Bounds,
    ) -> std::result::Result<&mut Summary, Bounds> {
        let summary = self.summaries[group].get_or_insert_with(|| {
            self.bin_count += bounds.bin_count;
            Summary::new(bounds)
        });
        if summary.bounds == bounds {
            Ok(summary)
        } else {
            Err(summary.bounds)
        }
    }

    fn resize(&mut self, group_count: usize) {
        self.summaries.resize_with(group_count, || None);
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<Option<Summary>> {
        let taken = emit_to.take_needed(&mut self.summaries);
        let bins: usize = taken
            .iter()
            .flatten()
            .map(|summary| summary.bins.len())
            .sum();
        self.bin_count -= bins;
        taken
    }

    /// What the groups take as a result, which is never less than what they take now.
    fn size(&self) -> usize {
        self.summaries.capacity() * size_of::<Option<Summary>>()
            + self.bin_count.saturating_mul(size_of::<u64>())
    }
}

/// The accumulator of grouped aggregations.
pub(super) struct HistogramAccumulator {
    definition: &'static AggregateDefinition,
    groups: Groups,
}

impl fmt::Debug for HistogramAccumulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistogramAccumulator")
            .field("function", &self.definition.name)
            .field("groups", &self.groups.summaries.len())
            .finish_non_exhaustive()
    }
}

impl HistogramAccumulator {
    pub(super) fn new(definition: &'static AggregateDefinition) -> Self {
        Self {
            definition,
            groups: Groups::default(),
        }
    }
}

impl GroupsAccumulator for HistogramAccumulator {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        group_count: usize,
    ) -> Result<()> {
        self.groups.resize(group_count);
        let selection = Selection {
            group_indices,
            filter,
        };
        (self.definition.update)(&mut self.groups, values, selection)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        group_count: usize,
    ) -> Result<()> {
        self.groups.resize(group_count);
        let states = state::States::new(self.definition.name, values)?;
        for (row, group) in group_indices.iter().copied().enumerate() {
            let Some(state) = states.row(row) else {
                continue;
            };
            match self.groups.summary(group, state.bounds) {
                Ok(summary) => summary.add_counts(&state.moments, state.counts()),
                Err(_) => return exec_err!("{}", self.definition.incompatible),
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let taken = self.groups.take(emit_to);
        state::to_histograms(self.definition.name, &taken)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let taken = self.groups.take(emit_to);
        state::to_states(self.definition.name, &taken)
    }

    /// Every row a group of its own.
    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let row_count = values.first().map_or(0, Array::len);
        let group_indices: Vec<usize> = (0..row_count).collect();
        let mut rows = Self::new(self.definition);
        rows.update_batch(values, &group_indices, filter, row_count)?;
        rows.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.groups.size()
    }
}

/// The accumulator of everything else: a single group, which may be asked again and again.
#[derive(Debug)]
pub(super) struct SingleGroup(pub(super) HistogramAccumulator);

impl SingleGroup {
    fn summaries(&mut self) -> &[Option<Summary>] {
        self.0.groups.resize(1);
        &self.0.groups.summaries
    }
}

impl Accumulator for SingleGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, Array::len);
        self.0.update_batch(values, &vec![0; rows], None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = states.first().map_or(0, Array::len);
        self.0.merge_batch(states, &vec![0; rows], 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let function = self.0.definition.name;
        let histograms = state::to_histograms(function, self.summaries())?;
        ScalarValue::try_from_array(&histograms, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let function = self.0.definition.name;
        let columns = state::to_states(function, self.summaries())?;
        columns
            .iter()
            .map(|column| ScalarValue::try_from_array(column, 0))
            .collect()
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.0.groups.size()
    }
}
