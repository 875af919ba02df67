//! Latencies and medians.

use std::time::Duration;

/// How long each of many requests took.
#[derive(Debug, Clone, Default)]
pub struct Latencies {
    /// Microseconds, sorted.
    sorted: Vec<u32>,
}

impl Latencies {
    pub fn new(samples: impl IntoIterator<Item = Duration>) -> Self {
        let micros = |sample: Duration| u32::try_from(sample.as_micros()).unwrap_or(u32::MAX);
        let mut sorted: Vec<u32> = samples.into_iter().map(micros).collect();
        sorted.sort_unstable();
        Self { sorted }
    }

    pub fn count(&self) -> usize {
        self.sorted.len()
    }

    /// Milliseconds; NaN without samples, as below.
    pub fn average_ms(&self) -> f64 {
        let total: u64 = self.sorted.iter().map(|micros| u64::from(*micros)).sum();
        total as f64 / self.sorted.len() as f64 / 1000.0
    }

    pub fn median_ms(&self) -> f64 {
        self.quantile_ms(0.5)
    }

    pub fn p99_ms(&self) -> f64 {
        self.quantile_ms(0.99)
    }

    fn quantile_ms(&self, ratio: f64) -> f64 {
        let Some(last) = self.sorted.len().checked_sub(1) else {
            return f64::NAN;
        };
        let at = (last as f64 * ratio).round() as usize;
        f64::from(self.sorted[at]) / 1000.0
    }
}

/// The middle value, or the mean of the middle two; NaN when there is none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[length / 2],
        length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles() {
        let latencies = Latencies::new((1..=100).rev().map(Duration::from_millis));
        assert_eq!(latencies.count(), 100);
        assert!((latencies.average_ms() - 50.5).abs() < 1e-9);
        assert!((latencies.median_ms() - 51.0).abs() < 1e-9);
        assert!((latencies.p99_ms() - 99.0).abs() < 1e-9);
        assert!(Latencies::default().median_ms().is_nan());
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]).to_string(), "2");
        assert_eq!(median(&[4.0, 1.0]).to_string(), "2.5");
        assert!(median(&[]).is_nan());
    }
}
