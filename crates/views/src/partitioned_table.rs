//! A view instance as a table: its partitions and, for what they do not cover, its source.

use std::sync::Arc;

use async_trait::async_trait;
use catalog::{PartitionFilter, Snapshot, StoredPartition};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{ToDFSchema, exec_err};
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExecBuilder;
use datafusion::physical_plan::union::UnionExec;
use model::{InsertRange, InsertTime, TimeNs, TimeRange};

use crate::context::ScanContext;
use crate::insert_ranges::InsertRanges;
use crate::owners::visible;
use crate::partitions::{self, Selection};
use crate::predicate::Constraints;
use crate::view::{GLOBAL_INSTANCE, SourceRequest, View};
use crate::{Lakehouse, Result};

/// Gaps between partitions that are looked into before they are scanned; a scan of a
/// gap without blocks costs more than the look.
const GAPS_CHECKED_MAX: usize = 8;

#[derive(Debug)]
pub(crate) struct PartitionedTable {
    house: Lakehouse,
    view: Arc<dyn View>,
    schema: SchemaRef,
    scope: Scope,
}

/// Which rows the table has.
#[derive(Debug)]
enum Scope {
    /// What the query may see, in the time range that it was sent with.
    Query,
    /// Those of blocks with these insert times, in this range.
    Ranges(InsertRanges, Option<TimeRange>),
}

/// What a scan has to produce.
struct Scan<'a> {
    session: &'a dyn Session,
    context: Arc<ScanContext>,
    snapshot: Snapshot,
    range: Option<TimeRange>,
    constraints: Constraints,
    filters: RowFilters,
    limit: Option<usize>,
}

impl PartitionedTable {
    pub(crate) fn new(house: Lakehouse, view: Arc<dyn View>) -> Self {
        Self {
            schema: view.set().visible_schema(),
            house,
            view,
            scope: Scope::Query,
        }
    }

    /// The rows of blocks with the given insert times, whatever the query's range is.
    pub(crate) fn of_ranges(
        house: Lakehouse,
        view: Arc<dyn View>,
        ranges: InsertRanges,
        range: Option<TimeRange>,
    ) -> Self {
        Self {
            scope: Scope::Ranges(ranges, range),
            ..Self::new(house, view)
        }
    }

    /// The insert times of the blocks that rows may come from.
    fn window(&self, scan: &Scan<'_>) -> InsertRanges {
        match &self.scope {
            Scope::Ranges(ranges, _) => ranges.clone(),
            Scope::Query => {
                let visible = visible(scan.snapshot);
                match scan.range.and_then(|range| self.view.window_begin(range)) {
                    Some(begin) => visible.within(InsertRange::new(begin, InsertTime(TimeNs::MAX))),
                    None => visible,
                }
            }
        }
    }

    async fn select(&self, scan: &Scan<'_>) -> Result<Selection> {
        let view = &self.view;
        let partitions = match scan.context.is_blocks_only() {
            true => Vec::new(),
            false => self.partitions(scan.snapshot).await?,
        };
        let constraints = &scan.constraints;
        let mut selection = partitions::select(
            partitions,
            &self.window(scan),
            constraints.event_time.or(scan.range),
            constraints.insert_time,
        );
        if view.instance() == GLOBAL_INSTANCE {
            selection.tail = self
                .without_empty_gaps(selection.tail, scan.snapshot)
                .await?;
        }
        let counters = scan.context.counters();
        counters.add_partitions(selection.partitions.len(), selection.pruned);
        Ok(selection)
    }

    async fn partitions(&self, snapshot: Snapshot) -> Result<Vec<StoredPartition>> {
        let set = self.view.set();
        let filter = PartitionFilter {
            snapshot: snapshot.time,
            view_set: Some(set.name.to_owned()),
            view_instance: Some(self.view.instance().to_owned()),
            schema_hash: Some(self.house.schema_hash(set)),
            insert_range: None,
            event_range: None,
        };
        Ok(self.house.catalog().partitions(filter).await?)
    }

    /// Only the catalog is looked into.
    async fn without_empty_gaps(
        &self,
        gaps: InsertRanges,
        snapshot: Snapshot,
    ) -> Result<InsertRanges> {
        let mut empty = Vec::new();
        let archived = snapshot.archived_before;
        let checked = gaps.iter().filter(|gap| gap.begin >= archived);
        for gap in checked.take(GAPS_CHECKED_MAX) {
            let next = self.house.catalog().next_block_time(gap.begin).await?;
            if next.is_none_or(|time| time >= gap.end) {
                empty.push(gap);
            }
        }
        Ok(gaps.without(empty))
    }

