use super::*;

#[test]
fn the_last_bin_counts_up_to_its_own_end() {
    for (end, expected) in [
        (0, MINUTE - 1),
        (MINUTE - 1, MINUTE - 1),
        (MINUTE, 2 * MINUTE - 1),
        (-1, -1),
        (i64::MAX, i64::MAX),
        (i64::MIN, i64::MIN + MINUTE - 1),
    ] {
        let entries = entries_of_bins(TimeRange { begin: -7, end });
        assert_eq!((entries.begin, entries.end), (-7, expected), "{end}");
    }
}
