//! Which files are tables now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use datafusion::catalog::TableProvider;
use futures::{StreamExt, stream};
use lake::{StaticFile, StaticFiles};
use tokio::time::{Interval, MissedTickBehavior};

use super::Tables;
use super::format::Format;
use super::rows::{FILE_BYTES_MAX, Source};
use super::sample::{Columns, Error, columns};
use super::table::StaticTable;

/// Files that are looked at. More are likely a prefix that was not meant.
const FILES_MAX: usize = 10_000;
const TABLES_MAX: usize = 256;
/// Files that are read at the same time.
const READS: usize = 8;
const NAME_BYTES_MAX: usize = 128;

/// A shorter interval would only load the store, and a longer one is as good as none.
const INTERVAL_MIN: Duration = Duration::from_millis(1);
const INTERVAL_MAX: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn ticks(interval: Duration) -> Interval {
    let mut ticks = tokio::time::interval(interval.clamp(INTERVAL_MIN, INTERVAL_MAX));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// What is known of the files.
pub(super) struct Discovery {
    files: StaticFiles,
    taken: Vec<&'static str>,
    known: BTreeMap<String, Known>,
    /// Those of the last time, which need not be told again.
    problems: BTreeSet<String>,
}

/// A file whose begin was read.
#[derive(Clone)]
struct Known {
    candidate: Candidate,
    /// None where it is no table, however often it is read.
    columns: Option<Columns>,
}

/// A file with a name that a table can have.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    name: String,
    format: Format,
    file: StaticFile,
}

impl Discovery {
    pub fn new(files: StaticFiles, taken: Vec<&'static str>) -> Self {
        Self {
            files,
            taken,
            known: BTreeMap::new(),
            problems: BTreeSet::new(),
        }
    }

    /// The tables that there are now. What can not be asked for stays as it was.
    pub async fn refresh(&mut self) -> Tables {
        let mut problems = BTreeSet::new();
        match self.files.list(FILES_MAX).await {
            Ok(files) => {
                let candidates = self.candidates(files, &mut problems);
                self.look_at(candidates, &mut problems).await;
            }
            Err(error) => {
                problems.insert(format!(
                    "the static tables are not listed: {}",
                    cause(&error)
                ));
            }
        }
        for problem in problems.difference(&self.problems) {
            tracing::warn!("{problem}");
        }
        self.problems = problems;
        self.tables()
    }

    /// In the order of their paths, so that all servers agree which of two is a table.
    fn candidates(
        &self,
        mut files: Vec<StaticFile>,
        problems: &mut BTreeSet<String>,
    ) -> Vec<Candidate> {
        if files.len() == FILES_MAX {
            problems.insert(format!(
                "only the first {FILES_MAX} files below the prefix of static tables are looked at"
            ));
        }
        files.sort_by(|a, b| a.path().cmp(b.path()));
        let mut candidates: BTreeMap<String, Candidate> = BTreeMap::new();
        for file in files {
            let Some((name, format)) = Format::of_path(file.path()) else {
                continue;
            };
            let refusal = match () {
                () if !is_name(name) => Some("its name can not be that of a table"),
                () if self.taken.contains(&name) => Some("there is a table with this name"),
                () if candidates.contains_key(name) => Some("another file has this name"),
                () if file.bytes > FILE_BYTES_MAX => Some("it is too large"),
                () if candidates.len() == TABLES_MAX => Some("there are too many"),
                () => None,
            };
            match refusal {
                Some(why) => {
                    problems.insert(format!("{:?} is no static table: {why}", file.path()));
                }
                None => {
                    let name = name.to_owned();
                    candidates.insert(name.clone(), Candidate { name, format, file });
                }
            }
        }
        candidates.into_values().collect()
    }

    async fn look_at(&mut self, candidates: Vec<Candidate>, problems: &mut BTreeSet<String>) {
        let mut before = std::mem::take(&mut self.known);
        let looked = stream::iter(candidates).map(|candidate| {
            let known = before.remove(&candidate.name);
            look(&self.files, candidate, known)
        });
        let looked: Vec<_> = looked.buffer_unordered(READS).collect().await;
        for (known, problem) in looked {
            problems.extend(problem);
            if let Some(known) = known {
                self.known.insert(known.candidate.name.clone(), known);
            }
        }
    }

    fn tables(&self) -> Tables {
        let tables = self.known.iter().filter_map(|(name, known)| {
            let columns = known.columns.as_ref()?;
            let table = StaticTable(Source {
                table: name.clone(),
                files: self.files.clone(),
                file: known.candidate.file.clone(),
                format: known.candidate.format,
                schema: Arc::clone(&columns.schema),
                batch_rows: columns.batch_rows,
            });
            Some((name.clone(), Arc::new(table) as Arc<dyn TableProvider>))
        });
        tables.collect()
    }
}

/// What is known of the candidate now, and what is wrong with it.
async fn look(
    files: &StaticFiles,
    candidate: Candidate,
    known: Option<Known>,
) -> (Option<Known>, Option<String>) {
    let problem = |error: &Error| {
        let (path, cause) = (candidate.file.path(), cause(error));
        format!("{path:?} is no static table: {error}: {cause}")
    };
    if let Some(known) = known.as_ref().filter(|known| known.candidate == candidate) {
        return (Some(known.clone()), None);
    }
    match columns(files, &candidate.file, candidate.format).await {
        Ok(columns) => {
            let columns = Some(columns);
            (Some(Known { candidate, columns }), None)
        }
        Err(error @ Error::Malformed(_)) => {
            let problem = problem(&error);
            let columns = None;
            (Some(Known { candidate, columns }), Some(problem))
        }
        Err(error @ Error::Unreadable(_)) => (known, Some(problem(&error))),
    }
}

fn is_name(name: &str) -> bool {
    let is_plain = |letter: char| !letter.is_control() && letter != '\'' && letter != '"';
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.chars().all(is_plain)
}

/// The chain of causes, for the log.
fn cause(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    let causes: Vec<_> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}
