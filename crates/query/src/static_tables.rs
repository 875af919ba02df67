//! Tables that operators lay down as files: `<name>.csv` and `<name>.json` below a prefix of any
//! object store.
//!
//! A task in the background lists the prefix and reads the columns of files that are new or
//! changed; statements find what it published last. Rows are read anew by every query. A file
//! that is no table costs a warning and nothing else.

mod csv;
mod discovery;
mod error;
mod format;
mod json;
mod rows;
mod sample;
mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use datafusion::catalog::TableProvider;
use datafusion::common::runtime::SpawnedTask;
use lake::StaticFiles;
use tokio::sync::watch;

use discovery::Discovery;

/// How long a statement waits for the first listing, if its table may be in it.
const FIRST_LISTING_MAX: Duration = Duration::from_secs(10);

/// Where static tables are, and how often to look for new ones.
#[derive(Debug, Clone)]
pub struct StaticTablesConfig {
    pub files: StaticFiles,
    pub refresh: Duration,
}

impl StaticTablesConfig {
    /// Looks so often that who lays down a file need not wait long, and so rarely that the
    /// listings cost next to nothing.
    pub const DEFAULT_REFRESH: Duration = Duration::from_secs(30);
}

type Tables = BTreeMap<String, Arc<dyn TableProvider>>;
/// Nothing before the first listing.
type Published = Option<Arc<Tables>>;

/// Those that were found last.
pub(crate) struct StaticTables {
    published: watch::Receiver<Published>,
    _looking: SpawnedTask<()>,
}

impl StaticTables {
    /// Called within a Tokio runtime. `taken` are the names that other tables have.
    pub fn start(config: &StaticTablesConfig, taken: Vec<&'static str>) -> Self {
        let (publish, published) = watch::channel(None);
        let mut discovery = Discovery::new(config.files.clone(), taken);
        let mut ticks = discovery::ticks(config.refresh);
        let looking = SpawnedTask::spawn(async move {
            loop {
                ticks.tick().await;
                let tables = discovery.refresh().await;
                publish.send_replace(Some(Arc::new(tables)));
            }
        });
        Self {
            published,
            _looking: looking,
        }
    }

    pub fn names(&self) -> Vec<String> {
        let published = self.published.borrow();
        let tables = published.iter().flat_map(|tables| tables.keys());
        tables.cloned().collect()
    }

    pub fn contains(&self, name: &str) -> bool {
        let published = self.published.borrow();
        published
            .as_ref()
            .is_some_and(|tables| tables.contains_key(name))
    }

    /// Right after the start this waits for the first listing.
    pub async fn table(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        let mut published = self.published.clone();
        let first = published.wait_for(Option::is_some);
        let tables = tokio::time::timeout(FIRST_LISTING_MAX, first).await.ok()?;
        tables.ok()?.as_ref()?.get(name).map(Arc::clone)
    }
}

impl fmt::Debug for StaticTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticTables")
            .field("names", &self.names())
            .finish_non_exhaustive()
    }
}
