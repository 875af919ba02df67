//! What is queryable: the views and how their rows are produced.
//!
//! A view instance is a table: `partitions ∪ tail`, at one snapshot of the commit clock.
//!
//! ```text
//! PartitionedTable ──┬─► partitions::scan: Parquet objects, pruned by event time
//!                    └─► View::source: the tail, from blocks or from another view
//!                          EventsView ─► events_scan ─► blocks_scan ─► decode
//!                          ChainsView ─► chains ──────► blocks_scan ─► decode
//!                          CatalogView: rows of the catalog (blocks, processes, streams)
//!                          LogStatsView: sums over log_entries
//! ```
//!
//! - A partition covers a half-open range of insert times that is over, so it is complete
//!   for ever. What no active partition covers is the tail; which is which never changes
//!   an answer.
//! - Views that sum up blocks ([`merged_table`]) add up the rows of both.
//! - [`upkeep`] and [`regenerate`] make and merge partitions of global views when they are
//!   told to; [`just_in_time`] those of other instances, behind the queries of them.
//! - [`archive`] lets old block rows leave the catalog; [`archived_blocks`] reads them from
//!   the partitions of the `blocks` view.
//! - [`block_payloads`] finds single blocks by their ids, wherever their rows are.
//! - All of it runs within the [`Resources`] of the process.

mod archive;
mod archived_blocks;
mod block_payloads;
mod blocks_scan;
mod blocks_view;
mod catalog_view;
mod chains;
mod columns;
mod context;
mod describe;
mod error;
mod events_scan;
mod events_view;
mod insert_ranges;
mod instances;
mod just_in_time;
mod lakehouse;
mod log_stats_view;
mod materialize;
mod merged_table;
mod owners;
mod owners_views;
mod partitioned_table;
mod partitions;
mod parts_table;
mod predicate;
mod regenerate;
mod resources;
mod rounds;
mod upkeep;
mod view;

pub use context::{ScanContext, ScanCounters};
pub use decode::BlockObjects;
pub use decode::thread_name;
pub use describe::{ViewSetDoc, ViewSetInfo, view_set_docs};
pub use error::{Error, Result};
pub use lakehouse::{GlobalView, Lakehouse};
pub use materialize::Outcome;
pub use regenerate::{Regeneration, is_irreplaceable};
pub use resources::{ResourceConfig, Resources, bounded_pool};
pub use rounds::Rounds;
pub use upkeep::{Effort, Gaps, Upkeep};
pub use view::GLOBAL_INSTANCE;
