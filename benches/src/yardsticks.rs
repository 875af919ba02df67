//! What this machine does at best, for the same kind of work.

use std::fmt;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::generators::ingest;
use crate::random::Random;
use crate::stats::median;

/// Longest run of one yardstick.
pub const YARDSTICK_MAX: Duration = Duration::from_secs(1);

/// Best rates of this machine, now.
#[derive(Debug, Clone, Copy)]
pub struct Yardsticks {
    /// Appends of 4 kB to one file, each followed by `fdatasync`, per second.
    pub appends_per_second: f64,
    /// New files of 4 kB, each synced together with its folder, per second.
    pub files_per_second: f64,
    /// Writing new files of 4 MB, each synced, in MB/s.
    pub synced_megabytes_per_second: f64,
    /// LZ4 frames of text-like data, output MB/s.
    pub lz4_megabytes_per_second: f64,
    /// Copying memory, in GB/s.
    pub memcpy_gigabytes_per_second: f64,
    /// Requests of 2.9 kB to a server that only answers 200, 64 connections.
    pub echoes_per_second: f64,
    /// Requests of 120 kB to that server, 16 connections, in MB/s.
    pub echo_megabytes_per_second: f64,
}

impl fmt::Display for Yardsticks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0} synced appends/s, {:.0} synced files/s, {:.0} MB/s synced, \
             LZ4 {:.0} MB/s, memcpy {:.1} GB/s, echo {:.0} requests/s and {:.0} MB/s",
            self.appends_per_second,
            self.files_per_second,
            self.synced_megabytes_per_second,
            self.lz4_megabytes_per_second,
            self.memcpy_gigabytes_per_second,
            self.echoes_per_second,
            self.echo_megabytes_per_second
        )
    }
}

impl Yardsticks {
    /// Field by field: what else a shared machine does comes and goes.
    pub fn median(measured: &[Self]) -> Self {
        let of = |field: fn(&Self) -> f64| median(&measured.iter().map(field).collect::<Vec<_>>());
        Self {
            appends_per_second: of(|one| one.appends_per_second),
            files_per_second: of(|one| one.files_per_second),
            synced_megabytes_per_second: of(|one| one.synced_megabytes_per_second),
            lz4_megabytes_per_second: of(|one| one.lz4_megabytes_per_second),
            memcpy_gigabytes_per_second: of(|one| one.memcpy_gigabytes_per_second),
            echoes_per_second: of(|one| one.echoes_per_second),
            echo_megabytes_per_second: of(|one| one.echo_megabytes_per_second),
        }
    }
}

/// Measures each for `duration`; files go to `folder`, on the disk of the lake.
pub async fn measure(folder: &Path, duration: Duration) -> Result<Yardsticks> {
    let small_echoes = echo(64, 2_900, duration).await?;
    let large_echoes = echo(16, 120_000, duration).await?;
    let folder = folder.to_owned();
    let rest = tokio::task::spawn_blocking(move || -> Result<Yardsticks> {
        Ok(Yardsticks {
            appends_per_second: appends(&folder, duration)?,
            files_per_second: new_files(&folder, 4 << 10, duration)?,
            synced_megabytes_per_second: new_files(&folder, 4 << 20, duration)? * 4.194_304,
            lz4_megabytes_per_second: lz4(duration)?,
            memcpy_gigabytes_per_second: memcpy(duration),
            echoes_per_second: small_echoes.blocks_per_second(),
            echo_megabytes_per_second: large_echoes.megabytes_per_second(),
        })
    });
    rest.await.context("a yardstick panicked")?
}

fn appends(folder: &Path, duration: Duration) -> Result<f64> {
    let path = folder.join("yardstick-append");
    let mut file = File::create(&path)?;
    let block = Random::new(1).bytes(4 << 10);
    let rate = per_second(duration, || {
        file.write_all(&block)?;
        Ok(file.sync_data()?)
    })?;
    fs::remove_file(path)?;
    Ok(rate)
}

