//! `get_payload(process_id, stream_id, block_id) -> Binary`: what is stored of a block, byte
//! for byte.
//!
//! For a native block that is a CBOR map with two compressed buffers. The arguments are texts
//! of any layout; NULL in, NULL out. A block that does not exist, that is not of that process
//! and stream, or of which the payload is gone, is an error that names it.
//!
//! Payloads are large, so a plan that calls the function works in small batches, and the
//! payloads of a batch count as memory of the query until nobody holds them any more.

mod payloads;

use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use catalog::StoredBlock;
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::utils::take_function_args;
use datafusion::common::{exec_datafusion_err, exec_err, internal_err};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use model::{BlockId, ProcessId, StreamId};
use views::{Lakehouse, ScanContext};

use crate::usage::QueryUsage;
use payloads::{concatenate, total_bytes};

const NAME: &str = "get_payload";

/// Rows of a batch, of which every one can have a payload of many megabytes.
const BATCH_ROWS: usize = 32;

/// Every query has a function of its own: it reads at the query's snapshot and within the
/// query's memory.
pub(crate) fn register(
    session: &mut SessionState,
    house: &Lakehouse,
    context: &Arc<ScanContext>,
    usage: &QueryUsage,
) -> Result<()> {
    let function = GetPayload {
        house: house.clone(),
        context: Arc::clone(context),
        memory: usage.pool(&session.runtime_env().memory_pool),
        // Not while planning, whatever the arguments are.
        signature: Signature::string(3, Volatility::Volatile),
    };
    let function = AsyncScalarUDF::new(Arc::new(function)).into_scalar_udf();
    session.register_udf(Arc::new(function))?;
    Ok(())
}

/// Let the session run the plan in small batches if it calls the function.
pub(crate) fn shrink_batches(session: &mut SessionState, plan: &LogicalPlan) -> Result<()> {
    let mut is_called = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            is_called |= expr.exists(|expr| Ok(is_call(expr)))?;
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    if is_called {
        let config = std::mem::take(session.config_mut());
        *session.config_mut() = config.with_batch_size(BATCH_ROWS);
    }
    Ok(())
}

fn is_call(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarFunction(call) if call.func.name() == NAME)
}

struct GetPayload {
    house: Lakehouse,
    context: Arc<ScanContext>,
    memory: Arc<dyn MemoryPool>,
    signature: Signature,
}

/// What one row asks for.
struct Wanted {
    process: ProcessId,
    stream: StreamId,
    block: BlockId,
}

impl GetPayload {
    /// One row per block wanted, NULL where nothing is.
    async fn read(&self, wanted: &[Option<Wanted>]) -> Result<ArrayRef> {
        let ids: HashSet<BlockId> = wanted.iter().flatten().map(|row| row.block).collect();
        if ids.is_empty() {
            return concatenate(wanted.iter().map(|_| None), 0, self.reservation());
        }
        let ids = ids.into_iter().collect();
        let blocks = self.house.find_blocks(&self.context, ids).await?;
        let mut sizes = Vec::with_capacity(wanted.len());
        for row in wanted.iter().flatten() {
            let block = blocks.get(&row.block).filter(|block| {
                (block.info.process_id, block.info.stream_id) == (row.process, row.stream)
            });
            let block = block.ok_or_else(|| {
                exec_datafusion_err!(
                    "{NAME}: there is no block {} of process {} and stream {}",
                    row.block,
                    row.process,
                    row.stream
                )
            })?;
            sizes.push(block.payload_size());
        }
        let output = total_bytes(NAME, sizes)?;
        let read = total_bytes(NAME, blocks.values().map(StoredBlock::payload_size))?;
        let memory = self.reservation();
        memory.try_grow(output + read)?;
        let blocks = blocks.into_values().collect();
        let payloads = self.house.payloads(&self.context, blocks).await?;
        let rows = wanted.iter().map(|row| payloads.get(&row.as_ref()?.block));
        let array = concatenate(rows, output, memory)?;
        Ok(array)
    }

    fn reservation(&self) -> MemoryReservation {
        MemoryConsumer::new(NAME).register(&self.memory)
    }
}

fn wanted(arguments: Vec<ColumnarValue>, rows: usize) -> Result<Vec<Option<Wanted>>> {
    let texts = |argument: ColumnarValue| cast(&argument.into_array(rows)?, &DataType::Utf8);
    let [processes, streams, blocks] = take_function_args(NAME, arguments)?;
    let arrays = [texts(processes)?, texts(streams)?, texts(blocks)?];
    let [processes, streams, blocks] = arrays.each_ref().map(AsArray::as_string::<i32>);
    let row = |row| {
        if arrays.iter().any(|array| array.is_null(row)) {
            return Ok(None);
        }
        Ok(Some(Wanted {
            process: id("process", processes.value(row))?,
            stream: id("stream", streams.value(row))?,
            block: id("block", blocks.value(row))?,
        }))
    };
    (0..rows).map(row).collect()
}

fn id<I: FromStr>(what: &str, text: &str) -> Result<I> {
    text.parse()
        .or_else(|_| exec_err!("{NAME}: '{text}' is not the UUID of a {what}"))
}

impl fmt::Debug for GetPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetPayload").finish_non_exhaustive()
    }
}

// There is one per query.
impl PartialEq for GetPayload {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.context, &other.context)
    }
}

impl Eq for GetPayload {}

impl Hash for GetPayload {
    fn hash<H: Hasher>(&self, state: &mut H) {
        NAME.hash(state);
    }
}

impl ScalarUDFImpl for GetPayload {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        internal_err!("{NAME} is asynchronous")
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for GetPayload {
    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let wanted = wanted(args.args, args.number_rows)?;
        Ok(ColumnarValue::Array(self.read(&wanted).await?))
    }
}
