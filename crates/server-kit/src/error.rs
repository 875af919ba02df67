//! Why [`crate::run`] did not end well.

use std::net::SocketAddr;

/// What a service of any kind may fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The failure of one service, which stopped the others.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{service} can not listen on {address}")]
    Bind {
        service: String,
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("{service} can not use the listener it was given")]
    Listener {
        service: String,
        source: std::io::Error,
    },
    #[error("{service} failed")]
    Failed { service: String, source: BoxError },
    #[error("{service} panicked")]
    Panicked { service: String },
    #[error("{service} ended although nobody asked it to stop")]
    Ended { service: String },
}
