//! The names of all environment variables, and what they mean.

macro_rules! variables {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {
        $(
            $(#[doc = $doc])+
            pub const $name: &str = stringify!($name);
        )+

        /// Name and meaning of every variable, in the order of this page.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), concat!($($doc),+))),+];
    };
}

variables! {
    /// Database of the catalog: `sqlite:///path/to/file` or `postgres://user:password@host/database`.
    /// All-in-one default: a SQLite file in the data folder. The other servers require it.
    MICROMEGAS_SQL_CONNECTION_STRING;
    /// Root of the lake's objects: `file:///folder`, `s3://bucket/prefix`, `gs://bucket/prefix` or
    /// `az://container/prefix`; `memory:///` in the all-in-one only. All-in-one default: a folder in
    /// the data folder. The other servers require it. Variables that start with `AWS_`, `GOOGLE_` or
    /// `AZURE_` are options of the store.
    MICROMEGAS_OBJECT_STORE_URI;
    /// API keys that are accepted: a JSON array of `{"name": "...", "key": "..."}`. The key is the
    /// bearer token; `openssl rand -base64 512 | tr -d '\n'` makes a good one.
    MICROMEGAS_API_KEYS;
    /// Issuers whose tokens are accepted: a JSON object `{"issuers": [{"issuer": "https://...",
    /// "audience": "..."}], "jwks_refresh_interval_secs": 3600, "token_cache_size": 1000,
    /// "token_cache_ttl_secs": 300}`; only `issuers` is required.
    MICROMEGAS_OIDC_CONFIG;
    /// Administrators among the callers with tokens: a JSON array of subjects and emails. Default:
    /// `[]`.
    MICROMEGAS_ADMINS;
    /// Names of API keys that may administer: a JSON array of strings. Default: `[]`, so that keys
    /// alone never make an administrator.
    MICROMEGAS_ADMIN_API_KEYS;
    /// `MICROMEGAS_API_KEYS` for the ingestion role of the all-in-one only.
    MICROMEGAS_INGESTION_API_KEYS;
    /// `MICROMEGAS_OIDC_CONFIG` for the ingestion role of the all-in-one only.
    MICROMEGAS_INGESTION_OIDC_CONFIG;
    /// `MICROMEGAS_ADMINS` for the ingestion role of the all-in-one only.
    MICROMEGAS_INGESTION_ADMINS;
    /// `MICROMEGAS_ADMIN_API_KEYS` for the ingestion role of the all-in-one only.
    MICROMEGAS_INGESTION_ADMIN_API_KEYS;
    /// `MICROMEGAS_API_KEYS` for the roles that answer queries of the all-in-one only.
    MICROMEGAS_ANALYTICS_API_KEYS;
    /// `MICROMEGAS_OIDC_CONFIG` for the roles that answer queries of the all-in-one only.
    MICROMEGAS_ANALYTICS_OIDC_CONFIG;
    /// `MICROMEGAS_ADMINS` for the roles that answer queries of the all-in-one only.
    MICROMEGAS_ANALYTICS_ADMINS;
    /// `MICROMEGAS_ADMIN_API_KEYS` for the roles that answer queries of the all-in-one only.
    MICROMEGAS_ANALYTICS_ADMIN_API_KEYS;
    /// Folder of the all-in-one for what is kept locally; flag `--data-dir`. Default:
    /// `./micromegas-data`.
    MICROMEGAS_DATA_DIR;
    /// Memory for everything in the process that grows with the load, in MiB. Each part gets its
    /// share: request bodies, queries, caches, and a reserve. Default: half of what the machine or
    /// the container has, or 1024 if that can not be told. The variables of single parts must fit
    /// into it when it is set, and raise it when it is not.
    MICROMEGAS_MEMORY_BUDGET_MB;
    /// Memory for request bodies in flight in ingestion, in MiB, at least 100; above it the answer is
    /// 503. Default: a share of the budget.
    MICROMEGAS_INGESTION_IN_FLIGHT_MB;
    /// Memory for queries, in MiB, over the whole process; one query gets up to three quarters of
    /// it. Default: a share of the budget.
    MICROMEGAS_DATAFUSION_MEMORY_BUDGET_MB;
    /// Memory for the footers of Parquet files, in MiB; 0 keeps none. Default: a share of the budget.
    MICROMEGAS_METADATA_CACHE_MB;
    /// Memory for ranges of objects that queries read, in MiB; 0 keeps none. Default: a share of the
    /// budget.
    MICROMEGAS_OBJECT_CACHE_L1_MB;
    /// Disk space that queries may spill to, in MiB, over the whole process. Default: 102400.
    MICROMEGAS_DATAFUSION_MAX_TEMP_DIRECTORY_MB;
    /// Seconds between two readings of the query deny list. Default: 10.
    MICROMEGAS_QUERY_DENY_REFRESH_SECONDS;
    /// Seconds that a query may take, at most 3600: what it reads is kept for somewhat longer.
    /// Default: 3600.
    MICROMEGAS_QUERY_TIME_MAX_SECONDS;
    /// Folder or prefix of files that are tables beside those of the lake: each `<name>.csv` with a
    /// header and each `<name>.json` with one object per line, of any folder below. The same URLs as
    /// `MICROMEGAS_OBJECT_STORE_URI` without `memory://`, and the same variables with options; flag
    /// `--static-tables-url`. Default: none.
    MICROMEGAS_STATIC_TABLES_URL;
    /// Address of the Flight SQL server behind the gateway, such as `grpc://127.0.0.1:50051` or
    /// `grpc+tls://host:443`; flag `--flightsql-url`. The stand-alone gateway requires it.
    MICROMEGAS_FLIGHTSQL_URL;
    /// Days after which maintenance deletes data, at least 1; flag `--retention-days`. Default: 90.
    MICROMEGAS_RETENTION_DAYS;
    /// Days after which blocks leave the catalog for the partitions of the `blocks` view, so that the
    /// catalog stays small; a block that a producer sends again after that counts twice; flag
    /// `--catalog-days`. Default: 7.
    MICROMEGAS_CATALOG_DAYS;
    /// Roles of the all-in-one server, separated by commas: `ingestion`, `flightsql`, `web`,
    /// `maintenance` or `all`; flag `--roles`. Default: `all`.
    MICROMEGAS_MONOLITH_ROLES;
    /// Seconds that work in flight gets to end after a stop signal; flag
    /// `--shutdown-grace-period-seconds`. Default: 25.
    MICROMEGAS_SHUTDOWN_GRACE_PERIOD_SECONDS;
    /// Log filter, such as `info` or `warn,ingestion=debug`. Default: `RUST_LOG`, else `info`.
    MICROMEGAS_LOG;
    /// Log filter when `MICROMEGAS_LOG` is not set.
    RUST_LOG;
}
