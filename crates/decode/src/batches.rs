//! From a stored block to its batches.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use bytes::Bytes;
use model::{BlockInfo, InsertTime, ProcessInfo, TimeRange};
use wire::transit::Dependencies;

use crate::clock::TickClock;
use crate::column::Column;
use crate::constants::Constants;
use crate::error::{Error, Result};
use crate::payload::Buffers;
use crate::plan::StreamPlan;
use crate::rows::{AsyncSpanRows, EventRows, ImageRows, LogRows, MetricRows};
use crate::table::EventTable;
use crate::walk::{Census, Walk};

/// A block and what its rows need to know of its owners.
#[derive(Debug, Clone)]
pub struct BlockSource {
    pub process: Arc<ProcessInfo>,
    pub plan: Arc<StreamPlan>,
    pub block: BlockInfo,
    pub insert_time: InsertTime,
}

/// What to make of a block.
#[derive(Debug, Clone)]
pub struct DecodeOptions {
    /// Column indices of the table's schema, in output order; None = all. No columns
    /// at all give batches that only have a row count.
    pub projection: Option<Vec<usize>>,
    /// Keep rows whose event time lies in it.
    pub range: Option<TimeRange>,
    /// Rows of a batch, at least 1; batches with long messages or images end earlier.
    pub batch_rows: usize,
}

/// The batches of one block. The whole block is validated before the first batch, so
/// a corrupt one yields no row.
#[derive(Debug)]
pub struct BlockBatches {
    schema: SchemaRef,
    columns: Vec<Column>,
    constants: Constants,
    walk: Walk,
    rows: Rows,
    census: Census,
    memory_bytes: usize,
    done: bool,
}

#[derive(Debug)]
enum Rows {
    Log(Box<LogRows>),
    Metric(Box<MetricRows>),
    AsyncSpan(Box<AsyncSpanRows>),
    Image(Box<ImageRows>),
    /// Nothing asked for differs from row to row: only count down.
    Uniform {
        left: usize,
    },
}

impl BlockBatches {
    /// Decompress and check a block. `payload` is the stored CBOR document.
    pub fn open(
        table: EventTable,
        source: BlockSource,
        payload: &Bytes,
        options: &DecodeOptions,
    ) -> Result<Self> {
        let (schema, columns) = project(table, options.projection.as_deref())?;
        let clock = TickClock::for_block(&source.process, &source.block)?;
        let buffers = Buffers::read(&source.plan, payload)?;
        let memory_bytes = buffers.memory_bytes;
        let walk = Walk::new(Arc::clone(&source.plan), buffers.objects, clock, options);
        let (rows, census) = check(table, &source, &walk, buffers.dependencies, &columns)?;
        let varies = options.range.is_some() || columns.iter().any(|column| column.varies());
        let rows = match varies {
            true => rows,
            false => Rows::Uniform { left: census.rows },
        };
        let batch_rows = walk.batch_rows().min(census.rows);
        Ok(Self {
            constants: Constants::new(&source, &columns, batch_rows)?,
            schema,
            columns,
            walk,
            rows,
            census,
            memory_bytes,
            done: false,
        })
    }

    /// The schema of the batches.
    pub fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    /// Memory that the decompressed block takes, roughly.
    pub fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// Events of the block that are no rows of the table and should not be there: of a
    /// type that is not known, or of another kind of stream.
    pub fn ignored_events(&self) -> u64 {
        self.census.ignored
    }

    /// None: no rows are left.
    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let (rows, varying) = match &mut self.rows {
            Rows::Log(rows) => collect(&mut self.walk, rows.as_mut(), &self.census)?,
            Rows::Metric(rows) => collect(&mut self.walk, rows.as_mut(), &self.census)?,
            Rows::AsyncSpan(rows) => collect(&mut self.walk, rows.as_mut(), &self.census)?,
            Rows::Image(rows) => collect(&mut self.walk, rows.as_mut(), &self.census)?,
            Rows::Uniform { left } => {
                let rows = self.walk.batch_rows().min(*left);
                *left -= rows;
                (rows, Vec::new())
            }
        };
        if rows == 0 {
            return Ok(None);
        }
        let find = |column: Column| {
            let found = varying.iter().find(|(candidate, _)| *candidate == column);
            let found = found.map(|(_, array)| Arc::clone(array));
            found.or_else(|| self.constants.get(column, rows))
        };
        let arrays = self.columns.iter().filter_map(|column| find(*column));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = SchemaRef::clone(&self.schema);
        let batch = RecordBatch::try_new_with_options(schema, arrays.collect(), &options)?;
        Ok(Some(batch))
    }
}

impl Iterator for BlockBatches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let batch = self.next_batch().transpose();
        self.done = !matches!(batch, Some(Ok(_)));
        batch
    }
}

fn project(table: EventTable, projection: Option<&[usize]>) -> Result<(SchemaRef, Vec<Column>)> {
    let all = table.columns();
    let Some(projection) = projection else {
        return Ok((table.schema(), all.to_vec()));
    };
    let columns = projection
        .iter()
        .map(|&index| all.get(index).copied().ok_or(Error::NoSuchColumn { index }))
        .collect::<Result<Vec<Column>>>()?;
    let fields: Vec<_> = columns.iter().map(|column| column.field()).collect();
    Ok((Arc::new(Schema::new(fields)), columns))
}

fn check(
    table: EventTable,
    source: &BlockSource,
    walk: &Walk,
    dependencies: Dependencies,
    columns: &[Column],
) -> Result<(Rows, Census)> {
    let plan = Arc::clone(&source.plan);
    let wanted = |column| columns.contains(&column);
    match table {
        EventTable::LogEntries => {
            let mut rows = LogRows::new(plan, dependencies, wanted);
            let census = walk.check(&mut rows)?;
            Ok((Rows::Log(Box::new(rows)), census))
        }
        EventTable::Measures => {
            let mut rows = MetricRows::new(plan, dependencies, walk.clock(), wanted);
            let census = walk.check(&mut rows)?;
            Ok((Rows::Metric(Box::new(rows)), census))
        }
        EventTable::AsyncEvents => {
            let mut rows = AsyncSpanRows::new(plan, dependencies, wanted);
            let census = walk.check(&mut rows)?;
            Ok((Rows::AsyncSpan(Box::new(rows)), census))
        }
        EventTable::Images => {
            let mut rows = ImageRows::new(dependencies, wanted);
            let census = walk.check(&mut rows)?;
            Ok((Rows::Image(Box::new(rows)), census))
        }
    }
}

/// The next rows and their columns.
fn collect<R: EventRows>(
    walk: &mut Walk,
    rows: &mut R,
    census: &Census,
) -> Result<(usize, Vec<(Column, ArrayRef)>)> {
    let pushed = walk.next_batch(rows, census)?;
    Ok((pushed, rows.finish()?))
}
