//! A private nats-server with JetStream.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Child;

use rustix::process::Signal;
use tempfile::TempDir;

use super::port::Port;
use super::{guarded, program, signal, spawn, wait_for};

/// A nats-server with a store of its own; killed when dropped.
pub struct Nats {
    child: Child,
    port: Port,
    folder: TempDir,
}

/// Which files of a store are torn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Torn {
    /// Those that hold messages.
    Messages,
    /// All of them: also what says which streams and consumers there are.
    Everything,
}

/// Cuts files in a folder to half.
fn tear(folder: &Path, what: Torn) -> usize {
    let mut torn = 0;
    for entry in std::fs::read_dir(folder).expect("a store").flatten() {
        let path = entry.path();
        if path.is_dir() {
            torn += tear(&path, what);
        } else if what == Torn::Everything || path.extension().is_some_and(|e| e == "blk") {
            let file = OpenOptions::new().write(true).open(&path).expect("a file of the store");
            let half = file.metadata().expect("its length").len() / 2;
            file.set_len(half).expect("it is cut");
            torn += 1;
        }
    }
    torn
}

impl Nats {
    /// Starts one on a free port.
    pub fn start() -> Self {
        let folder =
            tempfile::Builder::new().prefix("hiresphere-nats-").tempdir().expect("a folder");
        let port = Port::take();
        let child = Self::run(port.number, &folder);
        Self { child, port, folder }
    }

    fn run(port: u16, folder: &TempDir) -> Child {
        let mut command = guarded(&program("HIRESPHERE_NATS_SERVER", "nats-server"), false);
        command.args([
            "--jetstream",
            "--addr",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--store_dir",
        ]);
        command.arg(folder.path().join("store"));
        let log = folder.path().join("log");
        let mut child = spawn(command, &log);
        wait_for(port, &mut child, &log);
        child
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port.number)
    }

    /// Its folder of streams.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Ends it at once, as a power cut would; its store stays.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on the same port, with the store as it is.
    pub fn restart(&mut self) {
        self.kill();
        self.child = Self::run(self.port.number, &self.folder);
    }

    /// Ends it, deletes its store and starts it again.
    pub fn wipe(&mut self) {
        self.kill();
        std::fs::remove_dir_all(self.store()).expect("a store");
        self.restart();
    }

    /// Ends it, cuts what is in its store to half and starts it again, as after a disk that lied. Answers how many
    /// files were cut.
    pub fn tear(&mut self, what: Torn) -> usize {
        self.kill();
        let torn = tear(&self.store(), what);
        self.restart();
        torn
    }

    /// Freezes it.
    pub fn freeze(&self) {
        signal(&self.child, Signal::STOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        signal(&self.child, Signal::CONT);
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}
