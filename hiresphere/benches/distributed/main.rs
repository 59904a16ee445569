//! The distributed engine under a steady load: every role a process of its own, PostgreSQL with everything flushed, a
//! bus, clients over HTTP and WebSocket, all on one machine. From a command's sending and its commit to its position, to the
//! read models, to whoever follows the feed; and what each role holds of memory and takes of the processors.
//!
//! `scripts/servers.sh --newest cargo bench -p hiresphere --bench distributed -- [--full] [--rate N] [--scorers]`

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "measures and prints"
)]

mod anchor;
mod drive;
#[path = "../../tests/load/mod.rs"]
mod load;
mod processes;
#[path = "../../tests/roles/mod.rs"]
mod roles;
mod watching;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use drive::{Given, InProcess};
use load::Asker;
use load::people::Person;
use roles::{Role, Servers};
use testkit::servers::Postgres;
use watching::{Track, Watchers};

/// How much is measured.
struct Sizes {
    /// Applications that commands go to, in turns.
    applications: usize,
    /// Commands a second over HTTP.
    rates: Vec<u32>,
    /// Commands a second in this process.
    in_process: u32,
    /// How long each rate is kept up.
    lasts: u32,
    /// Round trips of an anchor.
    anchors: usize,
}

/// The goal's rate.
const RATE: u32 = 500;
/// Commands that do not count.
const WARM_UP: u32 = 100;
/// Those who apply at once.
const APPLYING: usize = 8;

fn sizes(asked: &[String]) -> Sizes {
    let rate = asked.iter().position(|a| a == "--rate");
    let rate = rate.map(|at| asked[at + 1].parse().expect("a number of commands a second"));
    let rates = |usual: &[u32]| rate.map_or_else(|| usual.to_vec(), |rate| vec![rate]);
    let in_process = rate.unwrap_or(RATE);
    if asked.iter().any(|a| a == "--full") {
        let rates = rates(&[100, 250, RATE]);
        return Sizes { applications: 500, rates, in_process, lasts: 20, anchors: 1_000 };
    }
    Sizes { applications: 100, rates: rates(&[100, RATE]), in_process, lasts: 4, anchors: 200 }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let sizes = sizes(&asked);
    println!("load of the machine before: {}", load_average());
    let server = Postgres::start();
    let servers = Servers::at(server.database().await).await;
    let mut names = vec!["sequencer", "relay", "projections", "api", "live-feed"];
    if asked.iter().any(|a| a == "--scorers") {
        names.push("scorers");
    }
    let mut roles = Vec::new();
    for name in names {
        roles.push(servers.up(name).await);
    }
    let token = servers.token().await;
    let role = |name: &str| roles.iter().find(|role| role.name == name).expect("a role");
    let api = role("api").asker(token.clone());
    ready(&roles, &token).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let idle = processes::look(&roles);

    head("anchors");
    let (one_by_one, steady) = anchor::commits(&server.database().await, &sizes).await;
    line("one row committed, one after another", one_by_one);
    line(&format!("one row committed, {} a second", sizes.in_process), steady);
    line("pg_notify to LISTEN and back", anchor::notify(&servers.url, sizes.anchors).await);
    line("the API's shortest answer (/healthz)", anchor::healthz(&api, sizes.anchors).await);

    let applications = applied(&api, sizes.applications).await;
    if let Some(scorers) = roles.iter().find(|role| role.name == "scorers") {
        // Their reading and grading is another measurement's.
        scored(scorers).await;
    }
    let feed = role("live-feed").address().to_owned();
    let place = Place { servers: &servers, feed, token };
    // Connections are made and caches filled before anything counts.
    drive::over_http(&api, &applications, WARM_UP, 1).await;
    for &rate in &sizes.rates {
        let what = format!("over HTTP, {rate} commands/s");
        place.measure(&what, rate, drive::over_http(&api, &applications, rate, sizes.lasts)).await;
    }
    let rate = sizes.in_process;
    let in_process = InProcess::open(&servers).await;
    in_process.drive(&applications, WARM_UP, 1).await;
    let what = format!("the dispatcher alone, {rate} commands/s");
    place.measure(&what, rate, in_process.drive(&applications, rate, sizes.lasts)).await;

    let after = processes::look(&roles);
    processes::print(&idle, &after);
    println!("\nload of the machine after: {}", load_average());
    for role in roles {
        role.end().await;
    }
}

