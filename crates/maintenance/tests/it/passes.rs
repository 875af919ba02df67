//! Which partitions the passes make, and that nothing else changes.

use anyhow::Result;
use maintenance::{MaintenanceConfig, Report, Task};
use server_kit::Shutdown;
use test_kit::Capture;

use crate::house::{DAY, HOUR, House, MINUTE, SECOND, VIEWS};

const PASSES: [Task; 4] = [Task::Second, Task::Minute, Task::Hour, Task::Day];
const TEN: i64 = 10 * HOUR;

#[tokio::test(flavor = "multi_thread")]
async fn minutes_become_hours_and_hours_days_without_a_change_of_totals() -> Result<()> {
    let ledger = Capture::load("ledger")?;
    let house = House::at(TEN + 5 * SECOND).await?;
    house.store(&Capture::load("generator")?).await?;
    house.store(&ledger).await?;
    let mut totals = house.totals().await?;
    assert!(totals.iter().all(|total| *total > 0), "{totals:?}");

    let minute = |n: i64| TEN + n * MINUTE;
    house.run_at(minute(1) + 30 * SECOND, Task::Minute).await;
    house.assert_ranges(&[(minute(0), minute(1))]).await?;
    assert_eq!(house.totals().await?, totals);
    house.store(&ledger.renamed(1)).await?;
    totals = house.totals().await?;
    house.run_at(minute(2) + 30 * SECOND, Task::Minute).await;
    let two = [(minute(0), minute(1)), (minute(1), minute(2))];
    house.assert_ranges(&two).await?;
    assert_eq!(house.totals().await?, totals);

    // The last of ten minutes merges all ten.
    let report = house.run_at(minute(10) + 30 * SECOND, Task::Minute).await;
    assert_eq!((report.upkeep.built, report.upkeep.merged), (0, 6));
    house.assert_ranges(&[(minute(0), minute(2))]).await?;
    assert_eq!(house.totals().await?, totals);

    // What comes later tells that the hours before are over; those are recorded.
    house.set_clock(TEN + HOUR + 5 * MINUTE);
    house.store(&ledger.renamed(2)).await?;
    totals = house.totals().await?;
    house.run_at(TEN + 2 * HOUR + 10 * MINUTE, Task::Hour).await;
    let hours: Vec<_> = (0..12)
        .map(|hour| (hour * HOUR, (hour + 1) * HOUR))
        .collect();
    house.assert_ranges(&hours).await?;
    assert_eq!(house.totals().await?, totals);

    house.set_clock(DAY + HOUR);
    house.store(&ledger.renamed(3)).await?;
    totals = house.totals().await?;
    house.run_at(DAY + 4 * HOUR, Task::Day).await;
    house.assert_ranges(&[(0, DAY)]).await?;
    assert_eq!(house.totals().await?, totals);
    assert_idle(&house, DAY + 4 * HOUR + 20 * MINUTE, &[Task::Day]).await
}

