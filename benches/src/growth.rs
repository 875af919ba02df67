//! What one query costs when there is ten and a hundred times the data around what it asks for.
//!
//! Recorded log entries are sent as many programs, spread over minutes of event time. The same
//! queries over the minute in the middle run after each size is reached: once in a lake that makes
//! partitions by itself, once in one that has blocks only.

use std::sync::Arc;

use anyhow::{Result, ensure};

use self::coverage::{count_partitions, wait_for_partitions};
use self::minutes::Minutes;
use self::queries::{Asked, Timing, measure};
use self::recording::Recording;
use crate::lake::{Backend, Lake};
use crate::yardsticks::{self, YARDSTICK_MAX, Yardsticks};

mod coverage;
mod load;
mod minutes;
mod queries;
mod recording;
mod report;

/// How much to measure.
#[derive(Debug, Clone)]
pub struct GrowthPlan {
    /// Minutes of data, smallest first; the first one is the size that others are compared with.
    pub minutes: Vec<u32>,
    /// Programs that log within each minute, about 4,000 entries each.
    pub programs_per_minute: u32,
    /// Figures are medians over this many queries.
    pub repetitions: u32,
    pub settings: Vec<GrowthSetting>,
}

impl GrowthPlan {
    /// Up to more than twenty million log entries.
    pub fn full(settings: Vec<GrowthSetting>) -> Self {
        Self {
            minutes: vec![1, 10, 100],
            programs_per_minute: 50,
            repetitions: 9,
            settings,
        }
    }

    /// A check that it works, no measurement.
    pub fn quick(settings: Vec<GrowthSetting>) -> Self {
        Self {
            minutes: vec![1, 2, 4],
            programs_per_minute: 2,
            repetitions: 2,
            settings,
        }
    }
}

/// What the lake does with blocks by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrowthSetting {
    /// The maintenance role makes partitions of them.
    Partitions,
    /// Nothing: queries read them.
    BlocksOnly,
}

impl GrowthSetting {
    const fn roles(self) -> &'static str {
        match self {
            Self::Partitions => "ingestion,flightsql,web,maintenance",
            Self::BlocksOnly => "ingestion,flightsql,web",
        }
    }
}

/// What was measured, and the machine it was measured on.
#[derive(Debug)]
pub struct Growth {
    repetitions: u32,
    runs: Vec<(GrowthSetting, Vec<Stage>)>,
    yardsticks: Yardsticks,
}

/// The lake at one size.
#[derive(Debug, Clone)]
struct Stage {
    minutes: u32,
    rows: i64,
    timings: Vec<Timing>,
    resident_megabytes: f64,
    peak_megabytes: f64,
    partitions: usize,
}

/// Runs everything in the plan; progress goes to the error output.
pub async fn measure_growth(plan: &GrowthPlan) -> Result<Growth> {
    let folder = tempfile::Builder::new()
        .prefix("micromegas-bench-")
        .tempdir()?;
    let before = yardsticks::measure(folder.path(), YARDSTICK_MAX).await?;
    let mut runs = Vec::new();
    for setting in &plan.settings {
        eprintln!("-- {setting:?}");
        runs.push((*setting, grow(plan, *setting).await?));
    }
    let after = yardsticks::measure(folder.path(), YARDSTICK_MAX).await?;
    Ok(Growth {
        repetitions: plan.repetitions,
        runs,
        yardsticks: Yardsticks::median(&[before, after]),
    })
}

/// One lake through all sizes.
async fn grow(plan: &GrowthPlan, setting: GrowthSetting) -> Result<Vec<Stage>> {
    let lake = Lake::start_with_roles(Backend::Sqlite, setting.roles()).await?;
    let recording = Arc::new(Recording::load(lake.ingestion)?);
    let minutes = Minutes {
        programs: plan.programs_per_minute,
    };
    let mut stages = Vec::new();
    let mut sent = 0;
    for &size in &plan.minutes {
        let copies = sent..size * minutes.programs;
        sent = copies.end;
        let start = std::time::Instant::now();
        let latest = copies.end - minutes.programs;
        load::send(lake.ingestion, &recording, minutes, copies.start..latest).await?;
        let arrival = arrival(&lake).await?;
        load::send(lake.ingestion, &recording, minutes, latest..copies.end).await?;
        let seconds = start.elapsed().as_secs_f64();
        eprintln!("   {size} minutes: {sent} programs, sent in {seconds:.1} s");
        stages.push(stage(plan, setting, &lake, &recording, size, &arrival).await?);
    }
    Ok(stages)
}

/// When the block came that is the latest now.
async fn arrival(lake: &Lake) -> Result<String> {
    let latest = lake.text("SELECT max(insert_time) FROM blocks").await?;
    Ok(match latest.is_empty() {
        true => "1970-01-01T00:00:00Z".to_owned(),
        false => latest,
    })
}

/// `arrival`: when the programs of the last minute began to come.
async fn stage(
    plan: &GrowthPlan,
    setting: GrowthSetting,
    lake: &Lake,
    recording: &Recording,
    size: u32,
    arrival: &str,
) -> Result<Stage> {
    let minutes = Minutes {
        programs: plan.programs_per_minute,
    };
    let rows_of = |minutes: u32| recording.rows * i64::from(minutes * plan.programs_per_minute);
    let rows = rows_of(size);
    if setting == GrowthSetting::Partitions {
        wait_for_partitions(lake, rows).await?;
    }
    let middle = size / 2;
    let found = queries::count_minute(lake, minutes.range(middle)).await?;
    ensure!(
        found == [rows_of(1); 2],
        "minute {middle} has {found:?} log entries, not {}",
        rows_of(1)
    );
    lake.reset_memory_peak()?;
    let asked = Asked {
        minutes,
        middle,
        arrival,
    };
    let timings = measure(lake, recording, asked, plan.repetitions).await?;
    let (resident_megabytes, peak_megabytes) = lake.memory_megabytes()?;
    Ok(Stage {
        minutes: size,
        rows,
        timings,
        resident_megabytes,
        peak_megabytes,
        partitions: count_partitions(lake.folder())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The product as it was built beside this test.
    #[tokio::test(flavor = "multi_thread")]
    async fn every_size_is_measured() -> Result<()> {
        let growth = measure_growth(&GrowthPlan::quick(vec![GrowthSetting::BlocksOnly])).await?;
        let text = growth.markdown();
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        let judged = text.matches("| yes |").count() + text.matches("| **no** |").count();
        assert_eq!(judged, 9, "{text}");
        Ok(())
    }
}
