//! The shape of call trees, by example and compared with the model.

use decode::ChainError;
use proptest::prelude::*;

use super::model::{Action, Event, Model};
use super::steps::{ROOT, SCOPES, Step, chain, encode, parse};
use super::support::{Span, show, spans};

/// What the model makes of the same blocks: its rows, or the number of the block that
/// does not fit and the id of the event.
fn expected(blocks: &[Vec<Step>], ticks: (i64, i64)) -> Result<Vec<Span>, (usize, i64)> {
    let mut model = Model::new(ticks.0, ticks.1);
    let mut ids = 0;
    for (index, steps) in blocks.iter().enumerate() {
        let event = |(id, step): (i64, &Step)| Event {
            action: step.action,
            scope: step.scope,
            ticks: step.ticks,
            id,
        };
        let events: Vec<Event> = (ids..).zip(steps).map(event).collect();
        model.add(&events).map_err(|id| (index, id))?;
        ids += steps.len() as i64;
    }
    Ok(model.rows(|scope| {
        let (name, file, target, line, hash) = scope.map_or(ROOT, |scope| SCOPES[scope]);
        (
            name.to_owned(),
            file.to_owned(),
            target.to_owned(),
            line,
            hash,
        )
    }))
}

fn check(blocks: &[Vec<Step>], ticks: (i64, i64)) {
    let built = chain(blocks, ticks).build();
    match (built, expected(blocks, ticks)) {
        (Ok(rows), Ok(expected)) => {
            let batch = rows.batch(0..rows.len(), None).expect("a batch");
            assert_eq!(spans(&batch), expected);
        }
        (Err((block, error)), Err(expected)) => {
            let (ChainError::Mismatch { event, .. } | ChainError::Backwards { event }) = error
            else {
                panic!("{error}");
            };
            assert_eq!((block, event), expected);
        }
        (built, expected) => panic!("{built:?} instead of {expected:?}"),
    }
}

#[test]
fn examples() {
    for (events, expected) in [
        ("", vec![]),
        (". .", vec![]),
        (
            "a( a)",
            vec!["-1 in 0 at 0: 7 0-100", "0 in -1 at 1: a 1-2"],
        ),
        // Nothing at the bottom was closed: no root.
        ("a(", vec!["0 in 0 at 0: a 1-100"]),
        (
            "a( b( b) | . b(",
            vec![
                "0 in 0 at 0: a 1-100",
                "1 in 0 at 1: b 2-3",
                "4 in 0 at 1: b 5-100",
            ],
        ),
        (
            "a( a( | a) a( a) a) b(",
            vec![
                "-1 in 0 at 0: 7 0-100",
                "0 in -1 at 1: a 1-6",
                "1 in 0 at 2: a 2-3",
                "3 in 0 at 2: a 4-5",
                "6 in -1 at 1: b 7-100",
            ],
        ),
        // Begun before the chain.
        ("a)", vec!["-1 in 0 at 0: 7 0-100", "0 in -1 at 1: a 0-1"]),
        (
            "b( b) | a) a( a) b) b(",
            vec![
                "-1 in 0 at 0: 7 0-100",
                "5 in -1 at 1: b 0-6",
                "2 in 5 at 2: a 0-3",
                "0 in 2 at 3: b 1-2",
                "3 in 5 at 2: a 4-5",
                "6 in -1 at 1: b 7-100",
            ],
        ),
    ] {
        let chain = chain(&parse(events), (0, 100));
        assert_eq!(show(&chain.batch()), expected, "{events}");
        check(&parse(events), (0, 100));
    }
}

#[test]
fn the_range_of_the_chain_counts() {
    // Events 1 to 8; what begins too early is not there, and what comes too late ends
    // its block.
    let blocks = parse("a( b( b) a( | a) a) a) b(");
    assert_eq!(
        show(&chain(&blocks, (2, 6)).batch()),
        [
            "-1 in 0 at 0: 7 2-6",
            "5 in -1 at 1: a 2-6",
            "1 in 5 at 2: b 2-3",
            "3 in 5 at 2: a 4-5",
        ]
    );
    check(&blocks, (2, 6));
    let mut late = blocks.clone();
    late[0][1].ticks = 50;
    assert_eq!(
        show(&chain(&late, (0, 9)).batch())[1..],
        [
            "6 in -1 at 1: a 0-7",
            "5 in 6 at 2: a 0-6",
            "0 in 5 at 3: a 1-5",
            "7 in -1 at 1: b 8-9"
        ]
    );
    check(&late, (0, 9));
}

#[test]
fn the_root_ends_like_any_other_span() {
    // A scope that says exactly what the thread says.
    let mut chain = chain(&parse("a( a) a)"), (0, 100));
    chain.properties = vec![("thread-id", "")];
    for part in &mut chain.blocks {
        let mut objects = Vec::new();
        for mut step in parse("a( a) a)").remove(0) {
            step.scope = if step.ticks == 3 { 5 } else { 0 };
            encode(&step, 0x1_0000, &mut objects);
        }
        part.objects = objects;
    }
    assert_eq!(
        show(&chain.batch()),
        [
            "-1 in 0 at 0:  0-100",
            "-1 in -1 at 1:  0-3",
            "0 in -1 at 2: a 1-2"
        ]
    );
}

/// What to do next; the numbers choose.
#[derive(Debug, Clone, Copy)]
struct Choice {
    action: u8,
    scope: usize,
    pause: i64,
    named: bool,
    cut: bool,
}

fn choice() -> impl Strategy<Value = Choice> {
    (0u8..100, 0..SCOPES.len(), 0i64..4, any::<bool>(), 0u8..12).prop_map(
        |(action, scope, pause, named, cut)| Choice {
            action,
            scope,
            pause,
            named,
            cut: cut == 0,
        },
    )
}

/// A thread that mostly ends what it began. `wrong` = how many of 1000 events do not
/// fit to those before.
fn thread(choices: &[Choice], wrong: u8) -> Vec<Vec<Step>> {
    let (mut blocks, mut open, mut ticks) = (vec![vec![]], Vec::new(), 10);
    for choice in choices {
        ticks += choice.pause;
        let (action, scope) = match choice.action {
            0..50 => {
                open.push(choice.scope);
                (Action::Begin, choice.scope)
            }
            50..90 => (Action::End, open.pop().unwrap_or(choice.scope)),
            90 if wrong > 0 => (Action::End, choice.scope),
            91 if wrong > 1 => {
                ticks -= 5;
                (Action::Begin, choice.scope)
            }
            _ => (Action::Other, 0),
        };
        let step = Step {
            action,
            scope,
            ticks,
            named: choice.named,
        };
        if choice.cut {
            blocks.push(vec![]);
        }
        blocks.last_mut().expect("at least one").push(step);
    }
    blocks
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn trees_are_those_of_the_model(
        choices in proptest::collection::vec(choice(), 0..120),
        wrong in 0u8..3,
        early in 0i64..20,
        late in 0i64..200,
    ) {
        check(&thread(&choices, wrong), (early, early + late));
    }

    #[test]
    fn whole_ranges_are_those_of_the_model(
        choices in proptest::collection::vec(choice(), 0..300),
    ) {
        check(&thread(&choices, 0), (0, 2000));
    }
}
