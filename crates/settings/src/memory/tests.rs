//! What is detected and what variables say, and the shares or sentences that come of it.

use super::detect::smallest;
use super::*;
use crate::variables::{
    MICROMEGAS_DATAFUSION_MEMORY_BUDGET_MB as ENGINE, MICROMEGAS_INGESTION_IN_FLIGHT_MB as BODIES,
    MICROMEGAS_MEMORY_BUDGET_MB as BUDGET, MICROMEGAS_METADATA_CACHE_MB as FOOTERS,
    MICROMEGAS_OBJECT_CACHE_L1_MB as RANGES,
};

const BOTH: MemoryRoles = MemoryRoles {
    ingestion: true,
    engine: true,
};
const NEITHER: MemoryRoles = MemoryRoles {
    ingestion: false,
    engine: false,
};

type Variables<'a> = &'a [(&'a str, &'a str)];

fn of(roles: MemoryRoles, usable: Option<u64>, set: Variables) -> Result<MemoryShares, Problems> {
    MemoryShares::of(&set.iter().copied().collect(), roles, usable)
}

/// Budget, bodies, engine, one query, footers, call trees, catalog, ranges, reserve; in MiB.
fn check(roles: MemoryRoles, usable: Option<u64>, set: Variables, expected: [u64; 9]) {
    let case = format!("{roles:?} {usable:?} {set:?}");
    let shares = of(roles, usable, set).expect(&case);
    let [
        budget,
        bodies,
        engine,
        query,
        footers,
        trees,
        catalog,
        ranges,
        reserve,
    ] = [
        shares.budget_bytes,
        shares.ingestion_bytes,
        shares.engine_bytes,
        shares.query_bytes,
        shares.footer_cache_bytes,
        shares.call_tree_cache_bytes,
        shares.catalog_cache_bytes,
        shares.range_cache_bytes,
        shares.reserve_bytes,
    ];
    let parts = [bodies, engine, footers, trees, catalog, ranges, reserve];
    assert_eq!(parts.iter().sum::<u64>(), budget, "{case}");
    let found = [
        budget, bodies, engine, query, footers, trees, catalog, ranges, reserve,
    ];
    let found = found.map(|part| part / MIB);
    assert_eq!(found, expected, "{case}");
}

fn refuse(roles: MemoryRoles, usable: Option<u64>, set: Variables, sentences: &[&str]) {
    let problems = of(roles, usable, set).expect_err(sentences[0]);
    let problems: Vec<&str> = problems.iter().collect();
    assert_eq!(problems, sentences);
}

#[test]
fn the_smallest_limit_counts() {
    for (limits, expected) in [
        ([Some(8), None, None], Some(8)),
        ([Some(8), Some(4), Some(6)], Some(4)),
        ([Some(8), Some(u64::MAX), None], Some(8)),
        ([Some(0), None, Some(5)], Some(5)),
        ([Some(0), None, None], None),
        ([None, None, None], None),
    ] {
        assert_eq!(smallest(limits), expected, "{limits:?}");
    }
    // Any machine that runs this test knows its memory.
    assert!(usable_mib().is_some_and(|usable| usable > 64));
}

#[test]
fn half_of_what_the_process_may_use_is_divided() {
    const E: MemoryRoles = MemoryRoles::ENGINE;
    const I: MemoryRoles = MemoryRoles::INGESTION;
    check(
        BOTH,
        Some(2048),
        &[],
        [1024, 256, 512, 384, 32, 32, 32, 32, 128],
    );
    check(BOTH, None, &[], [1024, 256, 512, 384, 32, 32, 32, 32, 128]);
    // Caches and bodies have enough at some size; queries never do.
    let large = [32768, 512, 27648, 20736, 128, 128, 128, 128, 4096];
    check(BOTH, Some(65536), &[], large);
    // The largest body must fit.
    check(BOTH, Some(512), &[], [256, 100, 92, 69, 8, 8, 8, 8, 32]);
    check(BOTH, Some(440), &[], [220, 100, 65, 48, 6, 6, 6, 9, 28]);
    check(E, Some(2048), &[], [1024, 0, 768, 576, 32, 32, 32, 32, 128]);
    check(E, Some(172), &[], [86, 0, 65, 48, 2, 2, 2, 4, 11]);
    check(I, Some(2048), &[], [1024, 864, 0, 0, 0, 0, 32, 0, 128]);
    check(I, Some(236), &[], [118, 100, 0, 0, 0, 0, 3, 0, 15]);
    check(NEITHER, Some(2), &[], [1, 0, 0, 0, 0, 0, 0, 0, 1]);
}

