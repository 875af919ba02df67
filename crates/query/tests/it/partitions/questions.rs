//! Questions whose answers must not depend on partitions.

use std::sync::Arc;

use anyhow::Result;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::TryStreamExt;
use model::{InsertTime, TimeRange};
use query::{QueryEngine, QueryRequest, ScanCounters};

use super::random::Random;
use super::statements::Subjects;

/// How the rows are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As a set.
    Any,
    /// As a sequence.
    Given,
}

#[derive(Debug, Clone)]
pub struct Question {
    pub sql: String,
    pub range: Option<TimeRange>,
    pub order: Order,
}

impl Question {
    /// Its rows have no order.
    pub fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            range: None,
            order: Order::Any,
        }
    }

    pub fn random(random: &mut Random, subjects: &Subjects<'_>) -> Self {
        let of_spans = random.one_in(6);
        let range = (of_spans || random.one_in(3)).then(|| subjects.range(random));
        let (sql, order) = match of_spans {
            true => subjects.spans(random),
            false => subjects.statement(random),
        };
        Self { sql, range, order }
    }

    pub fn request(&self, as_of: InsertTime, blocks_only: bool) -> QueryRequest {
        QueryRequest {
            range: self.range,
            as_of: Some(as_of),
            blocks_only,
            ..QueryRequest::new(self.sql.clone())
        }
    }

    /// The rows as text, in an order of their own where the question leaves it open.
    pub async fn answer(
        &self,
        engine: &QueryEngine,
        as_of: InsertTime,
        blocks_only: bool,
    ) -> Result<(Vec<String>, Arc<ScanCounters>)> {
        let query = engine.plan(self.request(as_of, blocks_only)).await?;
        let counters = query.counters();
        let batches: Vec<RecordBatch> = query.execute().await?.try_collect().await?;
        let mut rows = Vec::new();
        for batch in &batches {
            rows.extend(texts(batch)?);
        }
        if self.order == Order::Any {
            rows.sort_unstable();
        }
        Ok((rows, counters))
    }
}

fn texts(batch: &RecordBatch) -> Result<Vec<String>> {
    let options = FormatOptions::new().with_null("NULL");
    let columns = batch.columns().iter();
    let columns = columns.map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
    let columns: Vec<_> = columns.collect::<Result<_, _>>()?;
    let rows = (0..batch.num_rows()).map(|row| {
        let values = columns.iter().map(|column| column.value(row).to_string());
        values.collect::<Vec<_>>().join(" | ")
    });
    Ok(rows.collect())
}
