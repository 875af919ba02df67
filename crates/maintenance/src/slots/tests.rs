use super::*;

const MIDNIGHT: TimeNs = 20_000 * DAY;

/// Begin and end of each slot, relative to midnight.
fn check(task: Task, now: TimeNs, begin: TimeNs, expected: &[&[(TimeNs, TimeNs)]]) {
    let steps = steps(task, MIDNIGHT + now, InsertTime(MIDNIGHT + begin));
    let slots: Vec<Vec<_>> = steps
        .iter()
        .map(|step| {
            let slots = step.slots.iter();
            slots
                .map(|slot| (slot.begin.0 - MIDNIGHT, slot.end.0 - MIDNIGHT))
                .collect()
        })
        .collect();
    assert_eq!(slots, expected, "{task:?} at {now}");
}

#[test]
fn seconds_of_this_minute_and_the_one_before() {
    let now = 2 * MINUTE + 5 * SECOND + SECOND / 2;
    let expected = [(MINUTE, 2 * MINUTE), (2 * MINUTE, 2 * MINUTE + 5 * SECOND)];
    check(Task::Second, now, -DAY, &[&expected]);
    // Nothing of the new minute is over yet.
    check(Task::Second, SECOND / 2, -DAY, &[&[(-MINUTE, 0)]]);
    check(
        Task::Second,
        now,
        2 * MINUTE + SECOND,
        &[&[(2 * MINUTE + SECOND, 2 * MINUTE + 5 * SECOND)]],
    );
    check(Task::Second, now, DAY, &[]);
}

#[test]
fn minutes_of_this_hour_and_the_one_before() {
    let now = HOUR + 13 * MINUTE + 30 * SECOND;
    let filled = [(0, HOUR), (HOUR, HOUR + 13 * MINUTE)];
    let merged = [(HOUR + 12 * MINUTE, HOUR + 13 * MINUTE)];
    check(Task::Minute, now, -DAY, &[&filled, &merged]);

    let filled = [(-HOUR, 0), (0, 20 * MINUTE)];
    let merged = [(19 * MINUTE, 20 * MINUTE), (10 * MINUTE, 20 * MINUTE)];
    check(
        Task::Minute,
        20 * MINUTE + 30 * SECOND,
        -DAY,
        &[&filled, &merged],
    );

    let filled = [(-HOUR, 0)];
    let merged = [(-MINUTE, 0), (-10 * MINUTE, 0)];
    check(Task::Minute, 30 * SECOND, -DAY, &[&filled, &merged]);
}

#[test]
fn hours_and_days_that_are_over_newest_first() {
    let now = 2 * HOUR + 10 * MINUTE;
    let expected = [(HOUR, 2 * HOUR), (0, HOUR), (-HOUR, 0), (-2 * HOUR, -HOUR)];
    check(Task::Hour, now, -2 * HOUR, &[&expected]);
    let expected = [(-DAY, 0), (-2 * DAY, -DAY), (-3 * DAY + HOUR, -2 * DAY)];
    check(Task::Day, now, -3 * DAY + HOUR, &[&expected]);
    check(Task::Day, now, 0, &[]);
    let all = steps(Task::Hour, MIDNIGHT, InsertTime(0));
    assert_eq!(all[0].slots.len(), 48);
}

#[test]
fn no_slot_crosses_a_day_or_reaches_into_the_future() {
    let begin = InsertTime(MIDNIGHT - 3 * DAY);
    for second in 0..3 * 24 * 3600 {
        let now = MIDNIGHT + second * SECOND + SECOND / 2;
        for task in [Task::Second, Task::Minute, Task::Hour, Task::Day] {
            // Once in a while is enough for the long ones.
            if second % 1801 != 0 && task != Task::Second {
                continue;
            }
            for slot in steps(task, now, begin).iter().flat_map(|step| &step.slots) {
                assert!(!slot.is_empty() && slot.end.0 <= now, "{slot:?}");
                assert_eq!(floor(slot.begin.0, DAY), floor(slot.end.0 - 1, DAY));
            }
        }
    }
}
