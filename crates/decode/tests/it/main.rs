//! Decoding of whole blocks: worked examples, every event type, recorded traffic,
//! hostile bytes.

mod captures;
mod hostile;
mod log_events;
mod metric_events;
mod options;
mod support;
mod vectors;
