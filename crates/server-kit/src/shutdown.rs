//! The one signal that ends every service.

use std::io;

use tokio_util::sync::CancellationToken;

/// A stop signal that any number of parties can wait for. One that starts to wait after the
/// signal returns at once. Cheap to clone; clones are the same signal.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    pub fn new() -> Self {
        Self::default()
    }

    /// Triggered by SIGTERM or SIGINT (Ctrl-C where there are no signals). A second signal
    /// ends the process at once, with the exit status that a shell reports for that signal.
    ///
    /// # Errors
    /// The signal handlers can not be installed.
    pub fn on_signals() -> io::Result<Self> {
        let shutdown = Self::new();
        let mut signals = Signals::listen()?;
        let triggered = shutdown.clone();
        tokio::spawn(async move {
            let (name, _) = signals.next().await;
            tracing::info!(signal = name, "stopping; a second signal exits at once");
            triggered.trigger();
            let (name, number) = signals.next().await;
            tracing::warn!(signal = name, "second signal, exiting at once");
            std::process::exit(128 + number);
        });
        Ok(shutdown)
    }

    /// A signal of its own that this one triggers as well.
    pub fn child(&self) -> Self {
        Self(self.0.child_token())
    }

    pub fn trigger(&self) {
        self.0.cancel();
    }

    pub fn is_triggered(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Completes when the signal comes. Owns its part, so it can be handed to a server that
    /// asks for a `'static` future.
    pub fn wait(&self) -> impl Future<Output = ()> + Send + 'static {
        self.0.clone().cancelled_owned()
    }
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> (&'static str, i32) {
        tokio::select! {
            _ = self.terminate.recv() => ("SIGTERM", 15),
            _ = self.interrupt.recv() => ("SIGINT", 2),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> (&'static str, i32) {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler there is nothing to wait for.
            std::future::pending::<()>().await;
        }
        ("Ctrl-C", 2)
    }
}
