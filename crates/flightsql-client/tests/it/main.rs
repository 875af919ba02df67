//! The client against real connections and a Flight SQL server with prepared answers.

mod backend;
mod connections;
mod queries;
