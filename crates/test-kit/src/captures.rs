//! Recorded producer traffic, and copies of it under other identities.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use uuid::Uuid;

/// One recorded HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// Path of the URL, from `/`.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

/// The requests that one program sent, in the order it sent them.
#[derive(Debug, Clone)]
pub struct Capture {
    pub requests: Vec<Request>,
}

/// CBOR: a text of 36 bytes, which is how identifiers are written.
const UUID_TEXT_HEAD: [u8; 2] = [0x78, 36];
const UUID_CHARS: usize = 36;
const ID_KEYS: [&[u8]; 3] = [b"process_id", b"stream_id", b"block_id"];

impl Capture {
    /// The recording `name` of the repository, `ledger` or `generator`.
    pub fn load(name: &str) -> Result<Self> {
        Self::load_folder(&captures_folder().join(name))
    }

    /// A recording in any folder.
    pub fn load_folder(folder: &Path) -> Result<Self> {
        let mut heads = Vec::new();
        let entries = std::fs::read_dir(folder)
            .with_context(|| format!("listing the recording {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                heads.push(path);
            }
        }
        ensure!(!heads.is_empty(), "no requests in {}", folder.display());
        heads.sort();
        let requests = heads.iter().map(|head| load_request(head));
        Ok(Self {
            requests: requests.collect::<Result<_>>()?,
        })
    }

    /// The same traffic as another program would send it: every identifier of a
    /// process, stream or block is replaced by one that depends on `copy` only.
    /// Copy 0 is the recording itself.
    pub fn renamed(&self, copy: u32) -> Self {
        let known = self.ids();
        let requests = self.requests.iter().map(|request| Request {
            body: rename_ids(&request.body, &known, copy),
            ..request.clone()
        });
        Self {
            requests: requests.collect(),
        }
    }

    /// The identifiers of every process, stream and block in the recording.
    pub fn ids(&self) -> HashSet<Uuid> {
        self.requests
            .iter()
            .flat_map(|request| {
                id_texts(&request.body)
                    .into_iter()
                    .filter(|&(start, _)| follows_an_id_key(&request.body, start))
                    .map(|(_, id)| id)
            })
            .collect()
    }

    /// Bytes of all bodies.
    pub fn body_bytes(&self) -> usize {
        self.requests.iter().map(|request| request.body.len()).sum()
    }
}

fn captures_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/captures")
}

fn load_request(head: &Path) -> Result<Request> {
    let read = || -> Result<Request> {
        let text = std::fs::read_to_string(head)?;
        let json: serde_json::Value = serde_json::from_str(&text)?;
        let field = |name: &str| json[name].as_str().map(str::to_owned);
        let headers = json["headers"].as_array().into_iter().flatten();
        let headers = headers.filter_map(|pair| {
            let text = |index: usize| pair[index].as_str().map(str::to_owned);
            Some((text(0)?, text(1)?))
        });
        Ok(Request {
            method: field("method").context("no method")?,
            path: field("path").context("no path")?,
            headers: headers.collect(),
            body: std::fs::read(head.with_extension("bin"))?.into(),
        })
    };
    read().with_context(|| format!("reading the request {}", head.display()))
}

/// Start of the text and value of every identifier in a body.
fn id_texts(body: &[u8]) -> Vec<(usize, Uuid)> {
    let width = UUID_TEXT_HEAD.len() + UUID_CHARS;
    let windows = body.windows(width).enumerate();
    windows
        .filter(|(_, window)| window.starts_with(&UUID_TEXT_HEAD))
        .filter_map(|(start, window)| {
            let text = std::str::from_utf8(&window[UUID_TEXT_HEAD.len()..]).ok()?;
            Some((start + UUID_TEXT_HEAD.len(), Uuid::try_parse(text).ok()?))
        })
        .collect()
}

fn follows_an_id_key(body: &[u8], start: usize) -> bool {
    let before = &body[..start - UUID_TEXT_HEAD.len()];
    ID_KEYS.iter().any(|key| before.ends_with(key))
}

fn rename_ids(body: &Bytes, known: &HashSet<Uuid>, copy: u32) -> Bytes {
    let mut renamed = body.to_vec();
    for (start, id) in id_texts(body) {
        if known.contains(&id) {
            let text = renamed_id(id, copy).hyphenated().to_string();
            renamed[start..start + UUID_CHARS].copy_from_slice(text.as_bytes());
        }
    }
    renamed.into()
}

/// Flips the same bits of every identifier of one copy, so distinct ones stay distinct.
fn renamed_id(id: Uuid, copy: u32) -> Uuid {
    // The bits that say version and variant stay.
    const FREE_BITS: u128 = 0xffff_ffff_ffff_0fff_3fff_ffff_ffff_ffff;
    const ODD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    let flips = u128::from(copy).wrapping_mul(ODD) & FREE_BITS;
    Uuid::from_u128(id.as_u128() ^ flips)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_load_in_order() {
        let ledger = Capture::load("ledger").unwrap();
        assert_eq!(ledger.requests.len(), 11);
        assert_eq!(ledger.requests[0].path, "/ingestion/insert_process");
        assert_eq!(ledger.requests[0].method, "POST");
        assert!(!ledger.requests[0].headers.is_empty());
        assert!(ledger.body_bytes() > 10_000);
        let process = Uuid::try_parse("8452901b-3c9f-4f28-bd50-5e9a198d40c4").unwrap();
        assert!(ledger.ids().contains(&process));
        assert!(Capture::load("absent").is_err());
    }

    #[test]
    fn copies_share_no_identifier_and_differ_in_nothing_else() {
        for name in ["ledger", "generator"] {
            let original = Capture::load(name).unwrap();
            assert_eq!(original.renamed(0).requests, original.requests);
            let mut seen = original.ids();
            let expected = seen.len();
            for copy in 1..10 {
                let renamed = original.renamed(copy);
                let ids = renamed.ids();
                assert_eq!(ids.len(), expected);
                assert!(ids.is_disjoint(&seen));
                for (old, new) in original.requests.iter().zip(&renamed.requests) {
                    assert_eq!(old.body.len(), new.body.len());
                    assert_eq!(id_texts(&old.body).len(), id_texts(&new.body).len());
                }
                seen.extend(ids);
            }
        }
    }
}
