//! Administrators look after partitions through the published client.

use std::path::Path;

use anyhow::{Result, ensure};
use test_kit::{Capture, Python};

use crate::deployment::{Backend, Deployment, Guard};
use crate::replay::post_in_order;

/// Maintenance would make and merge partitions at the same time.
fn unmaintained(guard: Guard) -> Guard {
    guard.with("MICROMEGAS_MONOLITH_ROLES", "ingestion,flightsql,web")
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_are_made_made_again_and_let_go() -> Result<()> {
    let deployment = Deployment::start_behind(unmaintained(Guard::disabled()), Backend::Embedded);
    let deployment = deployment.await?;
    for name in ["ledger", "generator"] {
        post_in_order(&deployment, &Capture::load(name)?).await?;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/check_admin.py");
    let catalog = deployment.data_dir().join("lake/catalog.db");
    let url = deployment.flight_url();
    let arguments = [url.as_ref(), catalog.as_os_str()];
    let output = Python::locate()?.run(&script, &arguments).await?;
    ensure!(output.contains("partitions were looked after"), "{output}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_administrator_sees_the_lists_and_changes_nothing() -> Result<()> {
    const KEY: &str = "a-key-that-administers-nothing";
    let deployment = Deployment::start_behind(unmaintained(Guard::key(KEY)), Backend::Embedded);
    let deployment = deployment.await?;
    ensure!(
        deployment
            .count("SELECT count(*) FROM list_partitions()")
            .await?
            == 0
    );
    ensure!(
        deployment
            .count("SELECT count(*) FROM list_view_sets()")
            .await?
            == 10
    );
    for sql in [
        "SELECT * FROM retire_partitions('blocks', 'global', '2026-01-05', '2026-01-06')",
        "SELECT * FROM materialize_partitions('blocks', '2026-01-05', '2026-01-06', 3600)",
        "SELECT * FROM regenerate_partitions('blocks', '2026-01-05', '2026-01-06', 3600)",
        "SELECT retire_partition_by_file('x')",
        "SELECT retire_partition_by_metadata('blocks', 'global', now(), now())",
    ] {
        let (status, text) = deployment.query_as(Some(KEY), sql, &[]).await?;
        ensure!(status == 500, "{sql}: {status} {text}");
        ensure!(
            text.contains("not found") || text.contains("Invalid function"),
            "{sql}: {text}"
        );
    }
    Ok(())
}
