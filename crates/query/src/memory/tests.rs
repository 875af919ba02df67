//! Reservations of several queries, step by step.

use super::*;

fn process(bytes: usize) -> Arc<dyn MemoryPool> {
    Arc::new(bounded_pool(bytes))
}

fn query(shared: &Arc<dyn MemoryPool>, bytes: usize) -> Arc<dyn MemoryPool> {
    let memory = Arc::new(MemoryUse::default());
    Arc::new(QueryPool::new(Arc::clone(shared), bytes, memory))
}

fn spiller(pool: &Arc<dyn MemoryPool>) -> MemoryReservation {
    let consumer = MemoryConsumer::new("spiller").with_can_spill(true);
    consumer.register(pool)
}

fn holder(pool: &Arc<dyn MemoryPool>) -> MemoryReservation {
    MemoryConsumer::new("holder").register(pool)
}

/// The sentence of a refusal, which has to be of the variant that makes operators spill.
fn refusal(result: Result<()>) -> String {
    match result.expect_err("there is no room") {
        DataFusionError::ResourcesExhausted(text) => {
            assert!(text.lines().count() > 1, "no details for the log: {text}");
            sentence(&format!("while sorting: {text}")).to_owned()
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_query_is_bounded_by_its_share() {
    let shared = process(100 * MIB);
    let pool = query(&shared, 75 * MIB);
    let (first, second) = (holder(&pool), holder(&pool));
    first.try_grow(70 * MIB).unwrap();
    assert_eq!(
        refusal(second.try_grow(6 * MIB)),
        "the query needs more memory than the 75 MiB that one query may use: narrow the time \
         range, ask for fewer columns or groups, or add a LIMIT; the operator can raise \
         MICROMEGAS_MEMORY_BUDGET_MB"
    );
    second.try_grow(5 * MIB).unwrap();
    // Another query has what is left.
    let other = holder(&query(&shared, 75 * MIB));
    assert_eq!(
        refusal(other.try_grow(26 * MIB)),
        "the queries that run now use up the 100 MiB of memory for all queries: try again later, \
         or narrow the time range, ask for fewer columns or groups, or add a LIMIT; the operator \
         can raise MICROMEGAS_MEMORY_BUDGET_MB"
    );
    other.try_grow(25 * MIB).unwrap();
    assert_eq!(shared.reserved(), 100 * MIB);
    drop((first, second, other));
    assert_eq!((pool.reserved(), shared.reserved()), (0, 0));
}

#[test]
fn a_refusal_of_the_process_leaves_nothing_in_the_query() {
    let shared = process(10 * MIB);
    let hog = holder(&query(&shared, 10 * MIB));
    hog.try_grow(8 * MIB).unwrap();
    let pool = query(&shared, 10 * MIB);
    let reservation = holder(&pool);
    refusal(reservation.try_grow(3 * MIB));
    assert_eq!((pool.reserved(), shared.reserved()), (0, 8 * MIB));
    drop(hog);
    reservation.try_grow(10 * MIB).unwrap();
    assert_eq!((pool.reserved(), shared.reserved()), (10 * MIB, 10 * MIB));
}

#[test]
fn what_can_not_be_refused_is_counted() {
    let shared = process(100 * MIB);
    let pool = query(&shared, 10 * MIB);
    let (forced, asking) = (holder(&pool), spiller(&pool));
    forced.grow(20 * MIB);
    assert_eq!((pool.reserved(), shared.reserved()), (20 * MIB, 20 * MIB));
    refusal(asking.try_grow(1));
    forced.shrink(15 * MIB);
    asking.try_grow(3 * MIB).unwrap();
    assert_eq!(pool.reserved(), 8 * MIB);
}

#[test]
fn operators_of_a_query_share_fairly() {
    let shared = process(100 * MIB);
    let pool = query(&shared, 64 * MIB);
    let (first, second) = (spiller(&pool), spiller(&pool));
    refusal(first.try_grow(33 * MIB));
    first.try_grow(28 * MIB).unwrap();
    second.try_grow(28 * MIB).unwrap();
    // A third one gets its part when the others have given it back, but for its first bytes.
    let third = spiller(&pool);
    third.try_grow(MIB).unwrap();
    assert!(refusal(third.try_grow(1)).starts_with(QUERY_IS_FULL));
    second.free();
    third.try_grow(20 * MIB).unwrap();
    refusal(third.try_grow(MIB));
}

#[test]
fn newcomers_get_their_first_bytes_and_wait_for_more() {
    let shared = process(64 * MIB);
    let hog = spiller(&query(&shared, 100 * MIB));
    refusal(hog.try_grow(57 * MIB));
    hog.try_grow(56 * MIB).unwrap();
    let newcomers: Vec<_> = (0..9).map(|_| spiller(&query(&shared, 48 * MIB))).collect();
    let (last, others) = newcomers.split_last().unwrap();
    for newcomer in others {
        newcomer.try_grow(MIB).unwrap();
        assert!(refusal(newcomer.try_grow(1)).starts_with(POOL_IS_FULL));
    }
    // The size holds, whoever comes.
    refusal(last.try_grow(1));
    assert_eq!(shared.reserved(), 64 * MIB);
    hog.shrink(40 * MIB);
    last.try_grow(6 * MIB).unwrap();
    // The fair part of the pool bounds all from now on.
    refusal(last.try_grow(MIB));
    refusal(hog.try_grow(1));
}
