//! Single partitions that are let go, all of a batch or none.

use catalog::{PartitionCommit, PartitionFilter, PartitionId, Snapshot, StoredPartition};
use datafusion::error::Result;
use model::{InsertRange, InsertTime};
use views::{Lakehouse, is_irreplaceable};

use crate::times::range_text;

/// Which partition is meant.
#[derive(Debug)]
pub(super) enum Target<'a> {
    File(&'a str),
    Metadata {
        view_set: &'a str,
        instance: &'a str,
        range: InsertRange,
        /// `None` where the caller knows of one version only.
        schema_hash: Option<&'a [u8]>,
    },
    /// An argument is NULL.
    Unknown,
}

/// A partition that may go, or why there is none.
type Found = Result<PartitionId, String>;

/// What became of each target, in their order. Failures of the catalog are errors.
pub(super) async fn retire_all(house: &Lakehouse, targets: &[Target<'_>]) -> Result<Vec<String>> {
    let catalog = house.catalog();
    let snapshot = catalog.current_snapshot().await;
    let snapshot = snapshot.map_err(views::Error::from)?;
    let mut found = Vec::with_capacity(targets.len());
    for target in targets {
        found.push(
            find(house, &snapshot, target)
                .await
                .map_err(views::Error::from)?,
        );
    }
    if found.iter().any(Result::is_err) {
        return Ok(answers(targets, found, |what| {
            format!("ERROR: partition {what} stays, because another row of the batch failed")
        }));
    }
    let ids: Vec<PartitionId> = found.iter().flatten().copied().collect();
    let retired = catalog.commit_partitions(&[], &ids).await;
    Ok(match retired.map_err(views::Error::from)? {
        PartitionCommit::Committed { .. } => answers(targets, found, |what| {
            tracing::info!(partition = what, "partition retired");
            format!("SUCCESS: Retired partition {what}")
        }),
        PartitionCommit::Conflict => answers(targets, found, |what| {
            format!("ERROR: partition {what} stays, because one of the batch was just replaced")
        }),
    })
}

fn answers(
    targets: &[Target<'_>],
    found: Vec<Found>,
    of_found: impl Fn(&str) -> String,
) -> Vec<String> {
    let pairs = targets.iter().zip(found);
    let answers = pairs.map(|(target, found)| match found {
        Ok(_) => of_found(&target.name()),
        Err(why) => format!("ERROR: {why}"),
    });
    answers.collect()
}

async fn find(
    house: &Lakehouse,
    snapshot: &Snapshot,
    target: &Target<'_>,
) -> catalog::Result<Found> {
    let parts = match target {
        Target::Unknown => return Ok(Err("an argument is NULL".to_owned())),
        Target::File(path) => house
            .catalog()
            .partition_by_file(path)
            .await?
            .into_iter()
            .collect(),
        Target::Metadata { .. } => by_metadata(house, snapshot, target).await?,
    };
    let name = target.name();
    Ok(match parts.as_slice() {
        [] => Err(format!("there is no partition {name}")),
        [part] if is_irreplaceable(part, snapshot) => Err(format!(
            "partition {name} is all that is left of archived blocks"
        )),
        [part] => Ok(part.id),
        _ => Err(format!(
            "there are {} versions of partition {name}: give the schema hash, too",
            parts.len()
        )),
    })
}

/// Those with exactly these insert times; several where versions of the view differ.
async fn by_metadata(
    house: &Lakehouse,
    snapshot: &Snapshot,
    target: &Target<'_>,
) -> catalog::Result<Vec<StoredPartition>> {
    let Target::Metadata {
        view_set,
        instance,
        range,
        schema_hash,
    } = target
    else {
        return Ok(Vec::new());
    };
    let first = InsertTime(range.begin.0.saturating_add(1));
    let filter = PartitionFilter {
        view_set: Some((*view_set).to_owned()),
        view_instance: Some((*instance).to_owned()),
        insert_range: Some(InsertRange::new(range.begin, first)),
        ..PartitionFilter::at(snapshot.time)
    };
    // At most one of each version holds the first time of the range.
    let mut parts = house.catalog().partitions(filter).await?;
    parts.retain(|part| {
        let hash = &part.partition.schema_hash;
        part.partition.insert_range == *range && schema_hash.is_none_or(|wanted| wanted == hash)
    });
    Ok(parts)
}

impl Target<'_> {
    fn name(&self) -> String {
        match self {
            Self::File(path) => (*path).to_owned(),
            Self::Metadata {
                view_set,
                instance,
                range,
                ..
            } => {
                format!("{view_set}/{instance} {}", range_text(range))
            }
            Self::Unknown => "NULL".to_owned(),
        }
    }
}
