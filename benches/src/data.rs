//! Four hundred thousand log rows of one program, from a recording of one
//! hundredth of them.

use anyhow::{Context, Result, ensure};
use test_kit::Capture;
use uuid::Uuid;

use crate::lake::Lake;
use crate::replay::{Replay, replay};

/// Log rows that the lake holds for one process.
#[derive(Debug, Clone, Copy)]
pub struct LogData {
    pub process_id: Uuid,
    /// As a query counts them right after the last acknowledgement.
    pub rows: i64,
    /// As they were sent.
    pub acknowledged: i64,
}

impl LogData {
    /// Sends `copies` times the log blocks of the recording `ledger`, as
    /// different streams of one program, and waits for nothing: what is
    /// acknowledged can be queried.
    pub async fn load(lake: &Lake, copies: u32) -> Result<Self> {
        let recording = Capture::load("ledger")?;
        let process_id = process_id(&recording)?;
        let mut rows_per_copy = 0;
        for copy in 0..copies {
            let summary = replay(&Replay {
                capture: as_same_process(&recording, copy, process_id)?,
                url: format!("http://{}", lake.ingestion),
                copies: 0..1,
                times: 1,
                shuffle_seed: None,
                connections: 4,
            })
            .await?;
            ensure!(summary.all_accepted(), "the data was refused: {summary}");
            if copy == 0 {
                rows_per_copy = count_rows(lake).await?;
            }
        }
        Ok(Self {
            process_id,
            rows: count_rows(lake).await?,
            acknowledged: rows_per_copy * i64::from(copies),
        })
    }
}

async fn count_rows(lake: &Lake) -> Result<i64> {
    lake.count("SELECT count(*) FROM log_entries").await
}

/// The first request registers the program, and holds no other identifier
/// before its own.
fn process_id(recording: &Capture) -> Result<Uuid> {
    let request = recording.requests.first().context("an empty recording")?;
    let ids = recording.ids();
    let text = |window: &[u8]| {
        let text = std::str::from_utf8(window).ok()?;
        Uuid::try_parse(text).ok().filter(|id| ids.contains(id))
    };
    let found = request.body.windows(36).find_map(text);
    found.context("the recording does not start with its process")
}

/// A renamed copy, with the process renamed back.
fn as_same_process(recording: &Capture, copy: u32, process_id: Uuid) -> Result<Capture> {
    let mut renamed = recording.renamed(copy);
    let from = self::process_id(&renamed)?.to_string();
    let to = process_id.to_string();
    for request in &mut renamed.requests {
        let mut body = request.body.to_vec();
        let mut at = 0;
        while at + from.len() <= body.len() {
            if body[at..].starts_with(from.as_bytes()) {
                body[at..at + to.len()].copy_from_slice(to.as_bytes());
                at += to.len();
            } else {
                at += 1;
            }
        }
        request.body = body.into();
    }
    Ok(renamed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_share_the_process_and_nothing_else() -> Result<()> {
        let recording = Capture::load("ledger")?;
        let process = process_id(&recording)?;
        assert_eq!(process.to_string(), "8452901b-3c9f-4f28-bd50-5e9a198d40c4");
        let first = as_same_process(&recording, 1, process)?.ids();
        let second = as_same_process(&recording, 2, process)?.ids();
        let shared: Vec<&Uuid> = first.intersection(&second).collect();
        assert_eq!(shared, [&process]);
        assert_eq!(first.len(), recording.ids().len());
        Ok(())
    }
}
