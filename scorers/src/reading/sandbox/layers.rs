//! The layers that confine a worker beside the limits that every system has: what they take away, and which of them
//! this machine does not have.

use serde::{Deserialize, Serialize};

#[cfg(target_os = "linux")]
mod landlock;
#[cfg(target_os = "linux")]
mod seccomp;

/// How much of the sandbox there must be. A process of its own, its limits and its empty environment are there always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sandbox {
    /// Every layer, or no file is read.
    Strict,
    /// What this machine has; who reads the files is told what is missing.
    #[default]
    BestEffort,
}

/// A layer that not every machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Landlock: no file can be opened, no port reached, whatever system call is used.
    /// <https://docs.kernel.org/userspace-api/landlock.html>
    Landlock,
    /// seccomp: system calls that no parser makes are refused; those that only an attacker makes end the process.
    /// <https://docs.kernel.org/userspace-api/seccomp_filter.html>
    Seccomp,
}

impl Layer {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Landlock, Self::Seccomp];

    /// Its name, as serialised.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
        }
    }
}

/// A layer that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Which.
    pub layer: Layer,
    /// Why, in the system's words.
    pub why: String,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.layer.as_str(), self.why)
    }
}

/// Puts this thread, and those that it starts from now on, behind a layer for good.
pub(super) fn of_this_thread(without: &[Layer]) -> Option<Missing> {
    unless(without, Layer::Landlock, || {
        #[cfg(target_os = "linux")]
        return landlock::confine();
        #[cfg(not(target_os = "linux"))]
        Err("only Linux has it".to_owned())
    })
}

/// Puts every thread of this process behind a layer for good.
pub(super) fn of_all_threads(without: &[Layer]) -> Option<Missing> {
    unless(without, Layer::Seccomp, || {
        #[cfg(target_os = "linux")]
        return seccomp::confine();
        #[cfg(not(target_os = "linux"))]
        Err("only Linux has it".to_owned())
    })
}

fn unless(
    without: &[Layer],
    layer: Layer,
    confine: impl FnOnce() -> Result<(), String>,
) -> Option<Missing> {
    let confined = if without.contains(&layer) { Err("left out".to_owned()) } else { confine() };
    confined.err().map(|why| Missing { layer, why })
}
