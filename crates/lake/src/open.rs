//! From a URI to a store.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::prefix::PrefixStore;

use crate::{Error, Result};

/// What a URI names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Location<'a> {
    Folder(PathBuf),
    Memory,
    Remote {
        provider: Provider,
        bucket: &'a str,
        prefix: ObjectPath,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    S3,
    Google,
    Azure,
}

impl<'a> Location<'a> {
    pub fn parse(uri: &'a str) -> Result<Self> {
        let (scheme, rest) = uri.split_once("://").ok_or(Error::UnsupportedUri)?;
        let provider = match scheme {
            "file" if Path::new(rest).is_absolute() => return Ok(Self::Folder(rest.into())),
            "memory" if rest.is_empty() || rest == "/" => return Ok(Self::Memory),
            "s3" | "s3a" => Provider::S3,
            "gs" => Provider::Google,
            "az" => Provider::Azure,
            _ => return Err(Error::UnsupportedUri),
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        // Credentials belong into options; here they would end up in logs.
        let is_bucket = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if bucket.is_empty() || !bucket.chars().all(is_bucket) {
            return Err(Error::UnsupportedUri);
        }
        Ok(Self::Remote {
            provider,
            bucket,
            prefix: ObjectPath::parse(prefix).map_err(|_| Error::UnsupportedUri)?,
        })
    }
}

/// A store whose paths are relative to the root of the lake.
pub(crate) fn memory_store() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

/// The same in a bucket. Options that the provider does not know are ignored: the
/// caller passes on what the environment holds.
pub(crate) fn remote_store(
    provider: Provider,
    bucket: &str,
    prefix: ObjectPath,
    options: impl IntoIterator<Item = (String, String)>,
) -> Result<Arc<dyn ObjectStore>> {
    match provider {
        Provider::S3 => {
            let builder = AmazonS3Builder::new();
            let builder = known::<AmazonS3ConfigKey>(options)
                .fold(builder, |builder, (key, value)| {
                    builder.with_config(key, value)
                });
            let store = builder.with_bucket_name(bucket).build();
            below(store.map_err(Error::Configuration)?, prefix)
        }
        Provider::Google => {
            let builder = GoogleCloudStorageBuilder::new();
            let builder = known::<GoogleConfigKey>(options)
                .fold(builder, |builder, (key, value)| {
                    builder.with_config(key, value)
                });
            let store = builder.with_bucket_name(bucket).build();
            below(store.map_err(Error::Configuration)?, prefix)
        }
        Provider::Azure => {
            let builder = MicrosoftAzureBuilder::new();
            let builder = known::<AzureConfigKey>(options)
                .fold(builder, |builder, (key, value)| {
                    builder.with_config(key, value)
                });
            let store = builder.with_container_name(bucket).build();
            below(store.map_err(Error::Configuration)?, prefix)
        }
    }
}

fn known<K: FromStr>(
    options: impl IntoIterator<Item = (String, String)>,
) -> impl Iterator<Item = (K, String)> {
    options.into_iter().filter_map(|(name, value)| {
        let key = name.to_ascii_lowercase().parse().ok()?;
        Some((key, value))
    })
}

fn below(store: impl ObjectStore, prefix: ObjectPath) -> Result<Arc<dyn ObjectStore>> {
    if prefix == ObjectPath::default() {
        Ok(Arc::new(store))
    } else {
        Ok(Arc::new(PrefixStore::new(store, prefix)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(provider: Provider, bucket: &'static str, prefix: &str) -> Location<'static> {
        Location::Remote {
            provider,
            bucket,
            prefix: prefix.into(),
        }
    }

    #[test]
    fn uris_name_a_folder_or_a_bucket() {
        for (uri, expected) in [
            ("file:///data/lake", Location::Folder("/data/lake".into())),
            (
                "file:///odd %20name",
                Location::Folder("/odd %20name".into()),
            ),
            ("memory:///", Location::Memory),
            ("memory://", Location::Memory),
            ("s3://bucket", remote(Provider::S3, "bucket", "")),
            ("s3://bucket/", remote(Provider::S3, "bucket", "")),
            (
                "s3://my.bucket/a/b/",
                remote(Provider::S3, "my.bucket", "a/b"),
            ),
            ("gs://bucket/a", remote(Provider::Google, "bucket", "a")),
            (
                "az://container/a",
                remote(Provider::Azure, "container", "a"),
            ),
        ] {
            assert_eq!(Location::parse(uri).unwrap(), expected, "{uri}");
        }
    }

    #[test]
    fn other_uris_are_refused_with_the_accepted_schemes_and_without_the_secret() {
        for uri in [
            "",
            "/data",
            "file://data",
            "file://host/data",
            "memory:///x",
            "http://host/bucket",
            "s3://",
            "s3:///prefix",
            "s3://key:hunter2@bucket/prefix",
            "s3://bucket/a//b",
            "s3://bucket/../b",
        ] {
            let error = Location::parse(uri).unwrap_err();
            let text = error.to_string();
            for scheme in ["file://", "memory://", "s3://", "gs://", "az://"] {
                assert!(text.contains(scheme), "{text}");
            }
            assert!(!format!("{error:?}{text}").contains("hunter2"));
        }
    }

    #[test]
    fn options_are_used_or_ignored_and_bad_values_are_errors() {
        let open = |provider, options: &[(&str, &str)]| {
            let options = options.iter();
            let options = options.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            remote_store(provider, "bucket", ObjectPath::default(), options)
        };
        let s3 = [
            ("AWS_ENDPOINT", "http://127.0.0.1:1"),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("UNKNOWN_OPTION", "x"),
        ];
        assert!(open(Provider::S3, &s3).is_ok());
        assert!(
            open(
                Provider::Azure,
                &[("AZURE_STORAGE_ACCOUNT_NAME", "account")]
            )
            .is_ok()
        );
        assert!(open(Provider::Google, &[("GOOGLE_SKIP_SIGNATURE", "true")]).is_ok());
        let error = open(Provider::S3, &[("AWS_ALLOW_HTTP", "perhaps")]).unwrap_err();
        assert!(matches!(error, Error::Configuration(_)));
    }
}
