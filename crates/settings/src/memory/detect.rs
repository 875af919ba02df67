//! How much memory the process may use.

use sysinfo::{MemoryRefreshKind, ProcessRefreshKind, ProcessesToUpdate, System};

use super::MIB;

/// The smaller of the machine's memory and what the control groups allow, in MiB. `None` where
/// neither can be told.
pub(super) fn usable_mib() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let machine = system.total_memory();
    // A container sees its own group as the root; a service of the machine is in a group below it.
    let container = system.cgroup_limits().map(|limits| limits.total_memory);
    smallest([Some(machine), container, own_group(&mut system)]).map(|bytes| bytes / MIB)
}

/// The limit of the group that this process is in.
fn own_group(system: &mut System) -> Option<u64> {
    let own = sysinfo::get_current_pid().ok()?;
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[own]),
        false,
        ProcessRefreshKind::nothing(),
    );
    let limits = system.process(own)?.cgroup_limits()?;
    Some(limits.total_memory)
}

/// Nothing is how some systems say that they do not know.
pub(super) fn smallest(limits: [Option<u64>; 3]) -> Option<u64> {
    limits
        .into_iter()
        .flatten()
        .filter(|limit| *limit > 0)
        .min()
}
