//! A private PostgreSQL, and a database per test.

use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::Signal;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;

use super::port::Port;
use super::{children, guarded, is_root, program, signal, signal_to, spawn};

/// A PostgreSQL of this test's own, with everything flushed as it must be; killed when dropped.
pub struct Postgres {
    child: Child,
    port: Port,
    folder: TempDir,
}

/// A database of this test's own.
pub struct Database {
    url: String,
    _server: Option<Postgres>,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Database {
    /// Makes an empty database, in the PostgreSQL that tests share when there is one.
    pub async fn make() -> Self {
        match std::env::var("HIRESPHERE_TEST_POSTGRES") {
            Ok(shared) => Self { url: make(&shared).await, _server: None },
            Err(_) => {
                let server = Postgres::start();
                Self { url: server.database().await, _server: Some(server) }
            }
        }
    }

    /// Its URL, for a superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its URL for another user.
    pub fn url_of(&self, user: &str, password: &str) -> String {
        let (_, rest) = self.url.split_once('@').expect("a user");
        format!("postgres://{user}:{password}@{rest}")
    }
}

/// Makes an empty database in a server and answers its URL.
async fn make(server: &str) -> String {
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{n}", std::process::id());
    let mut connection = connect(&format!("{server}/postgres")).await;
    connection
        .execute(format!("DROP DATABASE IF EXISTS {name}").as_str())
        .await
        .expect("no such database");
    connection.execute(format!("CREATE DATABASE {name}").as_str()).await.expect("a database");
    format!("{server}/{name}")
}

/// Connects; a server that has just begun to listen may still be getting ready.
async fn connect(url: &str) -> PgConnection {
    loop {
        match PgConnection::connect(url).await {
            Ok(connection) => return connection,
            Err(error)
                if error
                    .as_database_error()
                    .is_some_and(|e| e.code().as_deref() == Some("57P03")) =>
            {
                std::thread::sleep(super::ASK_EVERY);
            }
            Err(error) => panic!("PostgreSQL: {error}"),
        }
    }
}

impl Postgres {
    /// Starts one on a free port.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("hiresphere-pg-").tempdir().expect("a folder");
        if is_root() {
            let status = Command::new("chown").arg("nobody").arg(folder.path()).status();
            assert!(status.expect("chown").success());
        }
        let bin = program("HIRESPHERE_POSTGRES_BIN", "PostgreSQL");
        let mut initdb = guarded(&bin.join("initdb"), is_root());
        initdb.arg("-D").arg(folder.path().join("db"));
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]);
        let done = initdb.output().expect("initdb");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let port = Port::take();
        let child = Self::run(port.number, &folder);
        Self { child, port, folder }
    }

    fn run(port: u16, folder: &TempDir) -> Child {
        let log = folder.path().join("log");
        loop {
            let mut child = Self::spawn(port, folder);
            if super::listens(port, &mut child) {
                return child;
            }
            // The children of one that was killed hold its memory until they have noticed.
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            assert!(said.contains("pre-existing shared memory"), "no PostgreSQL: {said}");
            std::thread::sleep(super::ASK_EVERY);
        }
    }

    fn spawn(port: u16, folder: &TempDir) -> Child {
        let bin = program("HIRESPHERE_POSTGRES_BIN", "PostgreSQL");
        let mut command = guarded(&bin.join("postgres"), is_root());
        command.arg("-D").arg(folder.path().join("db")).args(["-p", &port.to_string()]);
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        command.args(["-c", "max_connections=300"]);
        spawn(command, &folder.path().join("log"))
    }

    /// Where it listens, without a database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}", self.port.number)
    }

    /// Waits until it has recovered and takes questions.
    pub async fn ready(&self) {
        let asked = connect(&format!("{}/postgres", self.url())).await;
        asked.close().await.expect("an end");
    }

    /// Makes an empty database in it and answers its URL.
    pub async fn database(&self) -> String {
        make(&self.url()).await
    }

    /// Ends it at once, and all of it, as a power cut would.
    pub fn kill(&mut self) {
        let others = children(self.child.id());
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Left alone, one may sleep for ever on a lock of another that has noticed and gone, and hold the shared memory.
        for other in others {
            signal_to(other, Signal::KILL);
        }
    }

    /// Starts it again on the same port, with the data as it is.
    pub fn restart(&mut self) {
        self.kill();
        // Its children hold the shared memory until they have noticed; it says so and does not start before.
        let lock = self.folder.path().join("db").join("postmaster.pid");
        let _ = std::fs::remove_file(lock);
        self.child = Self::run(self.port.number, &self.folder);
    }

    /// Freezes the process that takes connections.
    pub fn freeze(&self) {
        signal(&self.child, Signal::STOP);
    }

    /// Freezes all of it: also those who work for its connections.
    pub fn freeze_all(&self) {
        // The first one first, so that it starts no other meanwhile.
        self.freeze();
        for child in children(self.child.id()) {
            signal_to(child, Signal::STOP);
        }
    }

    /// Lets it, and all of it, go on.
    pub fn thaw(&self) {
        for child in children(self.child.id()) {
            signal_to(child, Signal::CONT);
        }
        signal(&self.child, Signal::CONT);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // An orderly end, so that its children are gone before its folder is.
        signal(&self.child, Signal::QUIT);
        let _ = self.child.wait();
    }
}
