//! Several processes and one lake.

use std::time::Duration;

use anyhow::Result;
use maintenance::{Maintenance, MaintenanceConfig};
use server_kit::Shutdown;
use test_kit::{Capture, wait_until};
use tokio::task::JoinHandle;

use crate::house::{HOUR, House, MINUTE};

const LONG: Duration = Duration::from_secs(60);
const TEN: i64 = 10 * HOUR;

/// Renewed often; by the clock of the tests it runs out when they say so.
fn config() -> MaintenanceConfig {
    MaintenanceConfig {
        lease: Duration::from_millis(600),
        ..MaintenanceConfig::default()
    }
}

struct Running {
    maintenance: Maintenance,
    shutdown: Shutdown,
    end: JoinHandle<()>,
}

fn start(maintenance: Maintenance) -> Running {
    let shutdown = Shutdown::new();
    let (running, signal) = (maintenance.clone(), shutdown.clone());
    Running {
        maintenance,
        shutdown,
        end: tokio::spawn(async move { running.run(signal).await }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_works_and_another_takes_over_when_it_dies() -> Result<()> {
    let house = House::with_config(TEN, config()).await?;
    house.store(&Capture::load("ledger")?).await?;
    house.set_clock(TEN + MINUTE);
    let first = start(house.maintenance.clone());
    wait_until(LONG, async || first.maintenance.leads()).await?;
    // Every task runs at once.
    let has_all = async || {
        let streams = house.ranges("streams").await;
        streams.is_ok_and(|ranges| !ranges.is_empty())
    };
    wait_until(LONG, has_all).await?;

    let second = start(house.another(config()).await?);
    // Aborted, so the lease is not given back.
    first.end.abort();
    assert!(first.end.await.is_err());
    assert!(!second.maintenance.leads());
    let made = house.ranges("blocks").await?;
    house.store(&Capture::load("ledger")?.renamed(1)).await?;
    house.set_clock(TEN + HOUR);
    wait_until(LONG, async || second.maintenance.leads()).await?;
    assert!(!first.maintenance.leads());
    let has_more = async || {
        let blocks = house.ranges("blocks").await;
        blocks.is_ok_and(|ranges| ranges != made)
    };
    wait_until(LONG, has_more).await?;
    second.shutdown.trigger();
    second.end.await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lease_is_given_back_at_the_end() -> Result<()> {
    let house = House::with_config(TEN, config()).await?;
    let first = start(house.maintenance.clone());
    wait_until(LONG, async || first.maintenance.leads()).await?;
    let second = start(house.another(config()).await?);
    first.shutdown.trigger();
    first.end.await?;
    assert!(!first.maintenance.leads());
    // The clock stands still: it does not have to run out.
    wait_until(LONG, async || second.maintenance.leads()).await?;
    second.shutdown.trigger();
    second.end.await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_stops_at_once() -> Result<()> {
    let house = House::with_config(TEN, config()).await?;
    let first = start(house.maintenance.clone());
    wait_until(LONG, async || first.maintenance.leads()).await?;
    let second = start(house.another(config()).await?);
    second.shutdown.trigger();
    second.end.await?;
    assert!(first.maintenance.leads());
    first.shutdown.trigger();
    first.end.await?;
    Ok(())
}
