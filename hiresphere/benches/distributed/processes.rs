//! What the roles' processes hold of memory and have taken of the processors, as Linux says.

use crate::roles::Role;

/// A process at a moment.
pub(crate) struct Look {
    name: &'static str,
    /// Kilobytes held now, and at most so far.
    resident: u64,
    most: u64,
    /// Seconds of a processor so far.
    worked: f64,
}

/// Ticks of `/proc/PID/stat` in a second; the same on every Linux that the program runs on.
const TICKS: f64 = 100.0;

pub(crate) fn look(roles: &[Role]) -> Vec<Look> {
    roles.iter().map(|role| one(role.name, role.process.id())).collect()
}

fn one(name: &'static str, id: u32) -> Look {
    let read = |file: &str| {
        std::fs::read_to_string(format!("/proc/{id}/{file}")).expect("a process that runs")
    };
    let status = read("status");
    let kilobytes = |field: &str| {
        let line = status.lines().find(|line| line.starts_with(field)).expect("a field");
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
    };
    let stat = read("stat");
    // Behind the name, which may hold anything, in parentheses.
    let (_, rest) = stat.rsplit_once(") ").expect("a name");
    let ticks = |n: usize| {
        let field = rest.split(' ').nth(n).expect("a field");
        field.parse::<f64>().expect("a number")
    };
    let worked = (ticks(11) + ticks(12)) / TICKS;
    Look { name, resident: kilobytes("VmRSS:"), most: kilobytes("VmHWM:"), worked }
}

/// Both looks beside each other.
pub(crate) fn print(idle: &[Look], after: &[Look]) {
    println!(
        "\nresident, MB           idle   at most    after load   at most   processor, s under load"
    );
    let mb = |kilobytes: u64| kilobytes as f64 / 1_024.0;
    for (before, after) in idle.iter().zip(after) {
        println!(
            "{:<18} {:>8.1} {:>9.1} {:>13.1} {:>9.1} {:>12.1}",
            before.name,
            mb(before.resident),
            mb(before.most),
            mb(after.resident),
            mb(after.most),
            after.worked - before.worked
        );
    }
}
