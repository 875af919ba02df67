//! Schemas, and reading parts of the rows of a chain.

use std::ops::Range;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int32Type;
use decode::{ChainBuilder, ChainError, ChainRows, ChainTable};

use super::steps::{chain, parse};
use super::support::{Chain, spans};
use crate::options::describe;

#[test]
fn the_schemas_are_those_that_clients_know() {
    assert_eq!(
        describe(&ChainTable::ThreadSpans.schema()),
        [
            "id Int64",
            "parent Int64",
            "depth UInt32",
            "hash UInt32",
            "begin TS",
            "end TS",
            "duration Int64",
            "name D",
            "target D",
            "filename D",
            "line UInt32",
        ]
    );
    assert_eq!(
        describe(&ChainTable::NetSpans.schema()),
        [
            "process_id D",
            "stream_id D",
            "span_id Int64",
            "parent_span_id Int64",
            "depth UInt32",
            "kind D",
            "name D",
            "connection_name D",
            "is_outgoing Boolean",
            "begin_bits Int64",
            "end_bits Int64",
            "bit_size Int64",
            "begin_time TS",
            "end_time TS",
        ]
    );
    for (table, name, tag) in [
        (ChainTable::ThreadSpans, "thread_spans", "cpu"),
        (ChainTable::NetSpans, "net_spans", "net"),
    ] {
        assert_eq!((table.name(), table.tag()), (name, tag));
    }
}

/// Two outer spans besides the root, parents in other blocks, an open end.
fn sample() -> Chain {
    chain(
        &parse("a( b( b) | a) b) a) b( a( | a( a) | a) | b) a( b("),
        (0, 100),
    )
}

fn rows() -> ChainRows {
    sample().build().expect("a chain")
}

#[test]
fn any_range_of_rows_can_be_read() {
    let rows = rows();
    let all = spans(&rows.batch(0..rows.len(), None).expect("a batch"));
    assert_eq!(all.len(), 10);
    for begin in 0..=11 {
        for end in 0..=11 {
            let batch = rows.batch(begin..end, None).expect("a batch");
            let expected = all.get(begin..end.min(10)).unwrap_or_default();
            assert_eq!(spans(&batch), expected, "{begin}..{end}");
        }
    }
}

#[test]
fn projections_choose_and_order_columns() {
    let rows = rows();
    let full = rows.batch(2..7, None).expect("a batch");
    let columns = [7, 0, 10, 0, 6, 8];
    let batch = rows.batch(2..7, Some(&columns)).expect("a batch");
    for (index, column) in columns.into_iter().enumerate() {
        assert_eq!(batch.schema().field(index), full.schema().field(column));
        assert_eq!(batch.column(index), full.column(column));
    }
    let none = rows.batch(2..7, Some(&[])).expect("a batch");
    assert_eq!((none.num_rows(), none.num_columns()), (5, 0));
    let beyond = rows.batch(2..7, Some(&[11])).expect_err("no such column");
    assert_eq!(beyond.to_string(), "column 11 does not exist");
}

#[test]
fn batches_share_dictionaries_without_unused_values() {
    let rows = rows();
    let batch = |range: Range<usize>| rows.batch(range, Some(&[7])).expect("a batch");
    let (first, second) = (batch(0..3), batch(5..6));
    let values = |batch: &arrow::array::RecordBatch| {
        batch
            .column(0)
            .as_dictionary::<Int32Type>()
            .values()
            .to_data()
    };
    assert_eq!(
        values(&first).buffers()[1].as_ptr(),
        values(&second).buffers()[1].as_ptr()
    );
    assert_eq!(values(&first).len(), 3);
}

#[test]
fn a_chain_without_spans_has_no_rows() {
    for table in [ChainTable::ThreadSpans, ChainTable::NetSpans] {
        let builder = ChainBuilder::new(table, &sample().source()).expect("a frequency");
        let rows = builder.finish();
        assert!(rows.is_empty());
        let batch = rows.batch(0..10, None).expect("a batch");
        assert_eq!((batch.num_rows(), batch.schema()), (0, table.schema()));
    }
}

#[test]
fn the_frequency_may_have_to_be_estimated() {
    let mut chain = sample();
    chain.process.tsc_frequency = 0;
    let mut source = chain.source();
    source.latest.end_time = source.process.start_time + 1_000_000_000;
    source.latest.end_ticks = 1_000;
    let mut builder = ChainBuilder::new(chain.table, &source).expect("a frequency");
    for block in &chain.decode().expect("valid") {
        builder.add(block).expect("it goes on");
    }
    let rows = builder.finish();
    let slow = spans(&rows.batch(0..10, None).expect("a batch"));
    let ticks: Vec<i64> = slow.iter().map(|row| row.end / 1_000_000).collect();
    let expected: Vec<i64> = spans(&sample().batch()).iter().map(|row| row.end).collect();
    assert_eq!(ticks, expected);
    source.latest.end_ticks = 0;
    let error = ChainBuilder::new(chain.table, &source).expect_err("no frequency");
    assert!(matches!(error, decode::Error::UnknownFrequency));
}

#[test]
fn blocks_of_another_table_are_refused() {
    let chain = sample();
    let source = chain.source();
    let mut builder = ChainBuilder::new(ChainTable::NetSpans, &source).expect("a frequency");
    let blocks = chain.decode().expect("valid");
    assert_eq!(builder.add(&blocks[0]), Err(ChainError::OtherTable));
}

#[test]
fn rows_are_shared_among_threads() {
    fn shared<T: Send + Sync + std::fmt::Debug>() {}
    shared::<ChainRows>();
    shared::<decode::ChainBlock>();
    shared::<ChainBuilder>();
}
