use model::BlockInfo;
use tokio::sync::oneshot::Receiver;
use uuid::Uuid;

use super::*;
use crate::budget::ByteBudget;

const ID: fn(u128) -> BlockId = |id| BlockId::new(Uuid::from_u128(id));

fn pending(
    budget: &ByteBudget,
    id: u128,
    payload: &'static [u8],
) -> (Pending, Receiver<Result<(), GroupFailed>>) {
    let (sender, outcome) = oneshot::channel();
    let info = BlockInfo {
        block_id: ID(id),
        stream_id: Uuid::from_u128(1).into(),
        process_id: Uuid::from_u128(2).into(),
        begin_time: 0,
        begin_ticks: 0,
        end_time: 0,
        end_ticks: 0,
        object_offset: 0,
        nb_objects: 1,
    };
    let block = DecodedBlock {
        info,
        payload: Bytes::from_static(payload),
    };
    let reservation = budget.reserve(payload.len()).unwrap();
    let answer = Answer {
        sender,
        reservation,
    };
    (Pending { block, answer }, outcome)
}

fn layout(group: &Group) -> Vec<(BlockId, std::ops::Range<u64>)> {
    let blocks = group.blocks.iter();
    blocks
        .map(|block| (block.info.block_id, block.range.clone()))
        .collect()
}

#[test]
fn payloads_lie_back_to_back_and_duplicates_keep_the_first() {
    let budget = ByteBudget::new(100);
    let config = Config::default();
    let (first, mut first_outcome) = pending(&budget, 1, b"abc");
    let (empty, _) = pending(&budget, 2, b"");
    let (copy, mut copy_outcome) = pending(&budget, 1, b"other");
    let (last, _) = pending(&budget, 3, b"de");
    let mut group = Group::of(first);
    for pending in [empty, copy, last] {
        assert!(group.add(pending, &config).is_none());
    }
    assert_eq!(
        layout(&group),
        [(ID(1), 0..3), (ID(2), 3..3), (ID(3), 3..5)]
    );
    assert_eq!(group.parts.concat(), b"abcde");
    assert_eq!((group.bytes, group.requests()), (5, 4));
    assert!(budget.reserve(91).is_err());
    group.answer(Ok(()));
    assert_eq!(first_outcome.try_recv(), Ok(Ok(())));
    assert_eq!(copy_outcome.try_recv(), Ok(Ok(())));
    assert!(budget.reserve(100).is_ok());
}

#[test]
fn a_full_group_gives_the_block_back() {
    let budget = ByteBudget::new(100);
    let config = Config {
        segment_bytes_max: 4,
        segment_blocks_max: 3,
        ..Config::default()
    };
    let mut group = Group::of(pending(&budget, 1, b"more than fits").0);
    assert!(group.add(pending(&budget, 2, b"").0, &config).is_some());
    let mut group = Group::of(pending(&budget, 1, b"abc").0);
    let refused = group.add(pending(&budget, 2, b"de").0, &config).unwrap();
    assert_eq!(refused.block.info.block_id, ID(2));
    for id in [3, 4] {
        assert!(group.add(pending(&budget, id, b"").0, &config).is_none());
    }
    assert!(group.add(pending(&budget, 5, b"").0, &config).is_some());
}

#[test]
fn a_group_that_is_dropped_tells_its_requests() {
    let budget = ByteBudget::new(100);
    let (first, mut outcome) = pending(&budget, 1, b"abc");
    drop(Group::of(first));
    assert_eq!(
        outcome.try_recv(),
        Err(oneshot::error::TryRecvError::Closed)
    );
}
