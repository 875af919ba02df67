use datafusion::arrow::datatypes::DataType;
use datafusion::prelude::{col, lit};

use super::*;

const ROLES: Roles = &[
    ("process_id", Role::Process),
    ("time", Role::EventTime),
    ("begin", Role::SpanTime),
    ("end", Role::SpanTime),
    ("insert_time", Role::InsertTime),
];
const ID: &str = "8452901b-3c9f-4f28-bd50-5e9a198d40c4";

fn time(ns: i64) -> Expr {
    lit(ScalarValue::TimestampNanosecond(
        Some(ns),
        Some("+00:00".into()),
    ))
}

fn check(filter: &Expr, expected: &Constraints) {
    assert_eq!(
        &Constraints::from_filters(std::slice::from_ref(filter), ROLES),
        expected
    );
}

fn event(begin: i64, end: i64) -> Constraints {
    Constraints {
        event_time: Some(TimeRange { begin, end }),
        ..Constraints::default()
    }
}

fn processes(ids: &[&str]) -> Constraints {
    Constraints {
        processes: Some(ids.iter().map(|id| id.parse().expect("valid id")).collect()),
        ..Constraints::default()
    }
}

#[test]
fn comparisons_become_ranges() {
    check(&col("time").gt_eq(time(5)), &event(5, i64::MAX));
    check(&col("time").gt(time(5)), &event(6, i64::MAX));
    check(&col("time").lt(time(5)), &event(i64::MIN, 4));
    check(&time(5).lt(col("time")), &event(6, i64::MAX));
    check(&col("time").eq(time(5)), &event(5, 5));
    check(&col("time").between(time(2), time(9)), &event(2, 9));
    check(
        &col("time").gt(time(1)).and(col("time").lt_eq(time(3))),
        &event(2, 3),
    );
    check(
        &col("time").gt_eq(lit(ScalarValue::TimestampMillisecond(Some(3), None))),
        &event(3_000_000, i64::MAX),
    );
}

#[test]
fn identifiers_become_sets() {
    check(&col("process_id").eq(lit(ID)), &processes(&[ID]));
    let dictionary = ScalarValue::Dictionary(
        Box::new(DataType::Int32),
        Box::new(ScalarValue::Utf8(Some(ID.to_owned()))),
    );
    check(&col("process_id").eq(lit(dictionary)), &processes(&[ID]));
    check(
        &col("process_id").in_list(vec![lit(ID), lit("nonsense")], false),
        &processes(&[ID]),
    );
    check(&col("process_id").eq(lit("nonsense")), &processes(&[]));
}

#[test]
fn what_is_not_understood_restricts_nothing() {
    let none = Constraints::default();
    check(&col("process_id").not_eq(lit(ID)), &none);
    check(&col("process_id").in_list(vec![lit(ID)], true), &none);
    check(&col("other").eq(lit(ID)), &none);
    check(&col("time").gt(col("insert_time")), &none);
    check(&col("time").gt(time(1)).or(col("time").lt(time(0))), &none);
}

#[test]
fn contradictions_are_noticed() {
    let mut constraints = event(5, i64::MAX);
    assert!(!constraints.is_unsatisfiable());
    constraints.require_event_range(Some(TimeRange { begin: 0, end: 4 }));
    assert!(constraints.is_unsatisfiable());
    assert!(processes(&[]).is_unsatisfiable());
}

#[test]
fn begins_and_ends_become_a_range_that_every_such_row_meets() {
    let (begin, end) = (|| col("begin"), || col("end"));
    for (filter, expected) in [
        (begin().gt_eq(time(5)), event(5, i64::MAX)),
        (begin().lt(time(5)), event(i64::MIN, 4)),
        (end().gt(time(5)), event(6, i64::MAX)),
        (
            begin().lt_eq(time(9)).and(end().gt_eq(time(2))),
            event(2, 9),
        ),
        (begin().eq(time(3)).and(end().lt(time(9))), event(3, 3)),
        // Rows that last at least from 2 to 9.
        (
            begin().lt_eq(time(2)).and(end().gt_eq(time(9))),
            event(2, 9),
        ),
    ] {
        let constraints = Constraints::from_filters(std::slice::from_ref(&filter), ROLES);
        let constraints = constraints.settled();
        assert_eq!(constraints, expected, "{filter}");
        assert!(!constraints.is_unsatisfiable());
    }
}

#[test]
fn a_long_row_meets_a_range_that_lies_between_its_begin_and_its_end() {
    let early = col("begin").lt_eq(time(10));
    let mut constraints = Constraints::from_filters(&[early], ROLES);
    constraints.require_span_range(TimeRange { begin: 50, end: 60 });
    assert_eq!(constraints.settled(), event(10, 50));
}
