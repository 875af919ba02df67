//! What a pass looks at: ranges of insert times that are over. None crosses a day,
//! because retention cuts there.

use model::{InsertRange, InsertTime, TimeNs};
use views::{Effort, Gaps};

use crate::schedule::{DAY, HOUR, MINUTE, SECOND, Task, floor};

#[cfg(test)]
mod tests;

/// A partition of the last seconds pays when it saves queries from decoding this much.
pub(crate) const TAIL_BYTES_MIN: u64 = 1 << 20;
/// Minutes that are merged while their hour lasts.
const MINUTES: TimeNs = 10 * MINUTE;
/// Hours that the hour pass looks back.
const HOURS: i64 = 48;

const FILL: Effort = Effort {
    payload_bytes_min: 0,
    gaps: Gaps::Stay,
    merge: false,
};
const MERGE: Effort = Effort {
    merge: true,
    ..FILL
};
const COMPLETE: Effort = Effort {
    gaps: Gaps::BeforeBlocks,
    ..MERGE
};

/// Slots that are worth the same effort. What is in one slot may become one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) slots: Vec<InsertRange>,
    pub(crate) effort: Effort,
}

/// The steps of one pass, none of which looks before `begin`.
pub(crate) fn steps(task: Task, now: TimeNs, begin: InsertTime) -> Vec<Step> {
    let step = |effort, slots| Step {
        slots: after(begin, slots),
        effort,
    };
    let steps = match task {
        Task::Second => vec![step(tail(), up_to(floor(now, SECOND), MINUTE))],
        Task::Minute => vec![
            step(FILL, up_to(floor(now, MINUTE), HOUR)),
            step(MERGE, just_over(now)),
        ],
        Task::Hour => vec![step(COMPLETE, whole(now, HOUR, HOURS))],
        Task::Day => {
            let days = (floor(now, DAY) - floor(begin.0, DAY)) / DAY;
            vec![step(COMPLETE, whole(now, DAY, days))]
        }
        Task::Orphans => Vec::new(),
    };
    let has_slots = |step: &Step| !step.slots.is_empty();
    steps.into_iter().filter(has_slots).collect()
}

const fn tail() -> Effort {
    Effort {
        payload_bytes_min: TAIL_BYTES_MIN,
        ..FILL
    }
}

fn range(begin: TimeNs, end: TimeNs) -> InsertRange {
    InsertRange::new(InsertTime(begin), InsertTime(end))
}

/// The slot of this width before the current one, and what is over of the current one.
fn up_to(end: TimeNs, width: TimeNs) -> Vec<InsertRange> {
    let current = floor(end, width);
    vec![range(current - width, current), range(current, end)]
}

/// The minute that just ended, and with the last of ten minutes all ten.
fn just_over(now: TimeNs) -> Vec<InsertRange> {
    let end = floor(now, MINUTE);
    let mut slots = vec![range(end - MINUTE, end)];
    if end == floor(end, MINUTES) {
        slots.push(range(end - MINUTES, end));
    }
    slots
}

/// The last slots of this width, newest first: queries ask for them most.
fn whole(now: TimeNs, width: TimeNs, count: i64) -> Vec<InsertRange> {
    let end = floor(now, width);
    (0..count)
        .map(|back| range(end - (back + 1) * width, end - back * width))
        .collect()
}

fn after(begin: InsertTime, slots: Vec<InsertRange>) -> Vec<InsertRange> {
    let bounds = InsertRange::new(begin, InsertTime(TimeNs::MAX));
    let cut = slots.iter().filter_map(|slot| slot.intersect(&bounds));
    cut.collect()
}
