use super::*;

/// Of some day.
const NOON: TimeNs = 20_000 * DAY + 12 * HOUR;

#[test]
fn ticks_follow_the_clock() {
    for (task, after, tick) in [
        (Task::Second, NOON, NOON + SECOND / 2),
        (Task::Second, NOON + SECOND / 2, NOON + SECOND * 3 / 2),
        (Task::Minute, NOON + 29 * SECOND, NOON + 30 * SECOND),
        (Task::Minute, NOON + 31 * SECOND, NOON + 90 * SECOND),
        (Task::Hour, NOON, NOON + 10 * MINUTE),
        (Task::Hour, NOON + 10 * MINUTE, NOON + 70 * MINUTE),
        (Task::Day, NOON, NOON + 16 * HOUR),
        (Task::Orphans, NOON - 8 * HOUR, NOON - 7 * HOUR),
    ] {
        assert_eq!(task.tick_after(after), tick, "{task:?} after {after}");
    }
}

#[test]
fn the_first_run_is_at_once_and_the_next_at_a_tick() {
    for task in Task::ALL {
        let mut timer = Timer::new(task);
        assert_eq!(timer.wait(NOON), Duration::ZERO);
        assert_eq!(timer.finish(NOON, NOON), 0);
        let tick = task.tick_after(NOON);
        let wait = Duration::from_nanos((tick - NOON) as u64);
        assert_eq!(timer.wait(NOON), wait);
        assert_eq!(timer.wait(tick), Duration::ZERO);
        assert_eq!(timer.wait(tick + 7), Duration::ZERO, "late is due as well");
    }
}

#[test]
fn ticks_that_come_during_a_run_are_skipped_and_counted() {
    for (began, ended, skipped, next) in [
        (0, 10 * SECOND, 0, 30 * SECOND),
        (31 * SECOND, 89 * SECOND, 0, 90 * SECOND),
        (31 * SECOND, 90 * SECOND, 1, 150 * SECOND),
        (31 * SECOND, 400 * SECOND, 6, 450 * SECOND),
        // The clock was set back meanwhile.
        (31 * SECOND, 0, 0, 30 * SECOND),
    ] {
        let mut timer = Timer::new(Task::Minute);
        let (began, ended) = (NOON + began, NOON + ended);
        assert_eq!(timer.finish(began, ended), skipped);
        assert_eq!(timer.due, Some(NOON + next));
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_stop_the_tasks() {
    let mut timer = Timer::new(Task::Second);
    timer.finish(NOON, NOON);
    let wait = timer.wait(NOON - DAY);
    assert_eq!(wait, Duration::from_millis(500));
    assert_eq!(timer.wait(NOON), Duration::ZERO);
}
