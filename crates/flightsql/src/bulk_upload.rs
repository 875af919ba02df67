//! `DoPut(CommandStatementIngest)`: a table of another lake, for administrators.

use arrow::datatypes::SchemaRef;
use arrow_flight::PutResult;
use arrow_flight::sql::{CommandStatementIngest, DoPutUpdateResult};
use auth::Attribution;
use ingestion::{BulkError, BulkIngest, BulkTable};
use prost::Message;
use server_kit::ErrorChain;
use std::sync::Arc;
use tokio::sync::{Semaphore, TryAcquireError};
use tonic::Status;

use crate::asker::Asker;
use crate::error::{Error, Result};
use crate::upload_batches::{Part, UploadBatches};

/// Uploads at the same time. Each holds one message, a chunk of its rows and its dictionaries.
const UPLOADS_MAX: usize = 4;

/// Where uploads go.
#[derive(Debug)]
pub(crate) struct BulkUploads {
    bulk: BulkIngest,
    permits: Arc<Semaphore>,
}

impl BulkUploads {
    pub fn new(bulk: BulkIngest) -> Self {
        Self {
            bulk,
            permits: Arc::new(Semaphore::new(UPLOADS_MAX)),
        }
    }

    /// Stores an upload batch by batch. After a failure the earlier batches stay stored;
    /// repeating the upload stores the rest. Returns how many rows were received.
    pub async fn receive(
        &self,
        command: &CommandStatementIngest,
        asker: &Asker<'_>,
        batches: UploadBatches,
    ) -> Result<PutResult, Status> {
        let user = asker.attribution().map_err(Error::Impersonation)?;
        if !asker.caller.is_admin {
            tracing::warn!(user = user.user, "bulk_ingest refused");
            return Err(Error::AdminOnly("bulk_ingest").into());
        }
        let table: BulkTable = command.table.parse().map_err(Error::Bulk)?;
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        let _permit = permit.map_err(|_: TryAcquireError| Error::TooManyUploads(UPLOADS_MAX))?;
        let mut record = Record::new(user, table);
        match self.store(table, batches, &mut record).await {
            Ok(()) => record.outcome = "stored".to_owned(),
            Err(status) => {
                record.outcome = status.message().to_owned();
                return Err(status);
            }
        }
        let record_count = i64::try_from(record.received).unwrap_or(i64::MAX);
        let result = DoPutUpdateResult { record_count };
        Ok(PutResult {
            app_metadata: result.encode_to_vec().into(),
        })
    }

    async fn store(
        &self,
        table: BulkTable,
        mut batches: UploadBatches,
        record: &mut Record,
    ) -> Result<(), Status> {
        while let Some(part) = batches.next().await? {
            match part {
                Part::Schema(schema) => check(table, &schema)?,
                Part::Batch(batch) => {
                    let new = self.bulk.store(table, &batch).await;
                    record.new += new.map_err(logged)?;
                    record.received += batch.num_rows();
                }
            }
        }
        Ok(())
    }
}

/// Types can have parameters that no array can.
fn check(table: BulkTable, schema: &SchemaRef) -> Result<()> {
    std::panic::catch_unwind(|| BulkIngest::check(table, schema))
        .map_err(|_| Error::BadUpload("the schema can not be used"))?
        .map_err(Error::Bulk)
}

/// What is logged of an upload, once, whatever its end.
#[derive(Debug)]
struct Record {
    user: Attribution,
    table: BulkTable,
    /// Rows of whole batches.
    received: usize,
    new: usize,
    outcome: String,
}

impl Record {
    fn new(user: Attribution, table: BulkTable) -> Self {
        Self {
            user,
            table,
            received: 0,
            new: 0,
            outcome: "the client went away".to_owned(),
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        tracing::info!(
            user = self.user.user,
            email = self.user.email,
            service_account = self.user.service_account,
            table = self.table.name(),
            rows = self.received,
            new_rows = self.new,
            outcome = self.outcome,
            "bulk_ingest"
        );
    }
}

/// Clients are not told what is wrong with the storage.
fn logged(error: BulkError) -> Error {
    if !error.is_invalid() {
        tracing::error!(error = %ErrorChain(&error), "storing an upload failed");
    }
    Error::Bulk(error)
}
