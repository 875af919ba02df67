//! Which catalog and which object store make up the lake.

use std::fmt;
use std::path::{Path, PathBuf};

use catalog::{Catalog, CatalogConfig};
use lake::Lake;

use crate::variables::{
    MICROMEGAS_DATA_DIR, MICROMEGAS_OBJECT_STORE_URI, MICROMEGAS_SQL_CONNECTION_STRING,
};
use crate::{Environment, Problems, gather};

#[cfg(test)]
mod tests;

const DEFAULT_DATA_DIR: &str = "./micromegas-data";
const CATALOG_FILE: &str = "catalog.db";
const OBJECTS_FOLDER: &str = "objects";
const SPILL_FOLDER: &str = "spill";

/// Names of the variables that are options of the object store.
const STORE_OPTIONS: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

/// Enough for two commits and the registrations and queries beside them; PostgreSQL allows 100
/// to all clients by default.
const CONNECTIONS_MAX: u32 = 16;

/// Flags of a process that can bring its own lake.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct LakeArgs {
    /// Folder for what is kept locally: the catalog unless MICROMEGAS_SQL_CONNECTION_STRING is set,
    /// the objects unless MICROMEGAS_OBJECT_STORE_URI is set, and what queries spill to disk
    /// [env: MICROMEGAS_DATA_DIR] [default: ./micromegas-data]
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
}

impl LakeArgs {
    /// Embedded by default; each variable that is set replaces its half.
    ///
    /// # Errors
    /// A variable is malformed, or the halves do not fit.
    pub fn config(&self, environment: &Environment) -> Result<LakeSettings, Problems> {
        let (database, objects, data_dir) = gather((
            database(environment),
            objects(environment),
            self.data_dir(environment),
        ))?;
        let database = match database {
            Some(database) => database,
            None => Database::in_folder(&data_dir)?,
        };
        let objects = match objects {
            Some(objects) => objects,
            None => Objects::in_folder(&data_dir)?,
        };
        LakeSettings::of(database, objects, environment)
    }

    /// Where queries put what does not fit into memory.
    ///
    /// # Errors
    /// The data folder can not be told.
    pub fn spill_folder(&self, environment: &Environment) -> Result<PathBuf, Problems> {
        Ok(self.data_dir(environment)?.join(SPILL_FOLDER))
    }

    fn data_dir(&self, environment: &Environment) -> Result<PathBuf, Problems> {
        let variable = environment.text(MICROMEGAS_DATA_DIR)?;
        let folder = self.data_dir.clone().or(variable.map(PathBuf::from));
        let folder = folder.unwrap_or_else(|| DEFAULT_DATA_DIR.into());
        // URLs of folders need absolute paths.
        std::path::absolute(folder)
            .map_err(|_| Problems::one("the data folder has no absolute path"))
    }
}

/// Catalog and object store of one lake. Prints no secrets.
#[derive(Clone)]
pub struct LakeSettings {
    database: CatalogConfig,
    objects: Objects,
    store_options: Vec<(String, String)>,
}

/// Why the lake can not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("opening the object store")]
    ObjectStore(#[source] lake::Error),
    #[error("opening the catalog")]
    Catalog(#[source] catalog::Error),
}

impl LakeSettings {
    /// For a process with one role, which shares its lake with other processes: both halves must
    /// be given, and visible to the others.
    ///
    /// # Errors
    /// A variable is not set or malformed, or the halves do not fit.
    pub fn required(environment: &Environment) -> Result<Self, Problems> {
        let (database, objects) = gather((
            database(environment).and_then(|found| found.ok_or_else(missing_database)),
            objects(environment).and_then(|found| found.ok_or_else(missing_objects)),
        ))?;
        if objects.kind == ObjectsKind::Memory {
            return Err(Problems::one(format!(
                "{MICROMEGAS_OBJECT_STORE_URI} must not be memory://: the other processes of the \
                 lake could not see the objects"
            )));
        }
        Self::of(database, objects, environment)
    }

    fn of(
        database: Database,
        objects: Objects,
        environment: &Environment,
    ) -> Result<Self, Problems> {
        if database.kind == DatabaseKind::Sqlite && objects.kind == ObjectsKind::Shared {
            return Err(Problems::one(format!(
                "a SQLite catalog can not go with a shared object store: other machines would see \
                 the objects but not the catalog that says what they hold, and a second machine \
                 would start a catalog of its own over the same objects; set \
                 {MICROMEGAS_SQL_CONNECTION_STRING} to a postgres:// database, or keep the objects \
                 on this machine"
            )));
        }
        Ok(Self {
            database: CatalogConfig {
                url: database.url,
                max_connections: CONNECTIONS_MAX,
                cache_bytes: 0,
            },
            objects,
            store_options: store_options(environment),
        })
    }

    /// Connects to both; creates what is local and missing. The catalog may keep so many bytes of
    /// its rows in memory.
    ///
    /// # Errors
    /// One of them can not be opened. The message holds no secrets.
    pub async fn open(&self, catalog_cache_bytes: u64) -> Result<(Catalog, Lake), OpenError> {
        if self.objects.kind == ObjectsKind::Memory {
            tracing::warn!("the objects are kept in memory and are lost when the process ends");
        }
        let lake = Lake::open(&self.objects.uri, self.store_options.clone())
            .map_err(OpenError::ObjectStore)?;
        let database = CatalogConfig {
            cache_bytes: catalog_cache_bytes,
            ..self.database.clone()
        };
        let catalog = Catalog::connect(&database)
            .await
            .map_err(OpenError::Catalog)?;
        Ok((catalog, lake))
    }
}

impl fmt::Debug for LakeSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LakeSettings")
            .field("database", &self.database)
            .field("objects", &self.objects.kind)
            .finish_non_exhaustive()
    }
}