/// Where things are measured.
struct Place<'a> {
    servers: &'a Servers,
    feed: String,
    token: Arc<str>,
}

impl Place<'_> {
    /// Gives commands while everybody watches, and says how long what took.
    async fn measure(&self, what: &str, rate: u32, give: impl Future<Output = Vec<Given>>) {
        let log = watching::Log::connect(&self.servers.url).await;
        let before = log.head().await;
        let watchers = Watchers::start(&self.servers.url, &self.feed, &self.token, before).await;
        let given = give.await;
        let events = log.events_after(before).await;
        let last = events.values().map(|event| event.position).max().expect("events");
        let (first, end) = (given[0].sent, given.iter().map(|g| g.answered).max());
        let took = (end.expect("an answer") - first).as_seconds_f64();
        let reached = given.len() as f64 / took;
        head(&format!("{what} ({reached:.0} reached)"));
        if reached < f64::from(rate) * 0.95 {
            println!(
                "this machine does not keep up with {rate} a second: what follows is a backlog"
            );
        }
        line("sent to answered", since(&given, |g| g.sent, |g| g.answered));
        if let Some(Watched { numbered, folded, heard }) = watchers.until(last).await {
            for (name, track) in
                [("position", numbered), ("read models", folded), ("WebSocket", heard)]
            {
                let to = |g: &Given| track.first(events[&g.event].position);
                let inserted = |g: &Given| events[&g.event].recorded;
                line(&format!("sent to {name}"), since(&given, |g| g.sent, to));
                line(&format!("insert (before the commit) to {name}"), since(&given, inserted, to));
                if given.iter().all(|g| g.committed.is_some()) {
                    let committed = |g: &Given| g.committed.expect("it was");
                    line(&format!("commit to {name}"), since(&given, committed, to));
                }
            }
        } else {
            println!("not everything arrived in time: the roles are behind for good at this rate");
        }
    }
}

/// When positions were first seen, and where.
struct Watched {
    numbered: Track,
    folded: Track,
    heard: Track,
}

/// Milliseconds between two moments of each command; what came before its beginning was soon enough.
fn since(
    given: &[Given],
    from: impl Fn(&Given) -> DateTime<Utc>,
    to: impl Fn(&Given) -> DateTime<Utc>,
) -> Vec<f64> {
    given.iter().map(|g| ((to(g) - from(g)).as_seconds_f64() * 1_000.0).max(0.0)).collect()
}

fn head(what: &str) {
    println!("\n{what:<48}   median     99 %    worst   ms");
}

fn line(what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!("{what:<48} {:>8.2} {:>8.2} {:>8.2}", at(50), at(99), at(100));
}

fn load_average() -> String {
    let said = std::fs::read_to_string("/proc/loadavg").expect("Linux");
    said.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// Waits until every role is ready.
async fn ready(roles: &[Role], token: &Arc<str>) {
    for role in roles {
        let asker = role.asker(token.clone());
        while !asker.get("/readyz").await.0.is_success() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// People apply; answers their applications.
async fn applied(api: &Asker, count: usize) -> Vec<uuid::Uuid> {
    let job = api.open_job().await;
    let applying: Vec<_> = (0..APPLYING)
        .map(|client| {
            let (api, job) = (api.clone(), job.clone());
            tokio::spawn(async move {
                let mut ids: Vec<uuid::Uuid> = Vec::new();
                for n in (client..count).step_by(APPLYING) {
                    ids.push(api.applied(&job, &Person::nth(n)).await.parse().expect("an id"));
                }
                ids
            })
        })
        .collect();
    let mut ids = Vec::new();
    for client in applying {
        ids.extend(client.await.expect("a client"));
    }
    ids
}

/// Waits until the scorers have handled everything.
async fn scored(scorers: &Role) {
    let lag = "hiresphere_subscription_lag_seconds{subscription=\"scorers\"} ";
    loop {
        let url = format!("http://{}/metrics", scorers.address());
        let told = reqwest::get(url).await.expect("an answer").text().await.expect("text");
        if told.lines().any(|line| line.strip_prefix(lag) == Some("0")) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
