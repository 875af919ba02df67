//! The gateway's router over HTTP, in front of a Flight SQL server with prepared answers.

mod backend;
mod errors;
mod gateway;
mod limits;
mod log;
mod results;
mod streaming;
mod validation;
