//! Ports that no other test has, for as long as a server needs them, also while it is dead.

use std::fs::File;
use std::net::TcpListener;

/// Below those that systems give to outgoing connections, one of which could have it while its server is dead.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A port; given back when dropped.
pub(super) struct Port {
    pub(super) number: u16,
    /// Locked.
    _taken: File,
}

impl Port {
    /// One that is free.
    pub(super) fn take() -> Self {
        let user = rustix::process::geteuid().as_raw();
        let folder = std::env::temp_dir().join(format!("hiresphere-test-ports-{user}"));
        std::fs::create_dir_all(&folder).expect("a folder of taken ports");
        // Each process looks somewhere else first.
        let size = usize::from(PORTS.end - PORTS.start);
        let first = std::process::id() as usize * 37 % size;
        for number in PORTS.cycle().skip(first).take(size) {
            let taken = File::create(folder.join(number.to_string())).expect("a file of a port");
            if taken.try_lock().is_ok() && TcpListener::bind(("127.0.0.1", number)).is_ok() {
                return Self { number, _taken: taken };
            }
        }
        panic!("no free port among {PORTS:?}");
    }
}
