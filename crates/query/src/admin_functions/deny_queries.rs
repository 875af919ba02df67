//! `deny_queries(match_expr, reason)`: record a rule of the deny list.

use std::sync::Arc;

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::plan_err;
use datafusion::error::{DataFusionError, Result};
use model::{DenialId, TimeNs};
use tokio::sync::OnceCell;

use super::progress::{SCHEMA, row};
use crate::caller::Origin;
use crate::denials::{Denials, Proposal};
use crate::lazy_table::lazy_table;
use crate::table_functions::literal_text;

#[derive(Debug)]
pub(super) struct DenyQueries {
    denials: Arc<Denials>,
}

impl DenyQueries {
    pub const fn new(denials: Arc<Denials>) -> Self {
        Self { denials }
    }
}

impl TableFunctionImpl for DenyQueries {
    /// Planning looks at the rule; it is recorded when the table is read.
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let [match_expr, reason] = args.exprs() else {
            return plan_err!(
                "deny_queries takes two arguments, deny_queries('<expression>', '<reason>'), \
                 given: {}",
                args.exprs().len()
            );
        };
        let match_expr = literal_text("First argument to deny_queries", match_expr)?;
        let reason = literal_text("Second argument to deny_queries", reason)?;
        let caller = args.session().config().get_extension::<Origin>();
        let proposal = self
            .denials
            .propose(match_expr, reason, caller.as_deref())
            .map_err(|error| DataFusionError::Plan(format!("deny_queries: {error}")))?;
        let creation = Arc::new(Creation {
            denials: Arc::clone(&self.denials),
            proposal,
            outcome: OnceCell::new(),
        });
        lazy_table(Arc::clone(&SCHEMA), move || {
            let creation = Arc::clone(&creation);
            Box::pin(async move { creation.row().await })
        })
    }
}

/// One rule, however often a plan reads its table.
struct Creation {
    denials: Arc<Denials>,
    proposal: Proposal,
    outcome: OnceCell<(TimeNs, DenialId)>,
}

impl Creation {
    async fn row(&self) -> Result<RecordBatch> {
        let create = || self.denials.create(&self.proposal);
        let (time, id) = *self.outcome.get_or_try_init(create).await.map_err(failed)?;
        row(time, &id.to_string())
    }
}

/// Too many rules are the caller's to mend, a failing catalog is not.
fn failed(error: catalog::Error) -> DataFusionError {
    match error {
        catalog::Error::TooManyDenials { .. } => DataFusionError::Execution(error.to_string()),
        other => DataFusionError::External(Box::new(other)),
    }
}