/// Runs find nothing to do, and take no time of the commit clock.
async fn assert_idle(house: &House, now: i64, tasks: &[Task]) -> Result<()> {
    house.set_clock(now);
    let before = house.catalog.snapshot().await?;
    for task in tasks {
        let report = house.run_at(now, *task).await;
        assert_eq!(report, Report::default(), "{task:?}");
        assert!(report.is_idle());
    }
    assert_eq!(house.catalog.snapshot().await?, before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_lake_gets_nothing() -> Result<()> {
    let config = MaintenanceConfig {
        catalog_days: 365,
        ..MaintenanceConfig::default()
    };
    let house = House::with_config(TEN, config).await?;
    house.run_at(TEN, Task::Hour).await;
    assert_idle(&house, TEN + DAY / 4, &PASSES).await?;
    house.store(&Capture::load("ledger")?).await?;
    house.run_at(3 * DAY + 10 * MINUTE, Task::Hour).await;
    house.run_at(3 * DAY + 10 * MINUTE, Task::Day).await;
    let made = house.ranges("blocks").await?;
    // Retention goes on every day, and nothing else.
    for day in 4..20 {
        house.run_at(day * DAY + HOUR, Task::Hour).await;
        assert_idle(&house, day * DAY + 4 * HOUR, &PASSES).await?;
    }
    assert_eq!(house.ranges("blocks").await?, made);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn seconds_are_worth_a_partition_when_many_bytes_wait() -> Result<()> {
    let ledger = Capture::load("ledger")?;
    let house = House::at(TEN + SECOND).await?;
    house.store(&ledger).await?;
    let report = house
        .run_at(TEN + 2 * SECOND + SECOND / 2, Task::Second)
        .await;
    assert!(report.is_idle(), "{report:?}");
    for copy in 1..20 {
        house.store(&ledger.renamed(copy)).await?;
    }
    let totals = house.totals().await?;
    house
        .run_at(TEN + 4 * SECOND + SECOND / 2, Task::Second)
        .await;
    // Of metrics there are too few, and rows of the others come from the catalog.
    let expected = [(TEN, TEN + 4 * SECOND)];
    for view in VIEWS {
        let is_long = ["log_entries", "log_stats"].contains(&view);
        let expected = if is_long { &expected[..] } else { &[] };
        assert_eq!(house.ranges(view).await?, expected, "{view}");
    }
    assert_eq!(house.totals().await?, totals);
    assert_idle(&house, TEN + 5 * SECOND + SECOND / 2, &[Task::Second]).await?;

    // The minute fills up what is left of it and merges the two.
    house.set_clock(TEN + 30 * SECOND);
    house.store(&ledger.renamed(20)).await?;
    let totals = house.totals().await?;
    house.run_at(TEN + 90 * SECOND, Task::Minute).await;
    house.assert_ranges(&[(TEN, TEN + MINUTE)]).await?;
    assert_eq!(house.totals().await?, totals);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_daemon_catches_up_with_all_days() -> Result<()> {
    let ledger = Capture::load("ledger")?;
    let house = House::at(5 * HOUR).await?;
    for day in 0..4 {
        house.set_clock(day * DAY + 5 * HOUR);
        house.store(&ledger.renamed(day as u32)).await?;
    }
    let totals = house.totals().await?;
    house.run_at(3 * DAY + 6 * HOUR, Task::Day).await;
    let days: Vec<_> = (0..3).map(|day| (day * DAY, (day + 1) * DAY)).collect();
    house.assert_ranges(&days).await?;
    assert_eq!(house.totals().await?, totals);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_fails_stops_no_other_and_is_repaired() -> Result<()> {
    let house = House::at(TEN).await?;
    house.store(&Capture::load("ledger")?).await?;
    let totals = house.totals().await?;
    // A file where the folder of a view should be.
    let obstacle = house.objects().join("views/log_entries");
    std::fs::create_dir_all(house.objects().join("views"))?;
    std::fs::write(&obstacle, "in the way")?;
    house.set_clock(TEN + 90 * SECOND);
    let stop = Shutdown::new();
    let report = house.maintenance.run_task(Task::Minute, &stop).await;
    assert_eq!((report.failures, report.upkeep.built), (2, 5), "{report:?}");
    let expected = [(TEN, TEN + MINUTE)];
    for view in VIEWS {
        let expected = if view == "log_entries" {
            &[]
        } else {
            &expected[..]
        };
        assert_eq!(house.ranges(view).await?, expected, "{view}");
    }
    assert_eq!(house.totals().await?, totals);

    std::fs::remove_file(obstacle)?;
    let report = house.run_at(TEN + 150 * SECOND, Task::Minute).await;
    assert_eq!(report.upkeep.built, 1);
    assert_eq!(
        house.ranges("log_entries").await?,
        [(TEN, TEN + 2 * MINUTE)]
    );
    assert_eq!(house.totals().await?, totals);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_signal_nothing_begins() -> Result<()> {
    let house = House::at(TEN).await?;
    house.store(&Capture::load("ledger")?).await?;
    house.set_clock(DAY + HOUR);
    let stop = Shutdown::new();
    stop.trigger();
    for task in Task::ALL {
        let report = house.maintenance.run_task(task, &stop).await;
        assert!(report.is_idle(), "{task:?}: {report:?}");
    }
    house.assert_ranges(&[]).await?;
    house.run_at(DAY + HOUR, Task::Day).await;
    assert_eq!(house.ranges("blocks").await?, [(0, DAY)]);
    Ok(())
}
