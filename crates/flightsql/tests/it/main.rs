//! The service in process, on a port of its own, spoken to by real Flight clients.

mod audit;
mod cancellation;
mod clients;
mod errors;
mod front;
mod harness;
mod headers;
mod metadata;
mod prepared;
mod statements;
