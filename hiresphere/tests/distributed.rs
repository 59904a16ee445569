//! The distributed engine as people run it: the same answers as from a folder, and every role a process of its own,
//! killed, frozen and cut off from its servers while people apply.
//!
//! By hand, at full size: `HIRESPHERE_APPLICATIONS=500 HIRESPHERE_ROUNDS=10 scripts/servers.sh cargo nextest run
//! --release -p hiresphere --test distributed --no-capture`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "tells what a soak did")]

mod load;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use load::feed::{Follower, Heard};
use load::people::Person;
use load::{Asker, Server, Site, size};
use serde_json::Value;
use support::{Bench, STRONG, WEAK};
use tempfile::TempDir;
use testkit::servers::{Database, Nats, Postgres};
use tokio::process::Command;
use tokio::sync::watch;

const MASTER_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// Each role, and how many of it: where one works, another stands by.
const ROLES: [(&str, usize); 7] = [
    ("sequencer", 2),
    ("relay", 2),
    ("projections", 2),
    ("scorers", 2),
    ("notifier", 1),
    ("live-feed", 1),
    ("api", 1),
];

/// Servers of this test's own, and the settings that name them.
struct Servers {
    url: String,
    _database: Option<Database>,
    nats: Nats,
    folder: TempDir,
}

impl Servers {
    async fn start() -> Self {
        let database = Database::make().await;
        let url = database.url().to_owned();
        Self { _database: Some(database), ..Self::at(url) }
    }

    /// With a database that is somebody else's.
    fn at(url: String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { url, _database: None, nats: Nats::start(), folder }
    }

    fn settings(&self) -> [(&'static str, String); 5] {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        [
            ("HIRESPHERE_DATABASE_URL", self.url.clone()),
            ("HIRESPHERE_NATS_URL", self.nats.url()),
            ("HIRESPHERE_DATA", path("data")),
            ("HIRESPHERE_DOCUMENTS_URL", format!("file://{}", path("documents"))),
            ("HIRESPHERE_MASTER_KEY", MASTER_KEY.to_owned()),
        ]
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hiresphere"));
        command.args(args).envs(self.settings());
        command
    }

    /// What a command that must work says.
    async fn run(&self, args: &[&str]) -> String {
        let ran = self.command(args).output().await.expect("it runs");
        assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("UTF-8")
    }

    /// A number that the database answers.
    async fn count(&self, sql: &str) -> i64 {
        let pool = sqlx::PgPool::connect(&self.url).await.expect("a database");
        sqlx::query_scalar(sql).fetch_one(&pool).await.expect("a number")
    }
}

