//! Decoding of whole blocks: worked examples, every event type, recorded traffic,
//! hostile bytes.

mod async_span_events;
mod captures;
mod chains;
mod hostile;
mod image_events;
mod log_events;
mod metric_events;
mod object_bounds;
mod objects;
mod options;
mod support;
mod vectors;
