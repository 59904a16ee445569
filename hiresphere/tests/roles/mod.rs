//! Roles of the distributed engine as processes of their own, on servers of whoever asks. Shared by tests and benches
//! that look at what each role does and tells.

#![allow(dead_code, reason = "each binary uses its part")]

use std::sync::Arc;

use tempfile::TempDir;
use testkit::servers::Nats;
use tokio::process::Command;
use tokio::sync::watch;

use crate::load::{Asker, Server, Site};

/// The master key of everything here.
pub(crate) const MASTER_KEY: &str =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Servers, and the settings that name them.
pub(crate) struct Servers {
    /// The database.
    pub(crate) url: String,
    pub(crate) nats: Nats,
    folder: TempDir,
    more: Vec<(String, String)>,
}

/// A role at work.
pub(crate) struct Role {
    pub(crate) name: &'static str,
    pub(crate) process: Server,
}

impl Servers {
    /// With an empty database that is somebody else's; its tables are made.
    pub(crate) async fn at(url: String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let servers = Self { url, nats: Nats::start(), folder, more: Vec::new() };
        servers.run(&["migrate"]).await;
        servers
    }

    /// Every role that is started from now on has this in its environment.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.more.push((name.to_owned(), value.to_owned()));
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Where sealed documents are.
    pub(crate) fn documents(&self) -> String {
        format!("file://{}", self.path("documents"))
    }

    /// The program with the settings.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hiresphere"));
        command.args(args).envs(self.more.iter().cloned());
        command.env("HIRESPHERE_DATABASE_URL", &self.url);
        command.env("HIRESPHERE_NATS_URL", self.nats.url());
        command.env("HIRESPHERE_DATA", self.path("data"));
        command.env("HIRESPHERE_DOCUMENTS_URL", self.documents());
        command.env("HIRESPHERE_MASTER_KEY", MASTER_KEY);
        command
    }

    /// What a command that must work says.
    pub(crate) async fn run(&self, args: &[&str]) -> String {
        let ran = self.command(args).output().await.expect("it runs");
        assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("UTF-8")
    }

    /// A new admin's token.
    pub(crate) async fn token(&self) -> Arc<str> {
        self.run(&["token", "issue", "--role", "admin"]).await.trim().into()
    }

    /// Starts a role and waits until it says where it is.
    pub(crate) async fn up(&self, name: &'static str) -> Role {
        let mut process = Server::spawn(self.command(&[name, "--listen", "127.0.0.1:0"]));
        let (address, _) = process.says_where().await;
        process.address = address;
        Role { name, process }
    }
}

impl Role {
    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        &self.process.address
    }

    /// Asks it, with a token.
    pub(crate) fn asker(&self, token: Arc<str>) -> Asker {
        let site = Site { start: 1, address: Some(self.address().to_owned()) };
        Asker::at(watch::Sender::new(site).subscribe(), token)
    }

    /// SIGKILL: no handler runs.
    pub(crate) async fn kill(&mut self) {
        self.process.child.kill().await.expect("it is killed");
    }

    /// Ends it as an operator would; it must end well.
    pub(crate) async fn end(mut self) {
        let id = self.process.id().to_string();
        let sent = std::process::Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.expect("kill runs").success());
        let ended = self.process.child.wait().await.expect("it ends");
        assert!(ended.success(), "{}: {ended}", self.name);
    }
}
