//! The tables that statements can name.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::error::Result;

use crate::static_tables::{StaticTables, StaticTablesConfig};

/// The global tables of the lake and those of files, each in alphabetical order.
#[derive(Debug)]
pub(crate) struct Tables {
    views: BTreeMap<&'static str, Arc<dyn TableProvider>>,
    files: Option<StaticTables>,
}

impl Tables {
    /// Called within a Tokio runtime.
    pub fn new(
        views: Vec<(&'static str, Arc<dyn TableProvider>)>,
        files: Option<&StaticTablesConfig>,
    ) -> Self {
        let names: Vec<_> = views.iter().map(|(name, _)| *name).collect();
        Self {
            views: views.into_iter().collect(),
            files: files.map(|config| StaticTables::start(config, names)),
        }
    }
}

#[async_trait]
impl SchemaProvider for Tables {
    fn table_names(&self) -> Vec<String> {
        let views = self.views.keys().map(|name| (*name).to_owned());
        views
            .chain(self.files.iter().flat_map(StaticTables::names))
            .collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(view) = self.views.get(name) {
            return Ok(Some(Arc::clone(view)));
        }
        match &self.files {
            Some(files) => Ok(files.table(name).await),
            None => Ok(None),
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        let files = self.files.as_ref();
        self.views.contains_key(name) || files.is_some_and(|files| files.contains(name))
    }
}
