//! Wall clocks that can be set for one process, while it runs.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// Makes clocks: a small library in C that is loaded into a process (`LD_PRELOAD`), built by the `cc` that links the
/// tests themselves.
pub struct Clocks {
    folder: TempDir,
}

/// The clock of one process.
pub struct Clock {
    library: PathBuf,
    shift: PathBuf,
}

impl Clocks {
    /// Builds the library.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let source = folder.path().join("clock.c");
        std::fs::write(&source, include_str!("clock.c")).expect("a file");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(folder.path().join("clock.so")).arg(source);
        let built = cc.output().expect("cc, which links the tests, too");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        Self { folder }
    }

    /// A clock that is right so far.
    pub fn clock(&self, name: &str) -> Clock {
        let shift = self.folder.path().join(name);
        let clock = Clock { library: self.folder.path().join("clock.so"), shift };
        clock.shift_by(0);
        clock
    }
}

impl Default for Clocks {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// What a process is started with to go by this clock.
    pub fn settings(&self) -> [(&'static str, PathBuf); 2] {
        [("LD_PRELOAD", self.library.clone()), ("HIRESPHERE_TEST_CLOCK", self.shift.clone())]
    }

    /// Sets it, at once: so many seconds before or behind the machine's.
    pub fn shift_by(&self, seconds: i64) {
        // In place: the process has the file mapped.
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&self.shift);
        file.expect("a file").write_all_at(&seconds.to_ne_bytes(), 0).expect("it is set");
    }
}
