//! What one request pays: for a credential that is known, and for a token that is not.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, ensure};
use auth::{Authenticator, RequestView};
use benches::{Measured, Row, median};
use http::HeaderMap;
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;

use crate::Effort;
use crate::tokens::{ALGORITHMS, API_KEY_CHARS, World, headers};

const HIT_TARGET_MICROS: f64 = 2.0;

/// Of what a miss costs beside its signature check.
const MISS_TARGET_MICROS: f64 = 25.0;

/// Credentials that a door knows: keys, and tokens in its cache.
pub fn hits(world: &World, effort: Effort) -> Result<Vec<Row>> {
    let key = "k".repeat(API_KEY_CHARS);
    let token = world.token("RS256", 0)?;
    let door = world.door(std::slice::from_ref(&key), 1_000)?;
    let key_name = format!("API key of {API_KEY_CHARS} characters");
    let token_name = format!("token of {} characters, in the cache", token.len());
    [(key_name, key), (token_name, token)]
        .into_iter()
        .map(|(work, credential)| hit(world, &door, work, &credential, effort))
        .collect()
}

fn hit(
    world: &World,
    door: &Authenticator,
    work: String,
    credential: &str,
    effort: Effort,
) -> Result<Row> {
    let known = [headers(credential)?];
    let (mut ours, mut hashing) = (Vec::new(), Vec::new());
    // The first request may fetch keys.
    requests(world.runtime.handle(), door, &known, 1)?;
    for _ in 0..effort.rounds {
        ours.push(requests(
            world.runtime.handle(),
            door,
            &known,
            effort.requests,
        )?);
        hashing.push(micros_each(effort.requests, || {
            black_box(Sha256::digest(black_box(credential.as_bytes())));
        }));
    }
    let micros = median(&ours);
    Ok(Row {
        work,
        baseline: String::new(),
        target: format!("{HIT_TARGET_MICROS} µs"),
        ours: Measured {
            figure: format!("{micros:.2} µs"),
            met: micros <= HIT_TARGET_MICROS,
        },
        yardstick: format!("SHA-256 of it {:.2} µs", median(&hashing)),
    })
}

/// Tokens that come round only after the cache has forgotten them.
pub fn misses(world: &World, effort: Effort) -> Result<Vec<Row>> {
    let rows = ALGORITHMS.iter();
    rows.map(|algorithm| miss(world, algorithm, effort))
        .collect()
}

fn miss(world: &World, algorithm: &str, effort: Effort) -> Result<Row> {
    let tokens = (0..effort.tokens).map(|number| world.token(algorithm, number));
    let tokens: Vec<String> = tokens.collect::<Result<_>>()?;
    let door = world.door(&[], 10)?;
    let unknown: Vec<HeaderMap> = tokens
        .iter()
        .map(|token| headers(token))
        .collect::<Result<_>>()?;
    let check = world.raw_check(algorithm, &tokens[0])?;
    let (mut ours, mut checking) = (Vec::new(), Vec::new());
    requests(world.runtime.handle(), &door, &unknown[..1], 1)?;
    for _ in 0..effort.rounds {
        ours.push(requests(
            world.runtime.handle(),
            &door,
            &unknown,
            effort.tokens,
        )?);
        checking.push(micros_each(effort.tokens, &check));
    }
    let (micros, least) = (median(&ours), median(&checking));
    Ok(Row {
        work: format!("token with {algorithm}, not in the cache"),
        baseline: String::new(),
        target: format!("{MISS_TARGET_MICROS} µs above the signature"),
        ours: Measured {
            figure: format!("{micros:.0} µs"),
            met: micros <= least + MISS_TARGET_MICROS,
        },
        yardstick: format!("signature alone {least:.0} µs"),
    })
}

/// Microseconds per request.
fn requests(
    runtime: &Handle,
    door: &Authenticator,
    headers: &[HeaderMap],
    count: usize,
) -> Result<f64> {
    runtime.block_on(async {
        let start = Instant::now();
        for headers in headers.iter().cycle().take(count) {
            let view = RequestView::of_headers(black_box(headers));
            let found = door.authenticate(&view).await;
            ensure!(black_box(found).is_ok(), "a good credential is refused");
        }
        Ok(start.elapsed().as_secs_f64() * 1e6 / count as f64)
    })
}

fn micros_each(count: usize, work: impl Fn()) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        work();
    }
    start.elapsed().as_secs_f64() * 1e6 / count as f64
}
