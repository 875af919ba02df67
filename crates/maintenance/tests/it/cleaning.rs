//! What nothing refers to goes when it is old, and nothing else.

use std::fs::File;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use lake::PartitionKey;
use maintenance::{Cleaned, Task};
use test_kit::Capture;

use crate::house::{DAY, HOUR, House, MIDNIGHT, MINUTE, files};

/// Now, relative to midnight of some day: files carry the time of the machine.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |now| now.as_nanos() as i64) - MIDNIGHT
}

/// Some hours of a day are too close to its end for partitions of it.
fn noon_before(now: i64) -> i64 {
    now - now.rem_euclid(DAY) - DAY / 2
}

#[tokio::test(flavor = "multi_thread")]
async fn orphans_go_when_they_are_old() -> Result<()> {
    let now = now();
    let house = House::at(noon_before(now)).await?;
    house.store(&Capture::load("ledger")?).await?;
    house.run_at(noon_before(now) + MINUTE, Task::Minute).await;
    let kept = [".seg", ".parquet"].map(|ending| files(&house.objects(), ending));
    let totals = house.totals().await?;

    house.lake.write_segment(vec!["orphan".into()]).await?;
    for instance in ["global", "8452901b-3c9f-4f28-bd50-5e9a198d40c4"] {
        let key = PartitionKey::new("log_entries", instance, 0)?;
        let mut writer = house.lake.write_partition(&key).await?;
        writer.write("orphan".into()).await?;
        writer.finish().await?;
    }
    let temporary = |name: &str| house.objects().join("segments").join(name);
    let (old, young) = (temporary("old.seg.tmp"), temporary("young.seg.tmp"));
    File::create(&young)?;
    let two_days = Duration::from_secs(2 * 24 * 60 * 60);
    File::create(&old)?.set_modified(SystemTime::now() - two_days)?;

    let report = house.run_at(now + HOUR, Task::Orphans).await;
    let expected = Cleaned {
        temporary_files: 1,
        ..Cleaned::default()
    };
    assert_eq!(report.cleaned, expected);
    assert!(young.exists() && !old.exists());
    let report = house.run_at(now + DAY + HOUR, Task::Orphans).await;
    let expected = Cleaned {
        orphan_segments: 1,
        orphan_partitions: 2,
        ..Cleaned::default()
    };
    assert_eq!(report.cleaned, expected);
    assert!(young.exists());
    for (kept, ending) in kept.into_iter().zip([".seg", ".parquet"]) {
        let (mut kept, mut left) = (kept?, files(&house.objects(), ending)?);
        kept.sort();
        left.sort();
        assert_eq!(kept, left);
    }
    assert_eq!(house.totals().await?, totals);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_partition_is_no_orphan() -> Result<()> {
    let now = now();
    let noon = noon_before(now);
    let house = House::at(noon).await?;
    house.store(&Capture::load("ledger")?).await?;
    house.run_at(noon + MINUTE, Task::Minute).await;
    let parts = house.partitions("blocks").await?;
    let ids: Vec<_> = parts.iter().map(|part| part.id).collect();
    assert_eq!(house.catalog.retire_partitions(&ids).await?, 1);
    let report = house.run_at(now + 2 * DAY, Task::Orphans).await;
    assert!(report.is_idle(), "{report:?}");
    Ok(())
}
