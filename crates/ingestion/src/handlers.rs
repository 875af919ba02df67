//! The native routes: what happens to one request.

use std::sync::Arc;

use auth::Caller;
use axum::extract::{Request, State};
use catalog::Catalog;
use lake::Lake;
use server_kit::Readiness;

use crate::body::{Received, receive};
use crate::budget::ByteBudget;
use crate::committer::Committer;
use crate::decode::{self, Decoder};
use crate::refusal::Refusal;
use crate::{Config, ConfigError};

/// Everything that ingestion needs to serve requests. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Ingestion(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    catalog: Catalog,
    lake: Lake,
    config: Arc<Config>,
    budget: ByteBudget,
    decoder: Decoder,
    committer: Committer,
}

impl Ingestion {
    /// Starts the group commit; needs a Tokio runtime.
    ///
    /// # Errors
    /// The limits can not work together.
    pub fn start(catalog: Catalog, lake: Lake, config: Config) -> Result<Self, ConfigError> {
        config.validate()?;
        let config = Arc::new(config);
        Ok(Self(Arc::new(Shared {
            committer: Committer::start(catalog.clone(), lake.clone(), Arc::clone(&config)),
            budget: ByteBudget::new(config.in_flight_bytes_max),
            decoder: Decoder::new(),
            catalog,
            lake,
            config,
        })))
    }

    /// Stores the blocks that were accepted; the ones that come later are answered with 503.
    pub async fn close(&self) {
        self.0.committer.close().await;
    }

    /// Catalog and object store both answer.
    pub fn readiness(&self) -> Readiness {
        let (catalog, lake) = (self.0.catalog.clone(), self.0.lake.clone());
        Readiness::new(move || {
            let (catalog, lake) = (catalog.clone(), lake.clone());
            async move {
                let (database, objects) = tokio::join!(catalog.ping(), lake.probe());
                database?;
                objects?;
                Ok(())
            }
        })
    }

    async fn receive(&self, request: Request) -> Result<Received, Refusal> {
        receive(request.into_body(), &self.0.budget, &self.0.config).await
    }
}

pub(crate) async fn insert_process(
    State(ingestion): State<Ingestion>,
    caller: Caller,
    request: Request,
) -> Result<(), Refusal> {
    let Received { bytes, reservation } = ingestion.receive(request).await?;
    let shared = ingestion.0;
    let process = shared.decoder.run(bytes, decode::process).await?;
    let registered = shared.catalog.register_process(&process).await;
    let outcome = registered.map_err(Refusal::Catalog)?;
    drop(reservation);
    tracing::debug!(process_id = %process.process_id, ?outcome, caller = caller.subject, "process");
    Ok(())
}

pub(crate) async fn insert_stream(
    State(ingestion): State<Ingestion>,
    caller: Caller,
    request: Request,
) -> Result<(), Refusal> {
    let Received { bytes, reservation } = ingestion.receive(request).await?;
    let shared = ingestion.0;
    let stream = shared.decoder.run(bytes, decode::stream).await?;
    let registered = shared.catalog.register_stream(&stream).await;
    let outcome = registered.map_err(Refusal::Catalog)?;
    drop(reservation);
    tracing::debug!(stream_id = %stream.stream_id, ?outcome, caller = caller.subject, "stream");
    Ok(())
}

pub(crate) async fn insert_block(
    State(ingestion): State<Ingestion>,
    caller: Caller,
    request: Request,
) -> Result<(), Refusal> {
    let Received {
        bytes,
        mut reservation,
    } = ingestion.receive(request).await?;
    let shared = ingestion.0;
    let block = shared.decoder.run(bytes, decode::block).await?;
    // The body is gone; what stays in memory is the payload.
    reservation.shrink_to(block.payload.len());
    let block_id = block.info.block_id;
    shared.committer.commit(block, reservation).await?;
    tracing::debug!(%block_id, caller = caller.subject, "block");
    Ok(())
}
