//! Real servers for tests: private, on free ports, gone with the test.
//!
//! `scripts/servers.sh` finds their programs (`HIRESPHERE_POSTGRES_BIN`, `HIRESPHERE_NATS_SERVER`) and starts the
//! PostgreSQL that tests share (`HIRESPHERE_TEST_POSTGRES`).

mod clock;
mod nats;
mod port;
mod postgres;

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub use self::clock::{Clock, Clocks};
pub use self::nats::{Nats, Torn};
pub use self::postgres::{Database, Postgres};

/// How long a server may take until it listens.
const START: Duration = Duration::from_secs(30);
const ASK_EVERY: Duration = Duration::from_millis(10);

/// Chooses who does TLS in this test process, as the program does for itself: clients ask for one even where they
/// speak none.
pub fn tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A program, by a variable, among the usual places, or by its name.
fn program(variable: &str, name: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(path) => path.into(),
        None => panic!(
            "{variable} is not set: run `scripts/servers.sh <command>` to have {name} found or installed"
        ),
    }
}

/// Starts a server that ends with this process, however that ends.
fn spawn(mut command: Command, log: &Path) -> Child {
    let out = std::fs::File::create(log).expect("a log file");
    let err = out.try_clone().expect("a log file");
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"))
}

/// A command under `setpriv`, which has it killed when this process ends, and as another user when this is root.
fn guarded(program: &Path, other_user: bool) -> Command {
    let mut command = Command::new("setpriv");
    if other_user {
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Waits until a port takes connections.
fn wait_for(port: u16, child: &mut Child, log: &Path) {
    if !listens(port, child) {
        let said = std::fs::read_to_string(log).unwrap_or_default();
        panic!("no server on port {port}: {said}");
    }
}

/// Whether a port takes connections before its server ends or takes too long.
fn listens(port: u16, child: &mut Child) -> bool {
    let until = Instant::now() + START;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = child.try_wait().expect("a child").is_some();
        if ended || Instant::now() > until {
            return false;
        }
        std::thread::sleep(ASK_EVERY);
    }
    true
}

/// Sends a signal; to one that has ended already, nothing.
fn signal(child: &Child, signal: rustix::process::Signal) {
    signal_to(child.id(), signal);
}

fn signal_to(id: u32, signal: rustix::process::Signal) {
    let pid = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw);
    let _ = rustix::process::kill_process(pid.expect("a process"), signal);
}

/// The children of a process.
fn children(id: u32) -> Vec<u32> {
    let listed = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
    listed.unwrap_or_default().split_whitespace().filter_map(|id| id.parse().ok()).collect()
}
