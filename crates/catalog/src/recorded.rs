//! Which objects of the store are known here.

use std::collections::HashSet;

use crate::sql::Builder;
use crate::{Catalog, Result};

const LOOKING_UP: &str = "looking up objects";
/// Keys per statement.
const CHUNK: usize = 256;

impl Catalog {
    /// Those of `keys` that are recorded segments, whether a block refers to them or not.
    pub async fn recorded_segments(&self, keys: &[&str]) -> Result<HashSet<String>> {
        self.recorded("SELECT key FROM segments WHERE key IN ", keys)
            .await
    }

    /// Those of `keys` that are files of recorded partitions, active or retired.
    pub async fn recorded_partitions(&self, keys: &[&str]) -> Result<HashSet<String>> {
        let sql = "SELECT file_key FROM partitions WHERE file_key IN ";
        self.recorded(sql, keys).await
    }

    async fn recorded(&self, sql: &'static str, keys: &[&str]) -> Result<HashSet<String>> {
        let mut found = HashSet::new();
        for chunk in keys.chunks(CHUNK) {
            let mut statement = Builder::new(sql);
            statement.bind_list(chunk);
            let rows: Vec<(String,)> = self
                .database()
                .fetch_all(LOOKING_UP, statement.finish())
                .await?;
            found.extend(rows.into_iter().map(|(key,)| key));
        }
        Ok(found)
    }
}
