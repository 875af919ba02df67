//! Recorded traffic sent again, once or as many programs.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use test_kit::{Capture, Request};

use crate::random::Random;

/// Attempts per request before a refusal counts; waits double in between.
const ATTEMPTS_MAX: u32 = 10;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub struct Replay {
    pub capture: Capture,
    /// `http://host:port` of an ingestion server.
    pub url: String,
    /// Copies to send. Copy 0 is the recording itself, others are the same
    /// traffic of other programs; a copy has the same identifiers in every run.
    pub copies: std::ops::Range<u32>,
    /// How often each request is sent.
    pub times: u32,
    /// Send in random order; all copies are then held in memory.
    pub shuffle_seed: Option<u64>,
    /// Requests in flight at once.
    pub connections: usize,
}

/// What the server answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    pub requests: usize,
    /// Of the bodies.
    pub bytes: usize,
    pub seconds: f64,
    /// Final answers by status.
    pub statuses: BTreeMap<u16, usize>,
    /// Attempts that were repeated.
    pub retries: usize,
}

impl Summary {
    pub fn all_accepted(&self) -> bool {
        self.statuses.keys().all(|status| *status == 200)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = self.bytes as f64 / 1e6;
        write!(
            f,
            "{} requests, {megabytes:.1} MB in {:.2} s ({:.1} MB/s)",
            self.requests,
            self.seconds,
            megabytes / self.seconds
        )?;
        for (status, count) in &self.statuses {
            write!(f, ", {count} answered {status}")?;
        }
        if self.retries > 0 {
            write!(f, ", {} retries", self.retries)?;
        }
        Ok(())
    }
}

/// Sends everything; fails only when the server cannot be reached. Refusals
/// are in the summary.
pub async fn replay(replay: &Replay) -> Result<Summary> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(replay.connections)
        .build()?;
    let start = Instant::now();
    let outcomes: Vec<Outcome> = stream::iter(requests(replay))
        .map(|request| send(&client, &replay.url, request))
        .buffer_unordered(replay.connections.max(1))
        .try_collect()
        .await?;
    let mut summary = Summary {
        requests: outcomes.len(),
        seconds: start.elapsed().as_secs_f64(),
        ..Summary::default()
    };
    for outcome in outcomes {
        summary.bytes += outcome.bytes;
        summary.retries += outcome.retries;
        *summary.statuses.entry(outcome.status).or_default() += 1;
    }
    Ok(summary)
}

/// Requests in the order in which they start.
fn requests(replay: &Replay) -> Box<dyn Iterator<Item = Request> + '_> {
    let times = (0..replay.times).flat_map(|_| replay.copies.clone());
    let all = times.flat_map(|copy| replay.capture.renamed(copy).requests);
    match replay.shuffle_seed {
        None => Box::new(all),
        Some(seed) => {
            let mut all: Vec<Request> = all.collect();
            Random::new(seed).shuffle(&mut all);
            Box::new(all.into_iter())
        }
    }
}

struct Outcome {
    status: u16,
    bytes: usize,
    retries: usize,
}

async fn send(client: &reqwest::Client, url: &str, request: Request) -> Result<Outcome> {
    let url = format!("{}{}", url.trim_end_matches('/'), request.path);
    let method = reqwest::Method::from_bytes(request.method.as_bytes())?;
    let mut wait = FIRST_WAIT;
    for attempt in 0..ATTEMPTS_MAX {
        let mut call = client.request(method.clone(), &url);
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        let last = attempt + 1 == ATTEMPTS_MAX;
        match call.body(request.body.clone()).send().await {
            Ok(answer) if !answer.status().is_server_error() || last => {
                return Ok(Outcome {
                    status: answer.status().as_u16(),
                    bytes: request.body.len(),
                    retries: attempt as usize,
                });
            }
            Err(error) if last => {
                return Err(error).with_context(|| format!("cannot post to {url}"));
            }
            Ok(_) | Err(_) => tokio::time::sleep(wait).await,
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
    bail!("no attempt was made")
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn example() -> Replay {
        Replay {
            capture: Capture::load("ledger").expect("in the repository"),
            url: String::new(),
            copies: 0..3,
            times: 2,
            shuffle_seed: None,
            connections: 1,
        }
    }

    #[test]
    fn every_copy_is_sent_every_time_in_any_order() {
        let ordered: Vec<Request> = requests(&example()).collect();
        assert_eq!(ordered.len(), 11 * 3 * 2);
        assert_eq!(ordered[..11], example().capture.requests[..]);
        assert_eq!(ordered[..33], ordered[33..]);
        let shuffled: Vec<Request> = requests(&Replay {
            shuffle_seed: Some(1),
            ..example()
        })
        .collect();
        assert_ne!(shuffled, ordered);
        let sorted = |mut requests: Vec<Request>| {
            requests.sort_by(|a, b| a.body.cmp(&b.body));
            requests
        };
        assert_eq!(sorted(shuffled), sorted(ordered));
    }

    #[test]
    fn refusals_are_told() {
        let summary = |statuses: &[(u16, usize)]| Summary {
            statuses: statuses.iter().copied().collect(),
            ..Summary::default()
        };
        assert!(summary(&[(200, 3)]).all_accepted());
        assert!(!summary(&[(200, 3), (400, 1)]).all_accepted());
    }

    #[tokio::test]
    async fn full_servers_are_asked_again_and_refusals_are_final() -> Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let server = tokio::spawn(async move {
            let answers = ["503 Full", "500 Broken", "200 OK", "400 Bad Request"];
            for answer in answers.into_iter().chain(["200 OK"; 9]) {
                let (stream, _) = listener.accept().await?;
                let mut reader = tokio::io::BufReader::new(stream);
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).await?;
                    if let Some(value) = line.strip_prefix("content-length: ") {
                        length = value.trim().parse()?;
                    }
                    if line == "\r\n" {
                        break;
                    }
                }
                reader.read_exact(&mut vec![0; length]).await?;
                let answer =
                    format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                reader.get_mut().write_all(answer.as_bytes()).await?;
            }
            anyhow::Ok(())
        });
        let summary = replay(&Replay {
            url,
            copies: 0..1,
            times: 1,
            ..example()
        })
        .await?;
        server.await??;
        assert_eq!(summary.statuses, BTreeMap::from([(200, 10), (400, 1)]));
        assert_eq!((summary.requests, summary.retries), (11, 2));
        Ok(())
    }
}