#[test]
fn variables_win_for_their_part() {
    let budget = (BUDGET, "1024");
    let usable = Some(1_000_000);
    check(
        BOTH,
        usable,
        &[budget],
        [1024, 256, 512, 384, 32, 32, 32, 32, 128],
    );
    let bodies = [1024, 100, 668, 501, 32, 32, 32, 32, 128];
    check(BOTH, usable, &[budget, (BODIES, "100")], bodies);
    let no_ranges = [1024, 256, 544, 408, 32, 32, 32, 0, 128];
    check(BOTH, usable, &[budget, (RANGES, "0")], no_ranges);
    let footers = [1024, 256, 534, 400, 10, 32, 32, 32, 128];
    check(BOTH, usable, &[budget, (FOOTERS, "10")], footers);
    // Bodies make room for what is set; what is left over belongs to nobody.
    let engine = [1024, 168, 600, 450, 32, 32, 32, 32, 128];
    check(BOTH, usable, &[budget, (ENGINE, "600")], engine);
    let small = [1024, 256, 1, 0, 32, 32, 32, 32, 639];
    check(BOTH, usable, &[budget, (ENGINE, "1")], small);
    // What the process does not do is not read.
    let foreign = [budget, (ENGINE, "a lot"), (RANGES, "9999")];
    let alone = [1024, 864, 0, 0, 0, 0, 32, 0, 128];
    check(MemoryRoles::INGESTION, usable, &foreign, alone);
}

#[test]
fn parts_raise_a_budget_that_is_not_set() {
    let raised = |origin: &MemoryShares| match origin.origin {
        BudgetOrigin::Raised { from_mib, .. } => Some(from_mib),
        _ => None,
    };
    let set = [(BODIES, "512"), (ENGINE, "1024")];
    check(
        BOTH,
        Some(2048),
        &set,
        [2047, 512, 1024, 768, 63, 63, 63, 66, 256],
    );
    let shares = of(BOTH, Some(2048), &set).unwrap();
    assert_eq!(raised(&shares), Some(1024));
    shares.announce();
    // They fit: nothing is raised.
    let shares = of(BOTH, Some(8192), &set).unwrap();
    assert_eq!((raised(&shares), shares.budget_bytes / MIB), (None, 4096));
    let most = MIB_MAX.to_string();
    let all = [BODIES, ENGINE, FOOTERS, RANGES].map(|name| (name, most.as_str()));
    assert!(of(BOTH, None, &all).is_ok());
}

#[test]
fn what_does_not_fit_is_refused() {
    refuse(
        BOTH,
        Some(65536),
        &[(BUDGET, "1024"), (BODIES, "512"), (ENGINE, "1024")],
        &["MICROMEGAS_MEMORY_BUDGET_MB is 1024 MiB, too little for \
             MICROMEGAS_INGESTION_IN_FLIGHT_MB (512 MiB) and \
             MICROMEGAS_DATAFUSION_MEMORY_BUDGET_MB (1024 MiB) beside the other parts of the \
             process: raise MICROMEGAS_MEMORY_BUDGET_MB to 2047 or more, or lower or unset the \
             others"],
    );
    refuse(
        BOTH,
        Some(400),
        &[],
        &[
            "the memory budget is 200 MiB, half of the 400 MiB that this process may use, and what \
           this process does needs at least 219 MiB: set MICROMEGAS_MEMORY_BUDGET_MB to 219 or \
           more, or run fewer roles in the process",
        ],
    );
    refuse(
        MemoryRoles::ENGINE,
        Some(65536),
        &[(BUDGET, "64")],
        &[
            "MICROMEGAS_MEMORY_BUDGET_MB is 64 MiB, and what this process does needs at least 85 \
           MiB: set MICROMEGAS_MEMORY_BUDGET_MB to 85 or more, or run fewer roles in the process",
        ],
    );
}

#[test]
fn malformed_variables_are_told_together() {
    let range = |name, min| format!("{name} must be a whole number of MiB from {min} to {MIB_MAX}");
    let too_much = (MIB_MAX + 1).to_string();
    refuse(
        BOTH,
        None,
        &[
            (BUDGET, "0"),
            (BODIES, "-1"),
            (ENGINE, "0"),
            (FOOTERS, "all"),
            (RANGES, &too_much),
        ],
        &[
            &range(BUDGET, 1),
            &range(BODIES, 0),
            &range(ENGINE, 1),
            &range(FOOTERS, 0),
            &range(RANGES, 0),
        ],
    );
    refuse(
        BOTH,
        None,
        &[(BODIES, "99")],
        &[
            "MICROMEGAS_INGESTION_IN_FLIGHT_MB is 99 MiB and can not hold one request body of up \
           to 100 MiB: raise it to 100 or unset it",
        ],
    );
}
