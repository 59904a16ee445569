//! What a hostile file could make a parser try, tried on purpose: so that a sandbox is shown to hold and not believed to.

use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

/// Something that a worker must not be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attempt {
    /// To open a file.
    Open,
    /// To reach somebody by network.
    Connect,
    /// To start a process.
    Start,
    /// To look into the process that started it.
    Trace,
}

impl Attempt {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Connect, Self::Start, Self::Trace];

    /// What is tried, for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open a file",
            Self::Connect => "reach the network",
            Self::Start => "start a process",
            Self::Trace => "trace its parent",
        }
    }

    /// Tries, and answers how it was refused; `None` when it was not.
    pub(super) fn refusal(self) -> Option<String> {
        let tried = match self {
            Self::Open => std::fs::File::open("/proc/self/cmdline").map(drop),
            // Whoever is told that nobody listens there has got there.
            Self::Connect => match TcpStream::connect((Ipv4Addr::LOCALHOST, 9)) {
                Err(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => Ok(()),
                tried => tried.map(drop),
            },
            Self::Start => Command::new("/proc/self/exe")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .map(drop),
            Self::Trace => trace_parent(),
        };
        tried.err().map(|e| e.to_string())
    }
}

#[cfg(target_os = "linux")]
fn trace_parent() -> std::io::Result<()> {
    let parent = rustix::process::getppid().map_or(1, |id| id.as_raw_nonzero().get());
    #[allow(unsafe_code, reason = "no safe wrapper; it is given numbers only and writes nowhere")]
    // SAFETY: PTRACE_SEIZE takes no pointer of ours; what it attaches to is let go when this process ends.
    let done = unsafe { libc::ptrace(libc::PTRACE_SEIZE, parent, 0, 0) };
    if done == -1 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(not(target_os = "linux"))]
fn trace_parent() -> std::io::Result<()> {
    Err(std::io::Error::other("only tried on Linux"))
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was refused, in the system's words.
    Refused(String),
    /// The worker was ended for it.
    Killed,
    /// It could be done.
    Done,
}

impl Outcome {
    /// Whether the sandbox held.
    #[must_use]
    pub fn held(&self) -> bool {
        *self != Self::Done
    }
}
