//! Real components for tests: PostgreSQL, an S3 server, an OpenID provider, Python,
//! the product's own binaries, and recorded producer traffic; and [`FaultStore`], which
//! lets a real object store fail.
//!
//! Everything listens on free loopback ports, keeps its files in a temporary
//! folder and ends with its owner: dropping the value stops it, and a small
//! watchdog process stops it when the test process is killed before it could drop
//! anything. Nothing here is skipped silently: a component that is not installed is
//! an error that says how to install it.
//!
//! | what | found through |
//! |---|---|
//! | [`Postgres`] | `PATH`, `/usr/lib/postgresql/*/bin` |
//! | [`S3Server`] | `MICROMEGAS_TEST_WEED`, the test venv, `PATH` |
//! | [`OidcProvider`] | the test venv (Node.js), `MICROMEGAS_TEST_NODE` (npm packages) |
//! | [`Python`] | `MICROMEGAS_TEST_PYTHON`, the test venv |
//! | [`Server`] | `MICROMEGAS_TEST_BIN_DIR`, the build folder of the running test |
//!
//! The test venv is `MICROMEGAS_TEST_VENV`; `cargo xtask test` sets it and
//! `MICROMEGAS_TEST_NODE`.

mod captures;
mod fault_store;
mod faults;
mod locate;
mod oidc;
mod port;
mod postgres;
mod process;
mod python;
mod routes;
mod s3;
mod server;
mod span_program;
mod wait;

pub use captures::{Capture, Request};
pub use fault_store::FaultStore;
pub use faults::{Fault, Faults};
pub use oidc::{Jwt, OidcOptions, OidcProvider, Tokens};
pub use port::free_port;
pub use postgres::{Postgres, PostgresConfig};
pub use python::Python;
pub use routes::route_paths;
pub use s3::S3Server;
pub use server::{Finished, Server, ServerCommand};
pub use span_program::{SPANS_OF_TREE, SpanProgram};
pub use wait::wait_until;
