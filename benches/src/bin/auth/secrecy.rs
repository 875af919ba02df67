//! Whether the time that a refusal takes tells how much of a key is right.

use std::cmp::Ordering;
use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, ensure};
use auth::{Authenticator, RequestView};
use benches::{Random, median};
use futures::FutureExt;
use http::HeaderMap;

use crate::Effort;
use crate::tokens::{API_KEY_CHARS, headers, ring};

/// How many first characters of a key are right. The second row is the same as the first: what
/// it differs by is what this machine's noise looks like.
const SHARED: [usize; 5] = [0, 0, 1, API_KEY_CHARS / 2, API_KEY_CHARS - 1];

const RING: usize = 100;

/// Wrong keys that are timed together. They are new every time: where one key lies in memory and
/// in the ring's map would count for more than what it says.
const KEYS_OF_SAMPLE: usize = 8;

/// Interrupts and other tenants of the machine.
const CROPPED: f64 = 0.1;

/// After so many samples the ring is another: a key that is right but for its last character has
/// few variants, and each would have its fixed place in the map.
const SAMPLES_OF_RING: usize = 50;

/// A table in Markdown.
pub fn measure(effort: Effort) -> Result<String> {
    let mut random = Random::new(7);
    let mut samples = vec![Vec::with_capacity(effort.samples); SHARED.len()];
    for _ in 0..effort.samples / SAMPLES_OF_RING {
        let keys: Vec<String> = (0..RING).map(|_| key(&mut random)).collect();
        let door = Authenticator::chain(vec![Box::new(ring(&keys)?)]);
        for _ in 0..SAMPLES_OF_RING {
            for (class, wrong) in wrong_keys_of_all(&keys, &mut random)? {
                samples[class].push(sample(&door, &wrong)?);
            }
        }
    }
    Ok(table(&cropped(samples)))
}

/// Made in one order and timed in another: making a key leaves traces in the processor.
fn wrong_keys_of_all(keys: &[String], random: &mut Random) -> Result<Vec<(usize, Vec<HeaderMap>)>> {
    let mut order: Vec<usize> = (0..SHARED.len()).collect();
    random.shuffle(&mut order);
    let made = order
        .into_iter()
        .map(|class| Ok((class, wrong_keys(keys, SHARED[class], random)?)));
    let mut made = made.collect::<Result<Vec<_>>>()?;
    random.shuffle(&mut made);
    Ok(made)
}

fn key(random: &mut Random) -> String {
    let bytes = random.bytes(API_KEY_CHARS);
    let letters = bytes.iter().map(|byte| char::from(b'a' + byte % 26));
    letters.collect()
}

fn wrong_keys(keys: &[String], shared: usize, random: &mut Random) -> Result<Vec<HeaderMap>> {
    let wrong = (0..KEYS_OF_SAMPLE).map(|_| {
        let right = &keys[(random.next_u64() % keys.len() as u64) as usize];
        headers(&wrong_key(right, &key(random), shared))
    });
    wrong.collect()
}

/// Right up to `shared` characters, wrong in the next, and `rest` after it. Reads all of both,
/// however much it takes of them.
fn wrong_key(right: &str, rest: &str, shared: usize) -> String {
    let pairs = right.bytes().zip(rest.bytes()).enumerate();
    let letters = pairs.map(|(at, (right, other))| match at.cmp(&shared) {
        Ordering::Less => right,
        Ordering::Equal if right == other => b'a' + (right - b'a' + 1) % 26,
        _ => other,
    });
    letters.map(char::from).collect()
}

/// Nanoseconds of one refusal.
fn sample(door: &Authenticator, wrong: &[HeaderMap]) -> Result<f64> {
    let start = Instant::now();
    for headers in wrong {
        let view = RequestView::of_headers(black_box(headers));
        let found = door.authenticate(&view).now_or_never();
        ensure!(
            matches!(black_box(found), Some(Err(_))),
            "a wrong key is accepted"
        );
    }
    Ok(start.elapsed().as_nanos() as f64 / wrong.len() as f64)
}

/// Without the slowest of all, by one limit for all classes: a limit of each class alone would
/// hide a difference.
fn cropped(samples: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut all = samples.concat();
    all.sort_unstable_by(f64::total_cmp);
    let limit = all[((all.len() - 1) as f64 * (1.0 - CROPPED)) as usize];
    let crop = |class: Vec<f64>| class.into_iter().filter(|nanos| *nanos <= limit).collect();
    samples.into_iter().map(crop).collect()
}

fn table(samples: &[Vec<f64>]) -> String {
    let mut table = String::from(
        "| first characters shared | median | more than with none | Welch's t |\n|---|---|---|---|\n",
    );
    let none = &samples[0];
    for (shared, class) in SHARED.iter().zip(samples) {
        let nanos = median(class);
        let more = nanos - median(none);
        writeln!(
            table,
            "| {shared} | {nanos:.1} ns | {more:+.1} ns | {:+.2} |",
            welch_t(class, none)
        )
        .expect("writing to a string cannot fail");
    }
    table
}

/// The difference of two means in units of its standard error.
fn welch_t(one: &[f64], other: &[f64]) -> f64 {
    let moments = |values: &[f64]| {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values.iter().map(|value| (value - mean).powi(2));
        (mean, squares.sum::<f64>() / (count - 1.0) / count)
    };
    let ((one, one_error), (other, other_error)) = (moments(one), moments(other));
    (one - other) / (one_error + other_error).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistics_see_a_difference_where_there_is_one() {
        let wave =
            |offset: f64| -> Vec<f64> { (0..1000).map(|at| f64::from(at % 10) + offset).collect() };
        assert!(welch_t(&wave(0.0), &wave(0.0)).abs() < 1e-9);
        assert!(welch_t(&wave(1.0), &wave(0.0)) > 4.5);
        assert!(welch_t(&wave(0.0), &wave(1.0)) < -4.5);
    }

    #[test]
    fn wrong_keys_are_right_for_as_long_as_said() {
        let mut random = Random::new(1);
        for shared in SHARED {
            for _ in 0..50 {
                let (right, rest) = (key(&mut random), key(&mut random));
                let wrong = wrong_key(&right, &rest, shared);
                assert_eq!(wrong.len(), right.len());
                let pairs = wrong.bytes().zip(right.bytes());
                assert_eq!(pairs.take_while(|(a, b)| a == b).count(), shared);
            }
        }
    }
}
