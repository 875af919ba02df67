//! The budget divided among the parts, in whole MiB.

use super::demand::{Demand, ENGINE_MIB_MIN, INGESTION_MIB_MIN, Part};
use super::{BudgetOrigin, MIB, MIB_MAX, MemoryShares, UNDETECTED_MIB};
use crate::Problems;
use crate::variables::MICROMEGAS_MEMORY_BUDGET_MB;

/// Above it, more memory for caches is better spent on queries.
const CACHES_MIB_MAX: u64 = 512;

/// Above it, requests wait for the object store and not for memory.
const INGESTION_MIB_MAX: u64 = 512;

/// One budget that is set bounds everything; one that is not may be raised by parts that are.
pub(super) fn divide(
    demand: &Demand,
    explicit_mib: Option<u64>,
    usable_mib: Option<u64>,
) -> Result<MemoryShares, Problems> {
    let (budget, origin) = match (explicit_mib, usable_mib) {
        (Some(mib), usable_mib) => (mib, BudgetOrigin::Variable { usable_mib }),
        (None, Some(usable_mib)) => (usable_mib / 2, BudgetOrigin::HalfOf { usable_mib }),
        (None, None) => (UNDETECTED_MIB, BudgetOrigin::Undetected),
    };
    if least(demand, budget) <= budget {
        return Ok(allot(demand, budget, origin));
    }
    if explicit_mib.is_some() || demand.explicit().is_empty() {
        return Err(refusal(demand, budget, origin));
    }
    let raised = smallest_budget(demand, budget);
    let origin = BudgetOrigin::Raised {
        from_mib: budget,
        usable_mib,
    };
    Ok(allot(demand, raised, origin))
}

const fn reserve(budget: u64) -> u64 {
    budget.div_ceil(8)
}

/// What the caches get together is divided among them, whoever is absent.
struct Caches {
    footers: u64,
    trees: u64,
    catalog: u64,
    ranges: u64,
}

fn caches(demand: &Demand, budget: u64) -> Caches {
    let caches = (budget / 8).min(CACHES_MIB_MAX);
    let quarter = caches / 4;
    Caches {
        footers: demand.footers.or_share(quarter),
        trees: demand.trees.or_share(quarter),
        catalog: demand.catalog.or_share(quarter),
        ranges: demand.ranges.or_share(caches - 3 * quarter),
    }
}

impl Caches {
    const fn sum(&self) -> u64 {
        self.footers + self.trees + self.catalog + self.ranges
    }
}

/// What a budget of this size must hold at least.
fn least(demand: &Demand, budget: u64) -> u64 {
    reserve(budget)
        + caches(demand, budget).sum()
        + demand.ingestion.or_share(INGESTION_MIB_MIN)
        + demand.engine.or_share(ENGINE_MIB_MIN)
}

/// The first budget from `from` on that holds what it must: what is missing grows slower than the
/// budget does, so the search ends.
fn smallest_budget(demand: &Demand, from: u64) -> u64 {
    let (mut low, mut high) = (from, 16 * MIB_MAX);
    while low < high {
        let middle = low.midpoint(high);
        if least(demand, middle) <= middle {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// The budget holds [`least`].
fn allot(demand: &Demand, budget: u64, origin: BudgetOrigin) -> MemoryShares {
    let caches = caches(demand, budget);
    let left = budget - reserve(budget) - caches.sum();
    let ingestion = demand.ingestion.or_share(match demand.engine {
        Part::Absent => left,
        engine => (budget / 4)
            .clamp(INGESTION_MIB_MIN, INGESTION_MIB_MAX)
            .min(left - engine.or_share(ENGINE_MIB_MIN)),
    });
    let engine = demand.engine.or_share(left - ingestion);
    // Where variables name less than the budget, the rest belongs to nobody.
    let reserve = budget - caches.sum() - ingestion - engine;
    MemoryShares {
        budget_bytes: budget * MIB,
        ingestion_bytes: ingestion * MIB,
        engine_bytes: engine * MIB,
        query_bytes: engine * MIB / 4 * 3,
        footer_cache_bytes: caches.footers * MIB,
        call_tree_cache_bytes: caches.trees * MIB,
        catalog_cache_bytes: caches.catalog * MIB,
        range_cache_bytes: caches.ranges * MIB,
        reserve_bytes: reserve * MIB,
        origin,
    }
}

fn refusal(demand: &Demand, budget: u64, origin: BudgetOrigin) -> Problems {
    let needed = smallest_budget(demand, 0);
    let explicit = demand.explicit();
    let budget = match origin {
        BudgetOrigin::HalfOf { usable_mib } => format!(
            "the memory budget is {budget} MiB, half of the {usable_mib} MiB that this process may \
             use"
        ),
        _ => format!("{MICROMEGAS_MEMORY_BUDGET_MB} is {budget} MiB"),
    };
    Problems::one(if explicit.is_empty() {
        format!(
            "{budget}, and what this process does needs at least {needed} MiB: set \
             {MICROMEGAS_MEMORY_BUDGET_MB} to {needed} or more, or run fewer roles in the process"
        )
    } else {
        let parts: Vec<String> = explicit
            .iter()
            .map(|(name, mib)| format!("{name} ({mib} MiB)"))
            .collect();
        format!(
            "{budget}, too little for {} beside the other parts of the process: raise \
             {MICROMEGAS_MEMORY_BUDGET_MB} to {needed} or more, or lower or unset the others",
            parts.join(" and ")
        )
    })
}
