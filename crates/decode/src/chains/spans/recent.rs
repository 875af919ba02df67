//! The scopes that events used last, found with one multiplication.

/// How an event says which scope it means, as ids of its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ScopeKey {
    /// Of a descriptor or a location.
    pub id: u64,
    /// Of the name that a location lacks.
    pub name: Option<u64>,
}

/// A few hundred scopes do nearly all the work of a thread. Those that share a slot
/// displace each other: this only is quick, not complete.
#[derive(Debug)]
pub(super) struct RecentScopes {
    slots: Vec<(ScopeKey, Option<u32>)>,
}

const SLOT_BITS: u32 = 10;

impl RecentScopes {
    pub(super) fn new() -> Self {
        let unused = ScopeKey { id: 0, name: None };
        Self {
            slots: vec![(unused, None); 1 << SLOT_BITS],
        }
    }

    #[inline]
    pub(super) fn get(&self, key: ScopeKey) -> Option<u32> {
        let (found, scope) = self.slots[slot(key)];
        scope.filter(|_| found == key)
    }

    pub(super) fn insert(&mut self, key: ScopeKey, scope: u32) {
        self.slots[slot(key)] = (key, Some(scope));
    }
}

/// Ids are addresses: they differ somewhere in the middle.
#[inline]
fn slot(key: ScopeKey) -> usize {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = key.id ^ key.name.unwrap_or_default().rotate_left(32);
    (mixed.wrapping_mul(GOLDEN) >> (u64::BITS - SLOT_BITS)) as usize
}
