//! The columns of `log_entries` that differ from row to row.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, StringBuilder, TimestampNanosecondArray};
use wire::transit::Dependencies;

use super::{LogRow, Message};
use crate::column::{Column, UTC};
use crate::dictionary::{PropertyColumn, TextColumn};
use crate::error::Result;

/// One builder per column; None or an idle dictionary for a column nobody asked for.
#[derive(Debug)]
pub(super) struct LogColumns {
    pub targets: TextColumn,
    pub properties: PropertyColumn,
    times: Option<Vec<i64>>,
    levels: Option<Vec<i32>>,
    messages: Option<StringBuilder>,
}

impl LogColumns {
    pub(super) fn new(dependencies: &Dependencies, wanted: impl Fn(Column) -> bool) -> Self {
        Self {
            targets: TextColumn::new(wanted(Column::Target), dependencies),
            properties: PropertyColumn::new(wanted(Column::Properties), dependencies),
            times: wanted(Column::Time).then(Vec::new),
            levels: wanted(Column::Level).then(Vec::new),
            messages: wanted(Column::Message).then(StringBuilder::new),
        }
    }

    /// Bytes of text that the row adds besides dictionaries.
    pub(super) fn text_len(&self, row: &LogRow<'_>, texts: &Dependencies) -> usize {
        match (&self.messages, &row.message) {
            (None, _) => 0,
            (_, Message::Dependency(position)) => texts.text(*position).map_or(0, str::len),
            (_, Message::Text(text)) => text.encoded_len(),
            (_, Message::Legacy(text)) => text.len(),
        }
    }

    pub(super) fn freeze(&mut self) -> Result<()> {
        self.targets.freeze()?;
        self.properties.freeze()?;
        Ok(())
    }

    pub(super) fn reserve(&mut self, rows: usize, text: usize) {
        self.targets.reserve(rows);
        self.properties.reserve(rows);
        if let Some(times) = &mut self.times {
            times.reserve_exact(rows);
        }
        if let Some(levels) = &mut self.levels {
            levels.reserve_exact(rows);
        }
        if let Some(messages) = &mut self.messages {
            *messages = StringBuilder::with_capacity(rows, text);
        }
    }

    #[inline]
    pub(super) fn push(&mut self, time: i64, row: &LogRow<'_>, texts: &Dependencies) {
        if let Some(times) = &mut self.times {
            times.push(time);
        }
        if let Some(levels) = &mut self.levels {
            levels.push(row.level);
        }
        if let Some(messages) = &mut self.messages {
            append_message(messages, &row.message, texts);
        }
        self.targets.push(row.target);
        self.properties.push(row.properties);
    }

    pub(super) fn finish(&mut self) -> Result<Vec<(Column, ArrayRef)>> {
        let mut columns: Vec<(Column, ArrayRef)> = Vec::new();
        if let Some(times) = &mut self.times {
            let times = TimestampNanosecondArray::from(std::mem::take(times)).with_timezone(UTC);
            columns.push((Column::Time, Arc::new(times)));
        }
        if let Some(levels) = &mut self.levels {
            let levels = Int32Array::from(std::mem::take(levels));
            columns.push((Column::Level, Arc::new(levels)));
        }
        if let Some(messages) = &mut self.messages {
            columns.push((Column::Message, Arc::new(messages.finish())));
        }
        let targets = self.targets.finish()?;
        columns.extend(targets.map(|targets| (Column::Target, targets)));
        let properties = self.properties.finish()?;
        columns.extend(properties.map(|properties| (Column::Properties, properties)));
        Ok(columns)
    }
}

fn append_message(messages: &mut StringBuilder, message: &Message<'_>, texts: &Dependencies) {
    match message {
        Message::Dependency(position) => {
            messages.append_value(texts.text(*position).unwrap_or_default());
        }
        Message::Text(text) => {
            text.write_to(messages)
                .expect("writing to memory does not fail");
            // Ends the value that was written.
            messages.append_value("");
        }
        Message::Legacy(text) => messages.append_value(text),
    }
}
