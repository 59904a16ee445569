//! seccomp: which system calls a parser may make, which are refused, and which end the process.
//!
//! Two filters, of which the kernel obeys the stricter. What is on neither list is refused with EPERM, as a library
//! that looks whether it can do something expects it; what nobody but an attacker asks for ends the process at once,
//! so that its parent knows.

use std::collections::BTreeMap;

use libc as c;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter_all_threads,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

pub(super) fn confine() -> Result<(), String> {
    let eperm = SeccompAction::Errno(c::EPERM.unsigned_abs());
    let hostile = hostile().into_iter().map(|call| (call, vec![])).collect();
    let (fatal, allowed) = (
        program(hostile, SeccompAction::Allow, SeccompAction::KillProcess)?,
        program(allowed()?, eperm, SeccompAction::Allow)?,
    );
    // The stricter one last: it does not let another one be installed.
    apply_filter_all_threads(&fatal).map_err(|e| e.to_string())?;
    apply_filter_all_threads(&allowed).map_err(|e| e.to_string())
}

fn program(
    rules: Rules,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram, String> {
    let arch = std::env::consts::ARCH.try_into().map_err(|_| "not on this processor".to_owned())?;
    SeccompFilter::new(rules, otherwise, matched, arch)
        .and_then(TryInto::try_into)
        .map_err(|e| e.to_string())
}

/// Calls that no parser makes, not even to look whether it could.
fn hostile() -> Vec<i64> {
    let mut calls = vec![
        // Becoming or starting another program.
        c::SYS_execve,
        c::SYS_execveat,
        // Reading and steering other processes.
        c::SYS_ptrace,
        c::SYS_process_vm_readv,
        c::SYS_process_vm_writev,
        c::SYS_pidfd_open,
        c::SYS_pidfd_getfd,
        c::SYS_kill,
        // Talking to anybody.
        c::SYS_socket,
        c::SYS_socketpair,
        c::SYS_connect,
        c::SYS_bind,
        c::SYS_listen,
        c::SYS_accept,
        c::SYS_accept4,
        // Going round the other layers, or at the kernel.
        c::SYS_io_uring_setup,
        c::SYS_bpf,
        c::SYS_perf_event_open,
        c::SYS_userfaultfd,
        c::SYS_mount,
        c::SYS_umount2,
        c::SYS_pivot_root,
        c::SYS_chroot,
        c::SYS_unshare,
        c::SYS_setns,
        c::SYS_init_module,
        c::SYS_finit_module,
        c::SYS_delete_module,
        c::SYS_kexec_load,
        c::SYS_reboot,
        c::SYS_keyctl,
        c::SYS_add_key,
        c::SYS_request_key,
        c::SYS_open_by_handle_at,
    ];
    #[cfg(target_arch = "x86_64")]
    calls.extend([c::SYS_fork, c::SYS_vfork]);
    calls
}

/// Calls that a parser, its allocator and the end of a process need. None opens anything.
fn allowed() -> Result<Rules, String> {
    let always = [
        c::SYS_read,
        c::SYS_readv,
        c::SYS_write,
        c::SYS_writev,
        c::SYS_close,
        c::SYS_fstat,
        c::SYS_lseek,
        c::SYS_ppoll,
        c::SYS_brk,
        c::SYS_munmap,
        c::SYS_mremap,
        c::SYS_madvise,
        c::SYS_futex,
        c::SYS_set_robust_list,
        c::SYS_rseq,
        c::SYS_membarrier,
        c::SYS_sched_yield,
        c::SYS_sched_getaffinity,
        c::SYS_rt_sigaction,
        c::SYS_rt_sigprocmask,
        c::SYS_rt_sigreturn,
        c::SYS_sigaltstack,
        c::SYS_restart_syscall,
        c::SYS_nanosleep,
        c::SYS_clock_nanosleep,
        c::SYS_clock_gettime,
        c::SYS_clock_getres,
        c::SYS_gettimeofday,
        c::SYS_getrandom,
        c::SYS_getpid,
        c::SYS_getppid,
        c::SYS_gettid,
        c::SYS_getrusage,
        c::SYS_exit,
        c::SYS_exit_group,
    ];
    let mut rules: Rules = always.into_iter().map(|call| (call, vec![])).collect();
    #[cfg(target_arch = "x86_64")]
    rules.extend([c::SYS_poll, c::SYS_time].map(|call| (call, vec![])));
    let only = |argument, length, how, value| {
        let condition = SeccompCondition::new(argument, length, how, value);
        condition.and_then(|c| SeccompRule::new(vec![c])).map_err(|e| e.to_string())
    };
    use SeccompCmpArgLen::Dword;
    use SeccompCmpOp::{Eq, MaskedEq};
    // Memory, but none that can be run as a program.
    let not_run = || only(2, Dword, MaskedEq(c::PROT_EXEC.unsigned_abs().into()), 0);
    rules.insert(c::SYS_mmap, vec![not_run()?]);
    rules.insert(c::SYS_mprotect, vec![not_run()?]);
    // Its own limits, and aborting itself.
    rules.insert(c::SYS_prlimit64, vec![only(0, Dword, Eq, 0)?]);
    let own = u64::from(std::process::id());
    rules.insert(c::SYS_tgkill, vec![only(0, Dword, Eq, own)?]);
    // What glibc makes of asking about an open file.
    let open = u64::from(c::AT_EMPTY_PATH.unsigned_abs());
    rules.insert(c::SYS_newfstatat, vec![only(3, Dword, MaskedEq(open), open)?]);
    Ok(rules)
}
