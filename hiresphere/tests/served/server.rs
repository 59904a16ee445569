//! A server as a child process, on a free port, over a folder of its own.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;
use testkit::servers::Clock;

use crate::client::Api;

/// A server that ends with the test.
pub(crate) struct Server {
    folder: TempDir,
    child: Child,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    /// The admin token that it printed.
    pub(crate) token: String,
}

impl Server {
    /// A server over an empty folder.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// A server with more arguments.
    pub(crate) fn with(args: &[&str]) -> Self {
        Self::set(args, [])
    }

    /// A server that goes by a clock.
    pub(crate) fn going_by(clock: &Clock) -> Self {
        Self::set(&[], clock.settings())
    }

    /// A server with more arguments and variables.
    pub(crate) fn set<const N: usize>(args: &[&str], settings: [(&str, PathBuf); N]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let said = File::create(folder.path().join("stderr")).expect("a file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_hiresphere"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("data"))
            .args(args)
            .envs(settings)
            .stdout(Stdio::piped())
            .stderr(said)
            .spawn()
            .expect("the program starts");
        let (mut token, mut address) = (None, None);
        for line in BufReader::new(child.stdout.take().expect("its output")).lines() {
            let line = line.expect("UTF-8");
            token = token.or(line.trim().strip_prefix("hst_").map(|t| format!("hst_{t}")));
            if let Some(rest) = line.strip_prefix("serving http://") {
                address = rest.split_whitespace().next().map(str::to_owned);
                break;
            }
        }
        let (Some(address), Some(token)) = (address, token) else {
            let _ = (child.kill(), child.wait());
            let said = fs::read_to_string(folder.path().join("stderr")).unwrap_or_default();
            panic!("the server did not start: {said}");
        };
        Self { folder, child, address, token }
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What it said on standard error so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("stderr")).expect("UTF-8")
    }

    /// An HTTP client that names nobody.
    pub(crate) fn anonymous(&self) -> Api {
        Api::new(&self.address, None)
    }

    /// An HTTP client with the first admin's token.
    pub(crate) fn admin(&self) -> Api {
        self.bearer(&self.token)
    }

    /// An HTTP client with a token.
    pub(crate) fn bearer(&self, token: &str) -> Api {
        Api::new(&self.address, Some(token))
    }

    /// Another process of the program that knows this server's folder, address and token.
    pub(crate) fn beside(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hiresphere"));
        command
            .args(args)
            .env("HIRESPHERE_DATA", self.data())
            .env("HIRESPHERE_URL", format!("http://{}", self.address))
            .env("HIRESPHERE_TOKEN", &self.token);
        command
    }

    /// What that process gave.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.beside(args).output().expect("the program runs")
    }

    /// Asks it to end as an operator would, and answers how it ended.
    pub(crate) fn end(&mut self) -> std::process::ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
        self.child.wait().expect("it ends")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let said = fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default();
        if std::thread::panicking() {
            eprintln!("the server said:\n{said}");
        } else {
            assert!(!said.contains("panicked"), "the server said:\n{said}");
        }
    }
}
