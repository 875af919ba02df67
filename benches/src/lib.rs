//! Load generators, yardsticks, and the table of performance.
//!
//! A figure means little alone: machines differ, and so do two hours of one
//! shared machine. So every row is measured several times and stands beside a
//! yardstick from the same run, something that no design can make faster: what
//! the disk, the memory or an empty loop over the network does.
//!
//! The load generators run on the machine they load. They therefore speak
//! plain HTTP/1.1 over a socket, with requests built beforehand.

mod args;
mod cbor;
mod data;
mod envelopes;
mod generators;
mod growth;
mod http;
mod lake;
mod random;
mod replay;
mod rows;
mod stats;
mod table;
mod yardsticks;

pub use args::parse_address;
pub use data::LogData;
pub use envelopes::BlockTemplate;
pub use generators::{flight, gateway, ingest};
pub use growth::{Growth, GrowthPlan, GrowthSetting, measure_growth};
pub use lake::{Backend, Lake};
pub use random::Random;
pub use replay::{Replay, Summary, replay};
pub use rows::{Context, Plan, run_rows};
pub use stats::{Latencies, median};
pub use table::{Measured, Row, markdown, write_section};
pub use yardsticks::{Yardsticks, measure as measure_yardsticks};
