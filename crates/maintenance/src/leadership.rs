//! Which of the processes that could maintain the lake does it.

use std::time::Duration;

use catalog::Catalog;
use model::TimeNs;
use tokio::sync::watch;
use uuid::Uuid;

const LEASE: &str = "maintenance";

/// One process's part in the election.
#[derive(Debug)]
pub(crate) struct Leadership {
    catalog: Catalog,
    holder: String,
    time_to_live: Duration,
    /// The lease is ours until then.
    until: watch::Sender<TimeNs>,
}

impl Leadership {
    pub(crate) fn new(catalog: Catalog, time_to_live: Duration) -> Self {
        Self {
            catalog,
            holder: Uuid::new_v4().to_string(),
            time_to_live,
            until: watch::Sender::new(TimeNs::MIN),
        }
    }

    pub(crate) fn leads(&self) -> bool {
        self.catalog.clock().now() < *self.until.borrow()
    }

    /// Take or renew the lease again and again.
    pub(crate) async fn keep(&self) {
        let pause = self.time_to_live / 3;
        loop {
            // A catalog that hangs must not look like one that agreed.
            if tokio::time::timeout(pause, self.renew()).await.is_err() {
                tracing::warn!("the catalog takes too long to renew the maintenance lease");
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn renew(&self) {
        let led = self.leads();
        let time_to_live = i64::try_from(self.time_to_live.as_nanos()).unwrap_or(i64::MAX);
        // Counted from before the call, so that ours ends first.
        let until = self.catalog.clock().now().saturating_add(time_to_live);
        let acquired = self
            .catalog
            .acquire_lease(LEASE, &self.holder, self.time_to_live);
        match acquired.await {
            Ok(true) => {
                self.until.send_replace(until);
                if !led {
                    tracing::info!(holder = self.holder, "maintaining this lake");
                }
            }
            Ok(false) => {
                self.until.send_replace(TimeNs::MIN);
                if led {
                    tracing::warn!(holder = self.holder, "another process maintains this lake");
                }
            }
            // What is ours stays ours until it runs out.
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "renewing the maintenance lease failed"
            ),
        }
    }

    /// Returns once this process leads.
    pub(crate) async fn gained(&self) {
        let mut until = self.until.subscribe();
        let clock = self.catalog.clock();
        // The sender lives as long as this does.
        let _ = until.wait_for(|until| clock.now() < *until).await;
    }

    pub(crate) async fn release(&self) {
        self.until.send_replace(TimeNs::MIN);
        if let Err(error) = self.catalog.release_lease(LEASE, &self.holder).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "releasing the maintenance lease failed; it runs out"
            );
        }
    }
}
