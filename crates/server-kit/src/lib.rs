//! One shape for every service: a plain configuration makes a [`Service`], and [`run`] tells
//! its life.
//!
//! ```text
//! bind every address ── serve ── SIGTERM / SIGINT / first failure ── stop accepting ── drain ── return
//! ```
//!
//! Beside the life cycle: logging, counters, health and readiness, the request log, the JSON error
//! body.
//! Nothing here reads the environment or knows what a service does.

mod error;
mod error_chain;
mod health;
mod http_server;
mod json_error;
mod logging;
mod metrics;
mod request_log;
mod run;
mod service;
mod shutdown;

pub use error::{BoxError, Error};
pub use error_chain::ErrorChain;
pub use health::{Readiness, health_router};
pub use json_error::json_error;
pub use logging::{LogFilterError, init_logging};
pub use metrics::{Counter, METRICS_TARGET};
pub use request_log::{RequestId, with_request_log};
pub use run::run;
pub use service::{Bind, Service};
pub use shutdown::Shutdown;
