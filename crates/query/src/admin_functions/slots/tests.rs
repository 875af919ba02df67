use super::*;

const HOUR: TimeNs = 3600 * SECOND;

fn ranges(slots: Slots) -> Vec<(TimeNs, TimeNs)> {
    let slots = (0..=slots.count()).filter_map(|number| slots.slot(number));
    slots.map(|slot| (slot.begin.0, slot.end.0)).collect()
}

#[test]
fn whole_slots_of_the_grid_are_inside() {
    for (begin, end, expected) in [
        (0, 2 * HOUR, Ok(vec![(0, HOUR), (HOUR, 2 * HOUR)])),
        (1, 2 * HOUR + 1, Ok(vec![(HOUR, 2 * HOUR)])),
        (-HOUR - 1, 0, Ok(vec![(-HOUR, 0)])),
        (1, HOUR, Ok(vec![])),
        (5, 5, Ok(vec![])),
        (i64::MAX - 1, i64::MAX, Ok(vec![])),
        (2, 1, Err(Error::Reversed)),
        (0, 1001 * HOUR, Err(Error::TooMany(1001))),
        (i64::MIN, i64::MAX, Err(Error::TooMany(5_124_094))),
    ] {
        let slots = Slots::inside(begin, end, 3600);
        assert_eq!(slots.map(ranges), expected, "{begin}..{end}");
    }
    assert_eq!(Slots::inside(0, 1000 * HOUR, 3600).unwrap().count(), 1000);
}

#[test]
fn an_exact_range_has_no_remainder() {
    for (begin, end, expected) in [
        (HOUR, 2 * HOUR, Ok(vec![(HOUR, 2 * HOUR)])),
        (0, 0, Err(Error::Remainder)),
        (0, HOUR + 1, Err(Error::Remainder)),
        (1, HOUR + 1, Err(Error::Unaligned)),
        (HOUR, 0, Err(Error::Reversed)),
        (i64::MIN, i64::MAX, Err(Error::Remainder)),
        (0, 1001 * HOUR, Err(Error::TooMany(1001))),
    ] {
        let slots = Slots::exactly(begin, end, 3600);
        assert_eq!(slots.map(ranges), expected, "{begin}..{end}");
    }
}

#[test]
fn slots_do_not_cross_midnight() {
    for (delta, expected) in [
        (1, true),
        (3600, true),
        (86_400, true),
        (0, false),
        (-3600, false),
        (7, false),
        (2 * 86_400, false),
        (i64::MIN, false),
        (i64::MAX, false),
    ] {
        assert_eq!(Slots::inside(0, 0, delta).is_ok(), expected, "{delta}");
        let refused = Slots::exactly(0, 0, delta) == Err(Error::Width(delta));
        assert_eq!(refused, !expected, "{delta}");
    }
}