    async fn plan(
        &self,
        scan: Scan<'_>,
        selection: Selection,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let filters = scan.filters.clone();
        let mut parts = Vec::new();
        let within = |stored: &StoredPartition| {
            let bounds = stored.partition.event_range;
            scan.range.is_none_or(|range| {
                bounds.is_some_and(|b| range.begin <= b.begin && b.end <= range.end)
            })
        };
        let (inside, across): (Vec<_>, Vec<_>) = selection.partitions.into_iter().partition(within);
        for (partitions, is_filtered) in [(inside, false), (across, true)] {
            if partitions.is_empty() {
                continue;
            }
            let rows = partitions::scan(
                &self.house,
                scan.session,
                self.view.set(),
                &partitions,
                filters.columns(is_filtered),
                scan.limit.filter(|_| !is_filtered),
                scan.context.counters(),
            )?;
            parts.push(filters.apply(is_filtered, scan.session, rows)?);
        }
        if !selection.tail.is_empty() {
            let is_filtered = scan.range.is_some() && !self.view.source_keeps_range();
            let request = SourceRequest {
                session: scan.session,
                context: &scan.context,
                snapshot: scan.snapshot,
                ranges: &selection.tail,
                constraints: scan.constraints,
                projection: filters.columns(is_filtered),
                limit: scan.limit.filter(|_| !is_filtered),
                range: scan.range,
            };
            let rows = self.view.source(request).await?;
            parts.push(filters.apply(is_filtered, scan.session, rows)?);
        }
        match parts.len() {
            0 => Ok(Arc::new(EmptyExec::new(Arc::new(
                self.view.set().schema.project(filters.columns(false))?,
            )))),
            1 => Ok(parts.remove(0)),
            _ => UnionExec::try_new(parts),
        }
    }
}

#[async_trait]
impl TableProvider for PartitionedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// The engine keeps all filters: here they only prune.
    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let context = ScanContext::of(session.config());
        let set = self.view.set();
        let mut constraints = Constraints::from_filters(filters, set.roles);
        let range = match &self.scope {
            Scope::Query => context.range(),
            Scope::Ranges(_, range) => *range,
        };
        match (range, self.view.needs_range()) {
            (Some(range), _) => self.view.constrain(&mut constraints, range),
            (None, None) => {}
            (None, Some(reason)) => return exec_err!("{reason}"),
        }
        let constraints = constraints.settled();
        let columns = match projection {
            Some(columns) => columns.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        if constraints.is_unsatisfiable() {
            let schema = set.schema.project(&columns)?;
            return Ok(Arc::new(EmptyExec::new(Arc::new(schema))));
        }
        let filters = range.map(|range| self.view.row_filters(range));
        let filters = RowFilters::new(&self.view, filters.unwrap_or_default(), columns)?;
        let scan = Scan {
            session,
            snapshot: context.snapshot(self.house.catalog()).await?,
            context,
            range,
            constraints,
            filters,
            limit,
        };
        let selection = self.select(&scan).await?;
        let is_global = self.view.instance() == GLOBAL_INSTANCE;
        if !is_global && !scan.context.is_blocks_only() {
            self.house
                .materialize_later(&self.view, &scan.constraints, &selection.tail);
        }
        self.plan(scan, selection).await
    }
}

/// The predicates of the caller's time range, which no SQL filter repeats.
#[derive(Clone)]
struct RowFilters {
    predicate: Option<Expr>,
    /// The wanted columns, then those that only the predicate needs.
    scanned: Vec<usize>,
    wanted: usize,
}

impl RowFilters {
    fn new(view: &Arc<dyn View>, filters: Vec<Expr>, columns: Vec<usize>) -> Result<Self> {
        let predicate = conjunction(filters);
        let wanted = columns.len();
        let mut scanned = columns;
        for column in predicate.iter().flat_map(Expr::column_refs) {
            let index = view.set().column(&column.name);
            if !scanned.contains(&index) {
                scanned.push(index);
            }
        }
        Ok(Self {
            predicate,
            scanned,
            wanted,
        })
    }

    /// What a part must have, the rows of which are filtered or not.
    fn columns(&self, is_filtered: bool) -> &[usize] {
        match is_filtered {
            true => &self.scanned,
            false => &self.scanned[..self.wanted],
        }
    }

    fn apply(
        &self,
        is_filtered: bool,
        session: &dyn Session,
        plan: Arc<dyn ExecutionPlan>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let Some(predicate) = self.predicate.clone().filter(|_| is_filtered) else {
            return Ok(plan);
        };
        let schema = plan.schema().to_dfschema()?;
        let predicate = session.create_physical_expr(predicate, &schema)?;
        let wanted = (self.wanted < self.scanned.len()).then(|| (0..self.wanted).collect());
        let filter = FilterExecBuilder::new(predicate, plan)
            .apply_projection(wanted)?
            .build()?;
        Ok(Arc::new(filter))
    }
}