// === Database ===

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DatabaseKind {
    Sqlite,
    Postgres,
}

struct Database {
    kind: DatabaseKind,
    url: String,
}

fn database(environment: &Environment) -> Result<Option<Database>, Problems> {
    let Some(url) = environment.text(MICROMEGAS_SQL_CONNECTION_STRING)? else {
        return Ok(None);
    };
    let kind = match url.split_once("://") {
        Some(("sqlite", _)) => DatabaseKind::Sqlite,
        Some(("postgres" | "postgresql", _)) => DatabaseKind::Postgres,
        _ => {
            return Err(Problems::one(format!(
                "{MICROMEGAS_SQL_CONNECTION_STRING} must start with sqlite:// or postgres://"
            )));
        }
    };
    let url = url.to_owned();
    Ok(Some(Database { kind, url }))
}

impl Database {
    fn in_folder(folder: &Path) -> Result<Self, Problems> {
        let path = folder.join(CATALOG_FILE);
        Ok(Self {
            kind: DatabaseKind::Sqlite,
            url: format!("sqlite://{}", text_of(&path)?),
        })
    }
}

fn missing_database() -> Problems {
    Problems::one(format!(
        "{MICROMEGAS_SQL_CONNECTION_STRING} is not set; it names the catalog's database, such as \
         postgres://user:password@host/database"
    ))
}

// === Objects ===

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ObjectsKind {
    /// Files of this machine.
    Files,
    /// This process only.
    Memory,
    /// Any machine can reach it.
    Shared,
}

#[derive(Clone)]
struct Objects {
    kind: ObjectsKind,
    uri: String,
}

fn objects(environment: &Environment) -> Result<Option<Objects>, Problems> {
    let Some(uri) = environment.text(MICROMEGAS_OBJECT_STORE_URI)? else {
        return Ok(None);
    };
    let scheme = uri.split_once("://").map(|(scheme, _)| scheme);
    let kind = match scheme {
        Some("file") => ObjectsKind::Files,
        Some("memory") => ObjectsKind::Memory,
        Some("s3" | "s3a" | "gs" | "az") => ObjectsKind::Shared,
        _ => {
            return Err(Problems::one(format!(
                "{MICROMEGAS_OBJECT_STORE_URI} must start with file://, s3://, gs://, az:// or \
                 memory://"
            )));
        }
    };
    Ok(Some(Objects {
        kind,
        uri: uri.to_owned(),
    }))
}

impl Objects {
    fn in_folder(folder: &Path) -> Result<Self, Problems> {
        let folder = folder.join(OBJECTS_FOLDER);
        Ok(Self {
            kind: ObjectsKind::Files,
            uri: format!("file://{}", text_of(&folder)?),
        })
    }
}

/// What the environment holds for object stores.
pub(crate) fn store_options(environment: &Environment) -> Vec<(String, String)> {
    environment.with_prefixes(&STORE_OPTIONS)
}

fn missing_objects() -> Problems {
    Problems::one(format!(
        "{MICROMEGAS_OBJECT_STORE_URI} is not set; it names the root of the lake's objects, such \
         as s3://bucket/prefix"
    ))
}

fn text_of(path: &Path) -> Result<&str, Problems> {
    path.to_str()
        .ok_or_else(|| Problems::one("the path of the data folder is not valid Unicode"))
}
