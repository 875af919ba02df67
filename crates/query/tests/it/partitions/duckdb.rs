//! Partitions are plain Parquet: another engine reads them as they lie there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use catalog::PartitionFilter;
use object_store::local::LocalFileSystem;
use test_kit::Python;

use super::questions::Question;
use super::telemetry::MINUTE;
use super::world::World;

const STEPS: u64 = 60;

/// The files of a view.
async fn files(world: &World, folder: &Path, view: &str) -> Result<Vec<PathBuf>> {
    let filter = PartitionFilter {
        view_set: Some(view.to_owned()),
        view_instance: Some("global".to_owned()),
        ..PartitionFilter::at(world.catalog.snapshot().await?)
    };
    let stored = world.catalog.partitions(filter).await?;
    let files = stored
        .into_iter()
        .filter_map(|stored| stored.partition.file);
    Ok(files.map(|file| folder.join(file.key)).collect())
}

/// The rows of a question as one line of JSON.
async fn ask(world: &World, sql: &str) -> Result<String> {
    let now = world.catalog.snapshot().await?;
    let question = Question::new(sql);
    let (rows, read) = question.answer(&world.engines[0], now, false).await?;
    anyhow::ensure!(read.blocks() == 0, "{sql}: all rows are in partitions");
    Ok(rows.join(", "))
}

async fn expected(world: &World, view: &str) -> Result<String> {
    let rows = match view {
        "processes" | "streams" | "log_stats" => format!("__{view}__partitions"),
        view => view.to_owned(),
    };
    let mut expected = ask(
        world,
        &format!("SELECT concat('\"rows\": ', count(*)) FROM {rows}"),
    )
    .await?;
    if matches!(view, "log_entries" | "measures") {
        let sql = format!(
            "SELECT concat(', \"bounds\": [', CAST(min(time) AS BIGINT), ', ', \
             CAST(max(time) AS BIGINT), ']') FROM {view}"
        );
        expected.push_str(&ask(world, &sql).await?);
    }
    if view == "log_entries" {
        let levels = "SELECT concat('[', level, ', ', count(*), ']') FROM log_entries \
                      GROUP BY level";
        let levels = ask(world, levels).await?;
        expected = format!("{expected}, \"levels\": [{levels}]");
    }
    Ok(format!("{{{expected}}}"))
}

#[tokio::test]
async fn duckdb_reads_the_same_rows() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let objects = LocalFileSystem::new_with_prefix(folder.path())?;
    let url = super::sqlite(&folder, 0)?;
    let mut world = World::over(Arc::new(objects), 3, url).await?;
    for _ in 0..STEPS {
        world.ingest().await?;
    }
    world.pass(MINUTE);
    let range = world.history();
    let house = &world.houses[0];
    let python = Python::locate()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/read_partitions.py");
    for view in house.global_views() {
        house.maintain(&view, range, super::plans::EFFORT).await?;
        let files = files(&world, folder.path(), view.name()).await?;
        let found = python.run(&script, &files).await.context(view.name())?;
        let expected = expected(&world, view.name()).await?;
        assert_eq!(found.trim(), expected, "{}", view.name());
        assert!(!found.contains("\"rows\": 0"), "{}", view.name());
    }
    Ok(())
}
