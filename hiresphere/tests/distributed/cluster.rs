//! The roles of a cluster, each a process of its own, on servers of this test's own.

use std::collections::BTreeMap;
use std::process::Command as Now;

use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use testkit::servers::{Clock, Clocks, Database, Nats, Postgres};
use tokio::process::Command;
use tokio::sync::watch;

use super::load::{Server, Site};

const MASTER_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// Each role, and how many of it: where one works, another stands by.
pub(crate) const ROLES: [(&str, usize); 7] = [
    ("sequencer", 2),
    ("relay", 2),
    ("projections", 2),
    ("scorers", 2),
    ("notifier", 1),
    ("live-feed", 1),
    ("api", 1),
];

/// Servers of this test's own, and the settings that name them.
pub(crate) struct Servers {
    pub(crate) url: String,
    _database: Option<Database>,
    pub(crate) nats: Nats,
    folder: TempDir,
}

impl Servers {
    pub(crate) async fn start() -> Self {
        let database = Database::make().await;
        let url = database.url().to_owned();
        Self { _database: Some(database), ..Self::at(url) }
    }

    /// With a database that is somebody else's.
    pub(crate) fn at(url: String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { url, _database: None, nats: Nats::start(), folder }
    }

    pub(crate) fn settings(&self) -> [(&'static str, String); 5] {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        [
            ("HIRESPHERE_DATABASE_URL", self.url.clone()),
            ("HIRESPHERE_NATS_URL", self.nats.url()),
            ("HIRESPHERE_DATA", path("data")),
            ("HIRESPHERE_DOCUMENTS_URL", format!("file://{}", path("documents"))),
            ("HIRESPHERE_MASTER_KEY", MASTER_KEY.to_owned()),
        ]
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hiresphere"));
        command.args(args).envs(self.settings());
        command
    }

    /// What a command that must work says.
    pub(crate) async fn run(&self, args: &[&str]) -> String {
        let ran = self.command(args).output().await.expect("it runs");
        assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("UTF-8")
    }

    /// A number that the database answers.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let mut own = PgConnection::connect(&self.url).await.expect("a database");
        let number = sqlx::query_scalar(sql).fetch_one(&mut own).await.expect("a number");
        own.close().await.expect("an end");
        number
    }
}

/// Every role as processes, each with a clock of its own, and a PostgreSQL that may be killed.
pub(crate) struct Cluster {
    pub(crate) servers: Servers,
    pub(crate) postgres: Postgres,
    roles: BTreeMap<&'static str, Vec<One>>,
    pub(crate) api: watch::Sender<Site>,
    pub(crate) feed: watch::Sender<Site>,
    http: reqwest::Client,
    _clocks: Clocks,
}

/// One process of a role.
struct One {
    server: Option<Server>,
    clock: Clock,
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        testkit::servers::tls();
        let postgres = Postgres::start();
        let servers = Servers::at(postgres.database().await);
        servers.run(&["migrate"]).await;
        let (api, feed) = (watch::Sender::default(), watch::Sender::default());
        let http = reqwest::Client::new();
        let clocks = Clocks::new();
        let mut roles = BTreeMap::new();
        for (role, count) in ROLES {
            let one = |n| One { server: None, clock: clocks.clock(&format!("{role}-{n}")) };
            roles.insert(role, (0..count).map(one).collect());
        }
        let mut cluster = Self { servers, postgres, roles, api, feed, http, _clocks: clocks };
        for (role, count) in ROLES {
            for n in 0..count {
                cluster.up(role, n).await;
            }
        }
        cluster
    }

    fn one(&mut self, role: &str, n: usize) -> &mut One {
        &mut self.roles.get_mut(role).expect("a role")[n]
    }

    async fn up(&mut self, role: &'static str, n: usize) {
        let mut command = self.servers.command(&[role, "--listen", "127.0.0.1:0"]);
        command.envs(self.one(role, n).clock.settings());
        let mut server = Server::spawn(command);
        let (address, _) = server.says_where().await;
        let site = match role {
            "api" => Some(&self.api),
            "live-feed" => Some(&self.feed),
            _ => None,
        };
        if let Some(site) = site {
            site.send_modify(|site| {
                *site = Site { start: site.start + 1, address: Some(address.clone()) };
            });
        }
        server.address = address;
        self.one(role, n).server = Some(server);
    }

    /// SIGKILL, no handler runs; and up again.
    pub(crate) async fn kill(&mut self, role: &'static str, n: usize) {
        match role {
            "api" => self.api.send_modify(|site| site.address = None),
            "live-feed" => self.feed.send_modify(|site| site.address = None),
            _ => {}
        }
        let server = self.one(role, n).server.take();
        server.expect("it runs").child.kill().await.expect("it is killed");
        self.up(role, n).await;
    }

    /// Sends a signal to a role, by its name.
    pub(crate) fn signal(&self, role: &str, n: usize, signal: &str) {
        let id = self.roles[role][n].server.as_ref().expect("it runs").id().to_string();
        let sent = Now::new("kill").args([signal, &id]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Sets the clock of every process: so many seconds before or behind the machine's, by role and number.
    pub(crate) fn set_clocks(&self, off: impl Fn(&str, usize) -> i64) {
        for (role, all) in &self.roles {
            all.iter().enumerate().for_each(|(n, one)| one.clock.shift_by(off(role, n)));
        }
    }

    /// Which of a role's processes is at work, by what they tell of themselves; none while nobody holds the lease.
    pub(crate) async fn at_work(&self, role: &str) -> Option<usize> {
        let held = format!("hiresphere_lease_held{{role=\"{role}\"}} 1");
        for (n, one) in self.roles[role].iter().enumerate() {
            let address = &one.server.as_ref().expect("it runs").address;
            let told = self.http.get(format!("http://{address}/metrics")).send().await;
            let told = told.expect("an answer").text().await.expect("its numbers");
            if told.contains(&held) {
                return Some(n);
            }
        }
        None
    }

    /// Ends every role as an operator would; each must end well.
    pub(crate) async fn end(&mut self) {
        for (role, all) in &mut self.roles {
            for server in all.iter_mut().filter_map(|one| one.server.as_mut()) {
                let id = server.id().to_string();
                let sent = Now::new("kill").args(["-TERM", &id]).status();
                assert!(sent.expect("kill runs").success());
                let ended = server.child.wait().await.expect("it ends");
                assert!(ended.success(), "{role}: {ended}");
            }
        }
    }
}