fn new_files(folder: &Path, bytes: usize, duration: Duration) -> Result<f64> {
    let folder = folder.join("yardstick-files");
    fs::create_dir_all(&folder)?;
    let block = Random::new(1).bytes(bytes);
    let mut count = 0;
    let rate = per_second(duration, || {
        count += 1;
        let mut file = File::create(folder.join(format!("{count}")))?;
        file.write_all(&block)?;
        file.sync_all()?;
        Ok(File::open(&folder)?.sync_all()?)
    })?;
    fs::remove_dir_all(folder)?;
    Ok(rate)
}

fn lz4(duration: Duration) -> Result<f64> {
    // Words of a small vocabulary compress about as telemetry does.
    let mut random = Random::new(1);
    let words: Vec<Vec<u8>> = (0..256).map(|_| random.bytes(12)).collect();
    let mut plain = Vec::new();
    while plain.len() < 8 << 20 {
        plain.extend(&words[(random.next_u64() % 256) as usize]);
    }
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(&plain)?;
    let frame = encoder.finish()?;
    let mut output = Vec::with_capacity(plain.len());
    let rate = per_second(duration, || {
        output.clear();
        let mut decoder = lz4_flex::frame::FrameDecoder::new(frame.as_slice());
        std::io::copy(&mut decoder, &mut output)?;
        black_box(&output);
        Ok(())
    })?;
    Ok(rate * plain.len() as f64 / 1e6)
}

fn memcpy(duration: Duration) -> f64 {
    let source = vec![1_u8; 64 << 20];
    let mut target = vec![0_u8; source.len()];
    let rate = per_second(duration, || {
        target.copy_from_slice(black_box(&source));
        black_box(&target);
        Ok(())
    });
    rate.unwrap_or(f64::NAN) * source.len() as f64 / 1e9
}

fn per_second(duration: Duration, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    let mut count = 0_u32;
    while start.elapsed() < duration {
        work()?;
        count += 1;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

/// The load generator against a server that does nothing.
async fn echo(connections: usize, body_bytes: usize, duration: Duration) -> Result<ingest::Report> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_all(stream));
        }
    });
    let report = ingest::run(ingest::Config {
        address,
        connections,
        body_bytes,
        duration,
    })
    .await;
    server.abort();
    report
}

/// Reads requests and answers 200 until the connection ends.
async fn answer_all(mut stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut buffer = vec![0; 256 << 10];
    let mut filled = 0;
    loop {
        let request_bytes = loop {
            if let Some(length) = request_length(&buffer[..filled]) {
                break length;
            }
            filled += read_some(&mut stream, &mut buffer[filled..]).await?;
        };
        while filled < request_bytes {
            filled += read_some(&mut stream, &mut buffer[filled..]).await?;
        }
        filled = 0; // the generator sends one request at a time
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.ok()?;
    }
}

async fn read_some(stream: &mut TcpStream, buffer: &mut [u8]) -> Option<usize> {
    stream.read(buffer).await.ok().filter(|count| *count > 0)
}

/// Head and body, once the head is complete.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let length = head
        .split("\r\n")
        .find_map(|line| line.strip_prefix("content-length: "))?;
    Some(end + 4 + length.parse::<usize>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_yardstick_moves() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let measured = measure(folder.path(), Duration::from_millis(30)).await?;
        let rates = [
            measured.appends_per_second,
            measured.files_per_second,
            measured.synced_megabytes_per_second,
            measured.lz4_megabytes_per_second,
            measured.memcpy_gigabytes_per_second,
            measured.echoes_per_second,
            measured.echo_megabytes_per_second,
        ];
        assert!(rates.iter().all(|rate| *rate > 0.0), "{measured}");
        assert_eq!(fs::read_dir(folder.path())?.count(), 0, "files are removed");
        Ok(())
    }
}
