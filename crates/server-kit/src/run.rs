//! The life of a process: bind everything, serve, drain, return.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tokio::task::JoinSet;

use crate::service::Bound;
use crate::{Error, ErrorChain, Service, Shutdown, metrics};

#[cfg(test)]
mod tests;

/// Binds every service before any of them serves, then runs them until `shutdown`, or until one
/// of them fails. Then all stop accepting and get `grace` to finish the work in flight; what is
/// still running after that is abandoned, which is not an error.
///
/// # Errors
/// The first failure of a service: an address in use, an error, a panic, or an end that nobody
/// asked for.
pub async fn run(
    services: impl IntoIterator<Item = Service>,
    shutdown: Shutdown,
    grace: Duration,
) -> Result<(), Error> {
    let mut bound = Vec::new();
    for service in services {
        bound.push(service.bind().await?);
    }
    // A failure of one service stops the others without touching the caller's signal.
    let stop = shutdown.child();
    let mut running = start(bound, &stop);
    let telling = tokio::spawn(metrics::tell(stop.clone()));
    let first = tokio::select! {
        () = shutdown.wait() => Ok(()),
        Some(ended) = running.join_next() => flatten(ended).and_then(|name| {
            if shutdown.is_triggered() { Ok(()) } else { Err(Error::Ended { service: name }) }
        }),
    };
    if let Err(error) = &first {
        tracing::error!(error = %ErrorChain(error), "a service failed; stopping the others");
    }
    stop.trigger();
    let drained = drain(running, grace).await;
    // It ends with the signal; only a panic could be in the way, and would have been told.
    let _ = telling.await;
    first.and(drained)
}

type Ended = Result<String, Error>;

fn start(bound: Vec<Bound>, stop: &Shutdown) -> JoinSet<Ended> {
    let mut running = JoinSet::new();
    for service in bound {
        let name = service.name.clone();
        match service.address {
            Some(address) => tracing::info!(service = name, %address, "listening"),
            None => tracing::info!(service = name, "started"),
        }
        let serving = AssertUnwindSafe(service.serve(stop.clone())).catch_unwind();
        running.spawn(async move {
            match serving.await {
                Ok(Ok(())) => Ok(name),
                Ok(Err(source)) => Err(Error::Failed {
                    service: name,
                    source,
                }),
                Err(_) => Err(Error::Panicked { service: name }),
            }
        });
    }
    running
}

async fn drain(mut running: JoinSet<Ended>, grace: Duration) -> Result<(), Error> {
    let mut outcome = Ok(());
    let all_ended = async {
        while let Some(ended) = running.join_next().await {
            outcome = std::mem::replace(&mut outcome, Ok(())).and(flatten(ended).map(|_| ()));
        }
    };
    if tokio::time::timeout(grace, all_ended).await.is_ok() {
        tracing::info!("drain completed");
    } else {
        tracing::warn!(
            "grace period of {}s elapsed with work still in flight",
            grace.as_secs()
        );
        running.abort_all();
    }
    outcome
}

/// Tasks catch their own panics and nobody cancels them before the end, so a join error can only
/// come from a panic while panicking.
fn flatten(ended: Result<Ended, tokio::task::JoinError>) -> Ended {
    ended.unwrap_or_else(|_| {
        Err(Error::Panicked {
            service: "a service".to_owned(),
        })
    })
}
