//! A lake that is the same on every machine and every day.

use anyhow::Result;
use model::TimeNs;
use test_kit::Capture;

use crate::house::House;

/// 2026-11-22 00:00:00 UTC: when the recording arrived, 39 minutes after it was made.
pub const ARRIVAL: TimeNs = 1_795_305_600_000_000_000;

/// The recording `ledger`, whose contents are known exactly, with insert times that follow each
/// other from [`ARRIVAL`] on.
pub async fn ledger() -> Result<House> {
    let house = House::new().await?;
    house.set_time(ARRIVAL);
    house.store(&Capture::load("ledger")?, |_| {}).await?;
    Ok(house)
}
