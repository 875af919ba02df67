//! Queries over Flight SQL.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Result;
use flightsql_client::{Client, RequestMetadata};
use futures::TryStreamExt;

use crate::stats::Latencies;

/// One statement again and again from one client.
pub async fn repeat(client: &Client, sql: &str, duration: Duration) -> Result<Latencies> {
    let start = Instant::now();
    let mut latencies = Vec::new();
    while start.elapsed() < duration {
        let sent = Instant::now();
        drain(client, sql, RequestMetadata::new()).await?;
        latencies.push(sent.elapsed());
    }
    Ok(Latencies::new(latencies))
}

/// One read of a result to its end.
#[derive(Debug, Clone, Copy)]
pub struct Scan {
    pub rows: usize,
    /// Arrow bytes of the batches as received.
    pub bytes: usize,
    pub seconds: f64,
}

impl fmt::Display for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = self.bytes as f64 / 1e6;
        let (rows, seconds) = (self.rows, self.seconds);
        write!(f, "{rows} rows, {megabytes:.1} MB in {seconds:.3} s")
    }
}

pub async fn scan(client: &Client, sql: &str, metadata: RequestMetadata) -> Result<Scan> {
    let start = Instant::now();
    let (rows, bytes) = drain(client, sql, metadata).await?;
    Ok(Scan {
        rows,
        bytes,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// Rows of a result that is read to its end, and Arrow bytes.
pub async fn drain(
    client: &Client,
    sql: &str,
    metadata: RequestMetadata,
) -> Result<(usize, usize)> {
    let mut batches = client.query(sql, metadata).await?;
    let (mut rows, mut bytes) = (0, 0);
    while let Some(batch) = batches.try_next().await? {
        rows += batch.num_rows();
        bytes += batch
            .columns()
            .iter()
            .map(|column| column.to_data().get_slice_memory_size().unwrap_or(0))
            .sum::<usize>();
    }
    Ok((rows, bytes))
}
