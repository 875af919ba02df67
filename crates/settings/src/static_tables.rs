//! Where files lie that are tables.

use lake::StaticFiles;
use query::StaticTablesConfig;

use crate::lake::store_options;
use crate::variables::MICROMEGAS_STATIC_TABLES_URL;
use crate::{Environment, Problems};

const FLAG: &str = "--static-tables-url";

/// Flags of what is queried beside the lake.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct StaticTablesArgs {
    /// Folder or prefix of files that are tables: each .csv with a header and each .json with one
    /// object per line, named as the file is; file:///folder, s3://bucket/prefix,
    /// gs://bucket/prefix or az://container/prefix
    /// [env: MICROMEGAS_STATIC_TABLES_URL] [default: no such tables]
    #[arg(long, value_name = "URL")]
    pub static_tables_url: Option<String>,
}

impl StaticTablesArgs {
    /// Nothing is read yet: what lies there, and whether anything does, is found out later.
    ///
    /// # Errors
    /// The URL is malformed, or the options of its store are.
    pub fn config(
        &self,
        environment: &Environment,
    ) -> Result<Option<StaticTablesConfig>, Problems> {
        let (name, url) = match &self.static_tables_url {
            Some(url) => (FLAG, Some(url.as_str())),
            None => (
                MICROMEGAS_STATIC_TABLES_URL,
                environment.text(MICROMEGAS_STATIC_TABLES_URL)?,
            ),
        };
        let Some(url) = url else { return Ok(None) };
        if url.starts_with("memory:") {
            return Err(malformed(name));
        }
        let files = StaticFiles::open(url, store_options(environment));
        let files = files.map_err(|error| match error {
            lake::Error::Configuration(_) => Problems::one(format!(
                "{name}: the variables with options of its object store do not fit"
            )),
            _ => malformed(name),
        })?;
        Ok(Some(StaticTablesConfig {
            files,
            refresh: StaticTablesConfig::DEFAULT_REFRESH,
        }))
    }
}

fn malformed(name: &str) -> Problems {
    Problems::one(format!(
        "{name} must be file:///folder, s3://bucket/prefix, gs://bucket/prefix or \
         az://container/prefix, without credentials"
    ))
}
