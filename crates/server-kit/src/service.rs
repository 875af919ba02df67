//! A service before it runs: its name, what it listens on, how it serves.

use std::fmt;
use std::net::SocketAddr;

use axum::Router;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::net::TcpListener;

use crate::{BoxError, Error, Shutdown, http_server};

/// Where a service listens: an address that [`crate::run`] binds, or a listener that is bound
/// already (tests listen on port 0 and need to know the port).
#[derive(Debug)]
pub enum Bind {
    Address(SocketAddr),
    Listener(TcpListener),
    /// Standard listeners are made non-blocking first.
    StdListener(std::net::TcpListener),
}

impl From<SocketAddr> for Bind {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}

impl From<TcpListener> for Bind {
    fn from(listener: TcpListener) -> Self {
        Self::Listener(listener)
    }
}

impl From<std::net::TcpListener> for Bind {
    fn from(listener: std::net::TcpListener) -> Self {
        Self::StdListener(listener)
    }
}

/// One part of a process that runs until it is told to stop.
pub struct Service {
    name: String,
    kind: Kind,
    afterwards: Vec<BoxFuture<'static, ()>>,
}

type ServeFuture = BoxFuture<'static, Result<(), BoxError>>;
type ServeOn = Box<dyn FnOnce(TcpListener, Shutdown) -> ServeFuture + Send>;

enum Kind {
    Listening {
        bind: Bind,
        serve: ServeOn,
    },
    Future {
        /// None: it does not listen.
        address: Option<SocketAddr>,
        serve: Box<dyn FnOnce(Shutdown) -> ServeFuture + Send>,
    },
}

impl Service {
    /// Serves `router` over HTTP/1.1 and HTTP/2 (prior knowledge). A handler that panics
    /// answers 500 and harms nobody else. The peer's address is in every request as
    /// [`axum::extract::ConnectInfo`].
    pub fn http(name: impl Into<String>, bind: impl Into<Bind>, router: Router) -> Self {
        Self::tcp(name, bind, |listener, shutdown| {
            http_server::serve(listener, router, shutdown)
        })
    }

    /// Any other protocol over TCP: `serve` gets the bound listener and must return after the
    /// signal, once its connections are done.
    pub fn tcp<F, Fut>(name: impl Into<String>, bind: impl Into<Bind>, serve: F) -> Self
    where
        F: FnOnce(TcpListener, Shutdown) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        Self {
            name: name.into(),
            kind: Kind::Listening {
                bind: bind.into(),
                serve: Box::new(|listener, shutdown| serve(listener, shutdown).boxed()),
            },
            afterwards: Vec::new(),
        }
    }

    /// A service whose caller has bound `address` already; `serve` must return after the
    /// signal, once its work is done.
    pub fn future<F, Fut>(name: impl Into<String>, address: SocketAddr, serve: F) -> Self
    where
        F: FnOnce(Shutdown) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        Self {
            name: name.into(),
            kind: Kind::Future {
                address: Some(address),
                serve: Box::new(|shutdown| serve(shutdown).boxed()),
            },
            afterwards: Vec::new(),
        }
    }

    /// Work that nobody connects to; it must return after the signal, once what it does is
    /// in order.
    pub fn background<F, Fut>(name: impl Into<String>, work: F) -> Self
    where
        F: FnOnce(Shutdown) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        Self {
            name: name.into(),
            kind: Kind::Future {
                address: None,
                serve: Box::new(|shutdown| work(shutdown).boxed()),
            },
            afterwards: Vec::new(),
        }
    }

    /// Work to do once this service has drained (flush a queue, close a pool). It counts
    /// against the same grace period.
    #[must_use]
    pub fn then(mut self, work: impl Future<Output = ()> + Send + 'static) -> Self {
        self.afterwards.push(work.boxed());
        self
    }

    pub(crate) async fn bind(self) -> Result<Bound, Error> {
        let Self {
            name,
            kind,
            afterwards,
        } = self;
        let (address, serve) = match kind {
            Kind::Future { address, serve } => (address, serve),
            Kind::Listening { bind, serve } => {
                let (listener, address) = listen(&name, bind).await?;
                let serve: Box<dyn FnOnce(Shutdown) -> ServeFuture + Send> =
                    Box::new(|shutdown| serve(listener, shutdown));
                (Some(address), serve)
            }
        };
        Ok(Bound {
            name,
            address,
            serve,
            afterwards,
        })
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A service that holds its address, if any, and has not served anything yet.
pub(crate) struct Bound {
    pub(crate) name: String,
    pub(crate) address: Option<SocketAddr>,
    serve: Box<dyn FnOnce(Shutdown) -> ServeFuture + Send>,
    afterwards: Vec<BoxFuture<'static, ()>>,
}

impl Bound {
    pub(crate) async fn serve(self, shutdown: Shutdown) -> Result<(), BoxError> {
        (self.serve)(shutdown).await?;
        for work in self.afterwards {
            work.await;
        }
        Ok(())
    }
}

async fn listen(name: &str, bind: Bind) -> Result<(TcpListener, SocketAddr), Error> {
    let unusable = |source| Error::Listener {
        service: name.to_owned(),
        source,
    };
    let listener = match bind {
        Bind::Listener(listener) => listener,
        Bind::StdListener(listener) => {
            listener.set_nonblocking(true).map_err(unusable)?;
            TcpListener::from_std(listener).map_err(unusable)?
        }
        Bind::Address(address) => {
            TcpListener::bind(address)
                .await
                .map_err(|source| Error::Bind {
                    service: name.to_owned(),
                    address,
                    source,
                })?
        }
    };
    let address = listener.local_addr().map_err(unusable)?;
    Ok((listener, address))
}