/// Rows of `screen --json` without what is new in every log: ids and positions.
fn comparable(rows: &[Value]) -> Vec<Value> {
    let mut rows = rows.to_vec();
    for row in &mut rows {
        let row = row.as_object_mut().expect("an object");
        row.retain(|name, _| !["application", "run", "position", "duplicates"].contains(&&**name));
        row["candidate"]["id"] = Value::Null;
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn screen_ranks_and_explains_the_same_on_both_engines() {
    let bench = Bench::new();
    bench.resume("strong.txt", STRONG.as_bytes());
    bench.resume("weak.txt", WEAK.as_bytes());
    bench.resume("none.pdf", b"%PDF-1.4 not really");
    for n in 0..6 {
        bench.resume(&format!("person{n}.pdf"), &Person::nth(n).resume);
    }
    let embedded = bench.screen();
    assert_eq!(embedded.len(), 9);

    let servers = Servers::start().await;
    let screen = || {
        let mut command = bench.command(&["screen", "--job", "job.md", "resumes", "--json"]);
        command.envs(servers.settings());
        let ran = command.output().expect("it runs");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let out = String::from_utf8(ran.stdout).expect("UTF-8");
        out.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect::<Vec<Value>>()
    };
    let first = screen();
    assert_eq!(comparable(&first), comparable(&embedded));
    let events = "SELECT head FROM hiresphere.head";
    let before = servers.count(events).await;
    assert_eq!(screen(), first, "again: what was scored is not scored again");
    assert_eq!(servers.count(events).await, before);

    let rebuilt: Value = serde_json::from_str(&servers.run(&["rebuild", "--json"]).await).unwrap();
    assert_eq!((&rebuilt["equal"], rebuilt["events"].as_i64()), (&true.into(), Some(before)));
    let candidate = first[0]["candidate"]["id"].as_str().expect("an id");
    let erased = servers.run(&["erase", candidate, "--withdraw"]).await;
    assert!(erased.contains("is destroyed"), "{erased}");
    let named = format!(
        "SELECT count(*) FROM hiresphere_read_5.candidates WHERE candidate = '{candidate}' \
         AND (name IS NOT NULL OR email IS NOT NULL)"
    );
    assert_eq!(servers.count(&named).await, 0, "swept");
}

/// Every role as processes.
struct Cluster {
    servers: Servers,
    roles: BTreeMap<&'static str, Vec<Option<Server>>>,
    api: watch::Sender<Site>,
    feed: watch::Sender<Site>,
}

impl Cluster {
    async fn start() -> Self {
        let servers = Servers::start().await;
        servers.run(&["migrate"]).await;
        let (api, feed) = (watch::Sender::default(), watch::Sender::default());
        let mut cluster = Self { servers, roles: BTreeMap::new(), api, feed };
        for (role, count) in ROLES {
            cluster.roles.insert(role, (0..count).map(|_| None).collect());
            for n in 0..count {
                cluster.up(role, n).await;
            }
        }
        cluster
    }

    async fn up(&mut self, role: &'static str, n: usize) {
        let command = self.servers.command(&[role, "--listen", "127.0.0.1:0"]);
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
        self.roles.get_mut(role).expect("a role")[n] = Some(server);
    }

    /// SIGKILL, no handler runs; and up again.
    async fn kill(&mut self, role: &'static str, n: usize) {
        match role {
            "api" => self.api.send_modify(|site| site.address = None),
            "live-feed" => self.feed.send_modify(|site| site.address = None),
            _ => {}
        }
        let server = self.roles.get_mut(role).expect("a role")[n].take();
        server.expect("it runs").child.kill().await.expect("it is killed");
        self.up(role, n).await;
    }

    fn signal(&self, role: &'static str, n: usize, signal: &str) {
        let id = self.roles[role][n].as_ref().expect("it runs").id().to_string();
        let sent = std::process::Command::new("kill").args([signal, &id]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Ends every role as an operator would; each must end well.
    async fn end(&mut self) {
        for (role, servers) in &mut self.roles {
            for server in servers.iter_mut().filter_map(Option::as_mut) {
                let id = server.id().to_string();
                let sent = std::process::Command::new("kill").args(["-TERM", &id]).status();
                assert!(sent.expect("kill runs").success());
                let ended = server.child.wait().await.expect("it ends");
                assert!(ended.success(), "{role}: {ended}");
            }
        }
    }
}

/// What is done to the cluster, one after another, at moments spread over the work.
const DISTURBANCES: usize = 12;

async fn disturb(cluster: &mut Cluster, what: usize) {
    match what % DISTURBANCES {
        0 => cluster.kill("sequencer", 0).await,
        1 => cluster.kill("scorers", 0).await,
        2 => cluster.servers.nats.wipe(),
        3 => cluster.signal("sequencer", 1, "-STOP"),
        4 => cluster.kill("relay", 0).await,
        5 => cluster.kill("projections", 0).await,
        6 => cluster.signal("sequencer", 1, "-CONT"),
        7 => cluster.kill("live-feed", 0).await,
        8 => cluster.servers.nats.restart(),
        9 => cluster.kill("api", 0).await,
        10 => cluster.kill("notifier", 0).await,
        _ => cluster.kill("scorers", 1).await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_killed_and_the_bus_is_lost_and_nothing_else_is() {
    let applications = size("HIRESPHERE_APPLICATIONS", 36);
    let disturbances = DISTURBANCES * size("HIRESPHERE_ROUNDS", 1);
    let started = Instant::now();
    let mut cluster = Cluster::start().await;
    let token = cluster.servers.run(&["token", "issue", "--role", "admin"]).await;
    let token: Arc<str> = token.trim().into();
    let asker = Asker::at(cluster.api.subscribe(), token.clone());
    let job = asker.open_job().await;
    let seen = watch::Sender::new(0_u64);
    let following = Follower::at(cluster.feed.subscribe(), token);
    let following = tokio::spawn(following.until_scored(applications, vec![], seen.clone()));
    let applying: Vec<_> = (0..4)
        .map(|client| {
            let (asker, job) = (asker.clone(), job.clone());
            tokio::spawn(async move {
                let mut accepted = Vec::new();
                for n in (client..applications).step_by(4) {
                    accepted.push(asker.applied(&job, &Person::nth(n)).await);
                }
                accepted
            })
        })
        .collect();
    let mut moments = seen.subscribe();
    let each = applications as u64 * 6 / (disturbances as u64 + 1);
    for what in 0..disturbances {
        let moment = each * (what as u64 + 1);
        moments.wait_for(|seen| *seen >= moment).await.expect("the feed goes on");
        disturb(&mut cluster, what).await;
    }
    let mut accepted = BTreeSet::new();
    for client in applying {
        accepted.extend(client.await.expect("a client"));
    }
    let heard = following.await.expect("a follower");
    check(&cluster.servers, &accepted, &heard, applications).await;
    let page = format!("/v1/jobs/{job}/pool?limit=1&min_position={}", heard.told.len());
    let (status, pool) = asker.get(&page).await;
    assert_eq!((status.as_u16(), &pool["items"][0]["outcome"]), (200, &"scored".into()), "{pool}");
    cluster.end().await;
    println!(
        "{applications} applications, {disturbances} disturbances: {} events, feed cut off {} times, {:.1} s",
        heard.told.len(),
        heard.cut_off,
        started.elapsed().as_secs_f64()
    );
}

/// Nothing lost, nothing twice, everything in order, in the log as on the feed.
async fn check(servers: &Servers, accepted: &BTreeSet<String>, heard: &Heard, applications: usize) {
    assert_eq!(accepted.len(), applications, "each answered with an application of its own");
    let id = |stream: &str| stream.split_once('-').expect("a stream").1.to_owned();
    let submitted = heard.of("application.submitted.v1");
    let streams: BTreeSet<String> = submitted.iter().map(|told| id(&told.stream)).collect();
    assert_eq!((&streams, submitted.len()), (accepted, applications), "each submitted once");
    let scored: Vec<String> =
        heard.of("application.score_recorded.v1").iter().map(|told| id(&told.stream)).collect();
    assert_eq!(scored.iter().cloned().collect::<BTreeSet<_>>(), *accepted, "each scored");
    assert_eq!(scored.len(), applications, "and once");
    let inversions = "SELECT count(*) FROM (SELECT e.sequence, row_number() OVER (PARTITION BY \
                      aggregate_type, aggregate_id ORDER BY position) AS place FROM hiresphere.positions \
                      JOIN hiresphere.events e USING (seq)) x WHERE sequence <> place";
    assert_eq!(servers.count(inversions).await, 0, "every stream in its order");
    let holes = "SELECT max(position) - count(*) + (SELECT count(*) FROM hiresphere.unsequenced) \
                 FROM hiresphere.positions";
    assert_eq!(servers.count(holes).await, 0, "dense, and nothing waits");
    assert_eq!(servers.count("SELECT count(*) FROM hiresphere.parked").await, 0);
    let rebuilt: Value = serde_json::from_str(&servers.run(&["rebuild", "--json"]).await).unwrap();
    assert_eq!(rebuilt["equal"], true, "{rebuilt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bus_writes_go_on_and_without_a_database_they_are_refused() {
    let mut postgres = Postgres::start();
    let mut servers = Servers::at(postgres.database().await);
    let mut server = Server::spawn(servers.command(&["serve", "--listen", "127.0.0.1:0"]));
    let (address, token) = server.says_where().await;
    let token = token.expect("the first start makes one");
    testkit::servers::tls();
    let http = reqwest::Client::new();
    let draft = |key: &str| {
        let posting = serde_json::json!({ "title": "Nurse", "description": "Wards." });
        let request = http.post(format!("http://{address}/v1/jobs")).json(&posting);
        let request = request.bearer_auth(&token).header("idempotency-key", key);
        async move {
            let answer = request.send().await.expect("an answer");
            let wait = answer.headers().get("retry-after").is_some();
            let status = answer.status().as_u16();
            (status, wait, answer.json::<Value>().await.expect("JSON"))
        }
    };
    let (status, _, first) = draft("one").await;
    assert_eq!(status, 201, "{first}");
    servers.nats.kill();
    let (status, _, without_bus) = draft("two").await;
    assert_eq!(status, 201, "{without_bus}");
    assert!(without_bus["position"].as_u64() > first["position"].as_u64(), "numbered all the same");

    postgres.kill();
    let (status, wait, refused) = draft("three").await;
    assert_eq!((status, wait, &refused["code"]), (503, true, &"DATABASE_UNAVAILABLE".into()));
    postgres.restart();
    servers.nats.restart();
    let third = loop {
        let (status, _, answer) = draft("three").await;
        if status == 201 {
            break answer;
        }
        assert_eq!(status, 503, "{answer}");
    };
    let (status, _, again) = draft("three").await;
    assert_eq!((status, &again["id"], &again["position"]), (201, &third["id"], &third["position"]));
    // Everything catches up: the page is given once the read models hold the last write.
    let url = format!("http://{address}/v1/jobs?min_position={}", third["position"]);
    let page = http.get(url).bearer_auth(&token).send().await.expect("an answer");
    let page: Value = page.json().await.expect("JSON");
    assert_eq!(page["items"].as_array().map(Vec::len), Some(3), "{page}");
}
