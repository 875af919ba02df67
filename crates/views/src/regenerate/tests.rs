use super::*;

#[test]
fn a_partition_lies_in_one_bucket_or_straddles() {
    for (begin, end, expected) in [
        (100, 110, true),
        (100, 101, true),
        (109, 110, true),
        (120, 130, true),
        (99, 100, false),
        (99, 105, false),
        (105, 115, false),
        (100, 120, false),
        (109, 111, false),
        (i64::MIN, i64::MAX, false),
    ] {
        let part = InsertRange::new(InsertTime(begin), InsertTime(end));
        assert_eq!(
            lies_in_one_bucket(&part, InsertTime(100), 10),
            expected,
            "{part:?}"
        );
    }
}
