//! Maintenance of real lakes, at times that the tests choose.

mod cleaning;
mod election;
mod house;
mod passes;
mod retention;
