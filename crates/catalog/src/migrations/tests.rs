use std::collections::BTreeMap;

use sqlx::query_as;
use test_kit::Postgres;

use super::{POSTGRES, SQLITE};
use crate::CatalogConfig;
use crate::database::Database;

/// Table and column -> type in PostgreSQL's words, and whether it may be NULL.
type Columns = BTreeMap<(String, String), (String, bool)>;

async fn columns(url: String) -> Columns {
    let config = CatalogConfig {
        url,
        max_connections: 2,
        cache_bytes: 8 << 20,
    };
    let rows: Vec<(String, String, String, bool)> = match Database::connect(&config).await.unwrap()
    {
        Database::Sqlite { reader, .. } => query_as(
            "SELECT m.name, c.name, c.type, NOT c.\"notnull\"
             FROM sqlite_master m JOIN pragma_table_info(m.name) c ON TRUE
             WHERE m.type = 'table'",
        )
        .fetch_all(&reader)
        .await
        .unwrap(),
        Database::Postgres(pool) => query_as(
            "SELECT table_name, column_name, upper(data_type), is_nullable = 'YES'
             FROM information_schema.columns WHERE table_schema = 'public'",
        )
        .fetch_all(&pool)
        .await
        .unwrap(),
    };
    rows.into_iter()
        .filter(|(table, ..)| !table.starts_with("_sqlx") && !table.starts_with("sqlite_"))
        .map(|(table, column, kind, nullable)| {
            let kind = match kind.as_str() {
                "BLOB" => "BYTEA",
                "INTEGER" => "BIGINT",
                other => other,
            };
            ((table, column), (kind.to_owned(), nullable))
        })
        .collect()
}

#[tokio::test]
async fn both_databases_have_the_same_columns() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = columns(format!("sqlite://{}/c.db", folder.path().display())).await;
    let server = Postgres::start().await.unwrap();
    let postgres = columns(server.create_database().await.unwrap()).await;
    assert!(sqlite.len() > 40, "{sqlite:?}");
    assert_eq!(sqlite, postgres);
}

#[test]
fn both_folders_have_the_same_numbers() {
    let numbers = |migrator: &sqlx::migrate::Migrator| -> Vec<(i64, String)> {
        migrator
            .iter()
            .map(|step| (step.version, step.description.to_string()))
            .collect()
    };
    assert_eq!(numbers(&SQLITE), numbers(&POSTGRES));
}
