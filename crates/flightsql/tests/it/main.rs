//! The service in process, on a port of its own, spoken to by real Flight clients.

mod attribution;
mod audit;
mod bulk_upload;
mod callers;
mod cancellation;
mod clients;
mod doors;
mod errors;
mod front;
mod harness;
mod headers;
mod metadata;
mod prepared;
mod statements;
