//! The limits a worker puts on itself, through the kernel.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Address space already mapped, in bytes; none where the system does not tell.
pub(super) fn mapped() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().next()?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Limits memory to `memory` bytes beyond `baseline`, and takes away what no parser needs: writing
/// files, dumping core, opening many files, starting processes.
///
/// Address space is what the kernel can limit; the program's own mappings and an idle worker's are
/// the baseline and do not count.
pub(super) fn confine(baseline: Option<u64>, memory: u64) {
    if let Some(baseline) = baseline {
        lower(Resource::As, baseline.saturating_add(memory));
    }
    lower(Resource::Fsize, 0);
    lower(Resource::Core, 0);
    lower(Resource::Nofile, 16);
    lower(Resource::Nproc, 0);
}

/// How much a reader stands back: next to a process that does not, it gets about a tenth of a processor that both want.
const NICENESS: i32 = 10;

/// Lets everybody else on this machine go first: who asks for a page does not wait for files to be read.
pub(super) fn stand_back() {
    // A system that refuses leaves it where it is, and files are read all the same.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// Allows `seconds` of CPU time beyond what this process has used. Wall-clock time is the pool's to
/// enforce; this is for a worker whose pool is gone.
pub(super) fn allow_cpu(seconds: u64) {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime).tv_sec;
    let until = u64::try_from(used).unwrap_or(0).saturating_add(seconds + 1);
    let maximum = getrlimit(Resource::Cpu).maximum;
    let current = Some(maximum.map_or(until, |maximum| maximum.min(until)));
    // Only the soft limit, so that the next file can be given its own.
    let _ = setrlimit(Resource::Cpu, Rlimit { current, maximum });
}

/// Lowers a limit for good. A limit that cannot be set is one already below, or one that this
/// system does not have; either way the worker goes on under the others.
fn lower(resource: Resource, to: u64) {
    let maximum = getrlimit(resource).maximum.map_or(to, |maximum| maximum.min(to));
    let _ = setrlimit(resource, Rlimit { current: Some(maximum), maximum: Some(maximum) });
}
