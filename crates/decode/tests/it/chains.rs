//! Tables whose rows come from chains of blocks.

mod call_trees;
mod hostile;
mod model;
mod net_events;
mod reading;
mod recordings;
mod rust_thread;
mod span_events;
mod steps;
mod support;
