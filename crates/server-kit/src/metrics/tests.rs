use super::*;

static LAST: Counter = Counter::new("test_z_rows", "count");
static FIRST: Counter = Counter::new("test_a_bytes", "bytes");
static SILENT: Counter = Counter::new("test_b_never", "count");

#[test]
fn counters_are_told_from_their_first_count_on() {
    LAST.add(2);
    FIRST.add(5);
    LAST.add(1);
    assert_eq!((LAST.value(), SILENT.value()), (3, 0));
    let counts = counts();
    let own: Vec<_> = counts
        .split(", ")
        .filter(|counter| counter.starts_with("test_"))
        .collect();
    assert_eq!(own, ["test_a_bytes=5 bytes", "test_z_rows=3 count"]);
}
