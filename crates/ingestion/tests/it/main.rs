//! Ingestion through its real router on a free port, over a SQLite catalog and files.

mod budget;
mod doors;
mod envelope;
mod failures;
mod grouping;
mod raw_socket;
mod replay;
mod server;
mod statuses;
