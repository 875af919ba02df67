//! An acknowledged block is queryable at once, and small blocks share objects.

use std::path::Path;

use anyhow::{Result, ensure};
use futures::stream::{self, TryStreamExt};
use uuid::Uuid;

use crate::blocks::BlockTemplate;
use crate::deployment::{Backend, Deployment};
use crate::replay::post_all;

const BLOCKS: usize = 1000;
const CONNECTIONS: usize = 64;

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_queryable_when_its_answer_arrives() -> Result<()> {
    let deployment = Deployment::start(Backend::Embedded).await?;
    let template = BlockTemplate::load()?;
    post_all(&deployment, template.registrations.clone(), 1).await?;
    for sent in 1..=20 {
        let id = Uuid::new_v4();
        let status = deployment
            .post("/ingestion/insert_block", template.with_id(id))
            .await?;
        ensure!(status == 200, "{status}");
        let rows = format!("SELECT count(*) FROM log_entries WHERE block_id = '{id}'");
        assert_eq!(deployment.count(&rows).await?, template.log_entries);
        assert_eq!(deployment.count("SELECT count(*) FROM blocks").await?, sent);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn small_blocks_share_objects() -> Result<()> {
    let deployment = Deployment::start(Backend::Embedded).await?;
    let template = BlockTemplate::load()?;
    post_all(&deployment, template.registrations.clone(), 1).await?;
    stream::iter((0..BLOCKS).map(Ok::<_, anyhow::Error>))
        .try_for_each_concurrent(CONNECTIONS, async |_| {
            let body = template.with_id(Uuid::new_v4());
            let status = deployment.post("/ingestion/insert_block", body).await?;
            ensure!(status == 200, "{status}");
            Ok(())
        })
        .await?;
    let blocks = i64::try_from(BLOCKS)?;
    assert_eq!(
        deployment.count("SELECT count(*) FROM blocks").await?,
        blocks
    );
    let rows = deployment.count("SELECT count(*) FROM log_entries").await?;
    assert_eq!(rows, blocks * template.log_entries);
    let objects = count_files(&deployment.data_dir().join("lake"), "seg")?;
    assert!(
        objects > 0 && objects < BLOCKS / 4,
        "{objects} objects for {BLOCKS} blocks"
    );
    Ok(())
}

fn count_files(folder: &Path, extension: &str) -> Result<usize> {
    let mut count = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            count += count_files(&path, extension)?;
        } else if path.extension().is_some_and(|found| found == extension) {
            count += 1;
        }
    }
    Ok(count)
}
