//! People apply and follow the live feed while every fault of the matrix is done, one after another; then the whole
//! history is checked.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::history::{Expected, Trail};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::cluster::{Cluster, Servers};
use super::faults::{MATRIX, soon, strike};
use super::load::feed::{Follower, Heard};
use super::load::people::Person;
use super::load::{Asker, size};

/// People who apply at once.
const CLIENTS: usize = 4;

/// People who apply, as many as they are let, and what is known of their applications.
pub(crate) struct Load {
    asker: Asker,
    job: String,
    permits: Arc<Semaphore>,
    granted: usize,
    /// Of each time they are let.
    share: usize,
    /// Applications accepted so far.
    accepted: watch::Sender<Vec<String>>,
    clients: JoinSet<usize>,
    /// Events that the follower heard.
    heard: watch::Receiver<u64>,
}

/// Applies for each permit; answers how often it was refused because the database was away.
async fn applies(
    asker: Asker,
    job: String,
    permits: Arc<Semaphore>,
    numbers: Arc<std::sync::atomic::AtomicUsize>,
    accepted: watch::Sender<Vec<String>>,
) -> usize {
    let mut refused = 0;
    while let Ok(permit) = permits.acquire().await {
        permit.forget();
        let person = Person::nth(numbers.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
        let id = loop {
            let (status, answer) = asker.apply(&job, &person).await;
            if status == 202 {
                break answer["id"].as_str().expect("an id").to_owned();
            }
            // The same again, under the same key.
            assert_eq!((status.as_u16(), &answer["code"]), (503, &"DATABASE_UNAVAILABLE".into()));
            refused += 1;
        };
        accepted.send_modify(|all| all.push(id));
    }
    refused
}

impl Load {
    fn start(asker: &Asker, job: &str, share: usize, heard: watch::Receiver<u64>) -> Self {
        let (permits, accepted) = (Arc::new(Semaphore::new(0)), watch::Sender::default());
        let numbers = Arc::default();
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (asker, job) = (asker.clone(), job.to_owned());
            let (permits, numbers) = (permits.clone(), Arc::clone(&numbers));
            clients.spawn(applies(asker, job, permits, numbers, accepted.clone()));
        }
        let (asker, job) = (asker.clone(), job.to_owned());
        Self { asker, job, permits, granted: 0, share, accepted, clients, heard }
    }

    /// Lets people apply.
    pub(crate) fn apply_more(&mut self) {
        self.permits.add_permits(self.share);
        self.granted += self.share;
    }

    /// Applications that people were let to make and that have no score yet.
    pub(crate) async fn open(&self, servers: &Servers) -> i64 {
        let sql = "SELECT count(*) FROM hiresphere.events JOIN hiresphere.positions USING (seq) \
                   WHERE event_type = 'application.score_recorded.v1'";
        i64::try_from(self.granted).expect("a number") - servers.count(sql).await
    }

    /// All of them have a score, but for so many.
    pub(crate) async fn is_scored(&self, servers: &Servers, but: i64) {
        soon("scores", || async { self.open(servers).await <= but }).await;
    }

    /// What was submitted is scored, though nobody can submit more.
    pub(crate) async fn what_came_in_is_scored(&self, servers: &Servers) {
        let open = "SELECT count(*) FILTER (WHERE event_type = 'application.submitted.v1') \
                    - count(*) FILTER (WHERE event_type = 'application.score_recorded.v1') \
                    FROM hiresphere.events";
        soon("scores", || async { servers.count(open).await == 0 }).await;
    }

    /// The read models hold what the feed has told: with a page that waits for them.
    pub(crate) async fn is_shown(&self) {
        let at = *self.heard.borrow();
        let page = format!("/v1/jobs/{}/pool?limit=1&min_position={at}", self.job);
        soon("the read models", || async { self.asker.get(&page).await.0 == 200 }).await;
    }

    /// While the bus is away people apply, are scored and are told, for as long as is asked.
    pub(crate) async fn while_away(&mut self, servers: &Servers) {
        let away = Duration::from_secs(size("HIRESPHERE_BUS_AWAY_SECONDS", 0) as u64);
        let (since, before) = (Instant::now(), self.granted);
        loop {
            self.apply_more();
            self.is_told(servers).await;
            if since.elapsed() >= away {
                break;
            }
        }
        let (made, took) = (self.granted - before, since.elapsed().as_secs_f64());
        println!(
            "the bus was away for {took:.1} s: {made} applied, were scored and told meanwhile"
        );
    }

    /// Whether there is time for a claim to run out.
    pub(crate) fn takes_over(&self) -> bool {
        size("HIRESPHERE_ROUNDS", 0) > 0
    }

    /// All of it is scored, and the feed has told everything.
    async fn is_told(&self, servers: &Servers) {
        self.is_scored(servers, 0).await;
        let head = servers.count("SELECT head FROM hiresphere.head").await.unsigned_abs();
        soon("the feed", || async { *self.heard.borrow() >= head }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_done_to_whomever_nothing_is_lost_doubled_or_out_of_order() {
    // All of them, or those of one sort: `HIRESPHERE_FAULT=KillBus`.
    let only = std::env::var("HIRESPHERE_FAULT").unwrap_or_default();
    let rounds = (0..size("HIRESPHERE_ROUNDS", 1)).flat_map(|_| MATRIX);
    let faults: Vec<_> = rounds.filter(|fault| format!("{fault:?}").starts_with(&only)).collect();
    // Twice for each fault: some before, some meanwhile.
    let share = size("HIRESPHERE_APPLICATIONS", 0).div_ceil(faults.len() * 2).max(1);
    let started = Instant::now();
    let mut cluster = Cluster::start().await;
    let token = cluster.servers.run(&["token", "issue", "--role", "admin"]).await;
    let token: Arc<str> = token.trim().into();
    let asker = Asker::at(cluster.api.subscribe(), token.clone());
    let job = asker.open_job().await;
    let heard = watch::Sender::new(0_u64);
    let (until, scores) = watch::channel(usize::MAX);
    let following = Follower::at(cluster.feed.subscribe(), token);
    let following = tokio::spawn(following.until(scores, vec![], heard.clone()));
    let mut load = Load::start(&asker, &job, share, heard.subscribe());
    println!("up after {:.1} s", started.elapsed().as_secs_f64());
    for fault in &faults {
        let since = Instant::now();
        load.apply_more();
        let told = *load.heard.borrow();
        let moved = load.heard.wait_for(|now| *now > told);
        assert!(
            tokio::time::timeout(Duration::from_secs(60), moved).await.is_ok(),
            "before {fault:?}"
        );
        strike(&mut cluster, *fault, &mut load).await;
        load.apply_more();
        load.is_told(&cluster.servers).await;
        println!("{fault:?}: {:.1} s", since.elapsed().as_secs_f64());
    }
    let applications = load.granted;
    load.permits.close();
    let mut refused = 0;
    while let Some(times) = load.clients.join_next().await {
        refused += times.expect("a client");
    }
    let accepted: BTreeSet<String> = load.accepted.borrow().iter().cloned().collect();
    assert_eq!(accepted.len(), applications, "each answered with an application of its own");
    load.is_shown().await;
    // One more ends the follower.
    until.send_replace(applications + 1);
    asker.applied(&job, &Person::nth(applications)).await;
    let heard = following.await.expect("a follower");
    cluster.set_clocks(|_, _| 0);
    check(&cluster.servers, &accepted, &heard).await;
    cluster.end().await;
    println!(
        "{} applications, {} faults: {refused} refused and tried again, feed cut off {} times, {:.1} s",
        accepted.len() + 1,
        faults.len(),
        heard.cut_off,
        started.elapsed().as_secs_f64()
    );
}

/// The whole history, and that what is shown of it is what comes of it.
async fn check(servers: &Servers, accepted: &BTreeSet<String>, heard: &Heard) {
    let mut told = Trail::default();
    heard.told.iter().for_each(|event| told.add(event.id.as_u128()));
    let settled =
        "SELECT (SELECT count(*) FROM hiresphere.unsequenced) + (SELECT head FROM hiresphere.head)";
    let all = i64::try_from(told.at).expect("a number");
    assert_eq!(servers.count(settled).await, all, "the score that ended it is the last event");
    let relayed = "SELECT position FROM hiresphere.checkpoints WHERE subscription = 'relay'";
    soon("the bus", || async { servers.count(relayed).await == all }).await;
    let noticed = "SELECT position FROM hiresphere.checkpoints WHERE subscription = 'notifier'";
    soon("the notifier", || async { servers.count(noticed).await == all }).await;
    let mut expected = Expected::default();
    expected.follower("the feed", told);
    for id in accepted {
        expected.at_least(format!("application-{id}"), 2);
    }
    for (kind, what) in [("submitted", "is submitted"), ("score_recorded", "is scored")] {
        expected.none(
            format!("each application {what} once"),
            format!(
                "SELECT count(*) FROM (SELECT FROM hiresphere.events WHERE aggregate_type = 'application' \
                 GROUP BY aggregate_id \
                 HAVING count(*) FILTER (WHERE event_type = 'application.{kind}.v1') <> 1) x"
            ),
        );
    }
    let more = accepted.len() + 1;
    let applications = "FROM hiresphere.events WHERE aggregate_type = 'application'";
    expected.none(
        "nobody applied twice",
        format!("SELECT count(DISTINCT aggregate_id) - {more} {applications}"),
    );
    expected.none(
        "whoever applied was told so",
        "SELECT count(*) FROM hiresphere.events e WHERE event_type = 'application.submitted.v1' AND NOT EXISTS \
         (SELECT FROM hiresphere.effects WHERE effect LIKE 'notice:' || e.event_id || ':%')",
    );
    expected.none("nothing is parked", "SELECT count(*) FROM hiresphere.parked");
    let report = expected.check(&servers.url, Some(&servers.nats.url())).await;
    println!("{report}");
    report.is_clean();
    let rebuilt: Value = serde_json::from_str(&servers.run(&["rebuild", "--json"]).await).unwrap();
    assert_eq!(rebuilt["equal"], true, "{rebuilt}");
}
