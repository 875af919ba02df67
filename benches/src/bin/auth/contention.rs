//! Hits while another thread validates all the time: neither waits for the other.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use auth::{Authenticator, RequestView};
use benches::{Measured, Row};
use http::HeaderMap;
use tokio::runtime::Handle;

use crate::Effort;
use crate::tokens::{World, headers};

const HITTING_THREADS: usize = 2;

/// Nanoseconds of hits, alone and beside misses.
pub struct Contention {
    alone: Quantiles,
    beside: Quantiles,
    misses_per_second: f64,
}

struct Quantiles {
    median: u64,
    p99: u64,
}

impl Quantiles {
    fn of(mut nanos: Vec<u64>) -> Self {
        nanos.sort_unstable();
        let at = |ratio: f64| nanos[((nanos.len() - 1) as f64 * ratio) as usize];
        Self {
            median: at(0.5),
            p99: at(0.99),
        }
    }

    fn text(&self) -> String {
        let micros = |nanos: u64| nanos as f64 / 1000.0;
        format!("{:.2} µs, {:.2} µs", micros(self.median), micros(self.p99))
    }
}

impl Contention {
    pub fn row(&self) -> Row {
        let ours = self.beside.text();
        Row {
            work: format!(
                "hits of {HITTING_THREADS} threads while a third validates, median and 99 %"
            ),
            baseline: String::new(),
            target: "median as alone, within a half".to_owned(),
            ours: Measured {
                figure: format!("{ours}, {:.0} misses/s", self.misses_per_second),
                met: self.beside.median as f64 <= self.alone.median as f64 * 1.5,
            },
            yardstick: format!("without misses {}", self.alone.text()),
        }
    }
}

pub fn measure(world: &World, effort: Effort) -> Result<Contention> {
    let known = headers(&world.token("RS256", 0)?)?;
    let unknown = (1..=effort.tokens).map(|number| headers(&world.token("RS256", number)?));
    let unknown: Vec<HeaderMap> = unknown.collect::<Result<_>>()?;
    // Large enough to keep the known token, too small for the others.
    let door = world.door(&[], effort.tokens / 40)?;
    let requests = effort.requests * effort.rounds / HITTING_THREADS;
    let runtime = world.runtime.handle();
    let (alone, _) = run(runtime, &door, &known, &[], requests)?;
    let (beside, misses_per_second) = run(runtime, &door, &known, &unknown, requests)?;
    Ok(Contention {
        alone: Quantiles::of(alone),
        beside: Quantiles::of(beside),
        misses_per_second,
    })
}

/// Nanoseconds of every hit, and the misses of a second. There are none without `unknown`.
fn run(
    runtime: &Handle,
    door: &Authenticator,
    known: &HeaderMap,
    unknown: &[HeaderMap],
    requests: usize,
) -> Result<(Vec<u64>, f64)> {
    let (is_over, misses) = (AtomicBool::new(false), AtomicU64::new(0));
    let start = Instant::now();
    std::thread::scope(|scope| {
        let missing = scope.spawn(|| {
            for headers in unknown.iter().cycle() {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                ask(runtime, door, headers)?;
                misses.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
        let hitting: Vec<_> = (0..HITTING_THREADS)
            .map(|_| scope.spawn(|| hits(runtime, door, known, requests)))
            .collect();
        let mut nanos = Vec::new();
        for thread in hitting {
            nanos.extend(thread.join().ok().context("a thread panicked")??);
        }
        let rate = misses.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
        is_over.store(true, Ordering::Relaxed);
        missing.join().ok().context("a thread panicked")??;
        Ok((nanos, rate))
    })
}

fn hits(
    runtime: &Handle,
    door: &Authenticator,
    known: &HeaderMap,
    requests: usize,
) -> Result<Vec<u64>> {
    runtime.block_on(async {
        let mut nanos = Vec::with_capacity(requests);
        for _ in 0..requests {
            let start = Instant::now();
            let found = door.authenticate(&RequestView::of_headers(known)).await;
            nanos.push(start.elapsed().as_nanos() as u64);
            ensure!(found.is_ok(), "a good token is refused");
        }
        Ok(nanos)
    })
}

fn ask(runtime: &Handle, door: &Authenticator, headers: &HeaderMap) -> Result<()> {
    let view = RequestView::of_headers(headers);
    let found = runtime.block_on(door.authenticate(&view));
    ensure!(found.is_ok(), "a good token is refused");
    Ok(())
}
