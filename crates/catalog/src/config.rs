//! Which database the catalog lives in.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use crate::{Error, Result};

/// How to reach the catalog's database.
#[derive(Clone)]
pub struct CatalogConfig {
    /// `sqlite:///path/catalog.db` (absolute), `sqlite://path/catalog.db` (relative; the
    /// path is taken literally, without escapes or parameters) or
    /// `postgres://user:password@host/database`. May hold a password, so it is not printed.
    pub url: String,
    /// Connections to PostgreSQL, or reading connections to SQLite, at most; at least 1.
    pub max_connections: u32,
    /// Memory for what is read again and again: half of it for the owners of blocks, the other
    /// half for the pages of SQLite's writer, which gets a little in any case.
    pub cache_bytes: u64,
}

impl fmt::Debug for CatalogConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = match Target::parse(&self.url) {
            Ok(Target::Sqlite(_)) => self.url.as_str(),
            Ok(Target::Postgres(_)) => "postgres://…",
            Err(_) => "…",
        };
        f.debug_struct("CatalogConfig")
            .field("url", &shown)
            .field("max_connections", &self.max_connections)
            .field("cache_bytes", &self.cache_bytes)
            .finish()
    }
}

/// What a URL names.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

impl Target {
    pub fn parse(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            return match path {
                "" | "/" => Err(Error::UnsupportedUrl),
                path if path.ends_with('/') || path.starts_with(":memory:") => {
                    Err(Error::UnsupportedUrl)
                }
                path => Ok(Self::Sqlite(path.into())),
            };
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            // The parser's own message may quote the URL, and with it the password.
            let options = PgConnectOptions::from_str(url).map_err(|_| Error::UnsupportedUrl)?;
            return Ok(Self::Postgres(Box::new(options)));
        }
        Err(Error::UnsupportedUrl)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn urls_name_a_file_or_a_server() {
        for (url, expected) in [
            ("sqlite:///data/catalog.db", "/data/catalog.db"),
            ("sqlite://data/catalog.db", "data/catalog.db"),
            ("sqlite://odd %20name?.db", "odd %20name?.db"),
        ] {
            let Ok(Target::Sqlite(path)) = Target::parse(url) else {
                panic!("{url} is a SQLite URL");
            };
            assert_eq!(path, Path::new(expected));
        }
        for url in [
            "postgres://u:p@h:5433/db",
            "postgresql://h/db?sslmode=disable",
        ] {
            assert!(matches!(Target::parse(url), Ok(Target::Postgres(_))));
        }
    }

    #[test]
    fn other_urls_are_refused_with_both_forms_and_without_the_secret() {
        for url in [
            "",
            "sqlite://",
            "sqlite:///",
            "sqlite://folder/",
            "sqlite://:memory:",
            "catalog.db",
            "mysql://u:hunter2@h/db",
            "postgres://u:hunter2@h:notaport/db",
            "postgres://u:hunter2@[h/db",
        ] {
            let error = Target::parse(url).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(
                text.contains("sqlite://") && text.contains("postgres://"),
                "{text}"
            );
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn the_password_is_not_printed() {
        for url in ["postgres://u:hunter2@h/db", "mysql://u:hunter2@h/db"] {
            let config = CatalogConfig {
                url: url.to_owned(),
                max_connections: 3,
                cache_bytes: 4,
            };
            let text = format!("{config:?}");
            assert!(!text.contains("hunter2"), "{text}");
            assert!(text.contains('3') && text.contains('4'), "{text}");
        }
    }
}
