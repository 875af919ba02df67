//! `list_partitions()`: the partitions that the query's snapshot sees, page by page.

mod rows;

use std::fmt;
use std::sync::Arc;

use catalog::{PartitionFilter, PartitionPages};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::stream;
use views::{Lakehouse, ScanContext, ViewSetInfo};

use super::no_arguments;
use rows::{SCHEMA, batch};

#[derive(Debug)]
pub(super) struct ListPartitions {
    house: Lakehouse,
}

impl ListPartitions {
    pub const fn new(house: Lakehouse) -> Self {
        Self { house }
    }
}

impl TableFunctionImpl for ListPartitions {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        no_arguments("list_partitions", args.exprs())?;
        let listing = Listing {
            house: self.house.clone(),
        };
        let table = StreamingTable::try_new(Arc::clone(&SCHEMA), vec![Arc::new(listing)])?;
        Ok(Arc::new(table))
    }
}

struct Listing {
    house: Lakehouse,
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing").finish_non_exhaustive()
    }
}

impl PartitionStream for Listing {
    fn schema(&self) -> &SchemaRef {
        &SCHEMA
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let begin = Begin {
            house: self.house.clone(),
            context: ScanContext::of(context.session_config()),
        };
        let pages = stream::try_unfold(Reading::Begin(begin), |reading| async move {
            let mut pages = match reading {
                Reading::Begin(begin) => Box::new(begin.pages().await?),
                Reading::Pages(pages) => pages,
            };
            let page = pages.next().await?;
            Ok(page.map(|page| (page, Reading::Pages(pages))))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&SCHEMA), pages))
    }
}

enum Reading {
    Begin(Begin),
    Pages(Box<Pages>),
}

struct Begin {
    house: Lakehouse,
    context: Arc<ScanContext>,
}

impl Begin {
    async fn pages(self) -> Result<Pages> {
        let catalog = self.house.catalog();
        let snapshot = self.context.snapshot(catalog).await?;
        Ok(Pages {
            pages: catalog.partition_pages(PartitionFilter::at(snapshot.time)),
            view_sets: self.house.view_sets(),
        })
    }
}

struct Pages {
    pages: PartitionPages,
    view_sets: Vec<ViewSetInfo>,
}

impl Pages {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let page = self.pages.next_page().await;
        let page = page.map_err(|error| DataFusionError::External(Box::new(error)))?;
        if page.is_empty() {
            return Ok(None);
        }
        batch(&page, &self.view_sets).map(Some)
    }
}
