//! A long history under faults, and then all of it is checked.
//!
//! By hand, at full size: `HIRESPHERE_EVENTS=1000000 scripts/servers.sh cargo nextest run --profile by-hand --release
//! -p hiresphere-event-log --test jetstream --no-capture a_long_history`

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::ids::StreamId;
use event_log::distributed;
use event_log::jetstream::{JetStream, JetStreamBus, Options, Relay, STREAM};
use event_log::ports::{Append, AppendError, Bus as _, Idempotency};
use event_log::postgres::{PostgresLog, Sequencer};
use event_log::subscribe::{Handler, HandlerError, Subscription};
use event_log::{Log, NewEvent, Recorded};
use testkit::history::{Expected, Trail};
use testkit::servers::{Nats, Postgres, Torn};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use super::shared::stream;
use super::support::{event, size, within};

const WRITERS: u128 = 32;
/// Events of one append.
const BATCH: usize = 20;
/// Events of one stream, after which its writer begins another.
const STREAM_LENGTH: u64 = 400;
/// One append in so many begins with an event that somebody answers.
const ASKS: u64 = 10;
/// How long anything may take: a bus of a million events is made anew in a minute.
const PATIENCE: Duration = Duration::from_secs(600);

/// What is done to the servers and to whoever works between them, one after another.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// The sequencer at work dies.
    KillSequencer,
    /// Its lease is given away while it goes on: two at once.
    TwoSequencers,
    KillRelay,
    KillWorker,
    KillPostgres,
    FreezePostgres,
    KillBus,
    FreezeBus,
    WipeBus,
    TearMessages,
    TearEverything,
}

const FAULTS: [Fault; 11] = [
    Fault::KillSequencer,
    Fault::TearMessages,
    Fault::KillRelay,
    Fault::KillPostgres,
    Fault::WipeBus,
    Fault::TwoSequencers,
    Fault::FreezeBus,
    Fault::KillWorker,
    Fault::TearEverything,
    Fault::FreezePostgres,
    Fault::KillBus,
];

/// Answers every question with an event of its own, under a key named after the question.
struct Answers(Log);

#[async_trait]
impl Handler for Answers {
    fn name(&self) -> &'static str {
        "answers"
    }

    fn wants(&self, kind: &str) -> bool {
        kind == "job.closed.v1"
    }

    async fn handle(&self, question: &Recorded) -> Result<(), HandlerError> {
        let stream = StreamId::new(domain::ids::StreamKind::Application, question.stream.id);
        loop {
            let version = self.0.store.read_stream(stream, 0).await?.len() as u64;
            let mut answer = event(&self.0);
            answer.kind = "application.withdrawn.v1".into();
            answer.causation_id = Some(question.event_id);
            let key = format!("answers:{}", question.event_id);
            let append = append(stream, version, vec![answer], key);
            match self.0.store.append(append).await {
                Ok(_) | Err(AppendError::Repeated(_)) => return Ok(()),
                Err(AppendError::StaleVersion { .. }) => {}
                Err(AppendError::Log(error)) => return Err(error.into()),
                Err(other) => return Err(HandlerError::Park(other.to_string())),
            }
        }
    }
}

fn append(stream: StreamId, expected_version: u64, events: Vec<NewEvent>, key: String) -> Append {
    let idempotency = Some(Idempotency { key, fingerprint: String::new() });
    Append { stream, expected_version, events, reservations: vec![], idempotency }
}

/// Somebody who works until they are killed.
struct Role(JoinHandle<()>);

impl Drop for Role {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The servers, and who works between them.
struct Soak {
    url: String,
    postgres: Postgres,
    nats: Nats,
    options: Options,
    log: Log,
    store: Arc<PostgresLog>,
    stop: watch::Sender<bool>,
    sequencers: Vec<Role>,
    relays: Vec<Role>,
    workers: Vec<Role>,
    _folder: tempfile::TempDir,
    settings: distributed::Settings,
}

impl Soak {
    async fn start(events: u64) -> Self {
        let (postgres, nats) = (Postgres::start(), Nats::start());
        let url = postgres.database().await;
        distributed::migrate(&url, None).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let settings = distributed::Settings {
            database_url: url.clone(),
            keys_url: None,
            documents_url: format!("file://{}", folder.path().display()),
            master: zeroize::Zeroizing::new([7; 32]),
        };
        let (log, store) = distributed::open(&settings).await.unwrap();
        // All of it stays on the bus, so that all of it can be compared.
        let options = Options {
            keep: events * 2,
            patience: Duration::from_secs(5),
            ..Options::new(nats.url())
        };
        let mut soak = Self {
            url,
            postgres,
            nats,
            options,
            log,
            store,
            stop: watch::Sender::new(false),
            sequencers: vec![],
            relays: vec![],
            workers: vec![],
            _folder: folder,
            settings,
        };
        for _ in 0..2 {
            soak.sequencer().await;
            soak.relay().await;
            soak.worker().await;
        }
        soak
    }

    async fn sequencer(&mut self) {
        let sequencer = Sequencer::connect(&self.url).await.unwrap();
        let stop = self.stop.subscribe();
        self.sequencers.push(Role(tokio::spawn(async move { sequencer.run(stop, |_| {}).await })));
    }

    async fn bus(&self) -> JetStream {
        JetStream::connect(self.options.clone(), self.store.identity()).await.unwrap()
    }

    /// A relay without a lease: both are at work.
    async fn relay(&mut self) {
        let (store, subscriptions) = (self.log.store.clone(), self.log.subscriptions.clone());
        let relay = Relay::new(self.bus().await, store, subscriptions);
        let stop = self.stop.subscribe();
        self.relays.push(Role(tokio::spawn(relay.run(stop))));
    }

    async fn worker(&mut self) {
        let (mut log, postgres) = distributed::open(&self.settings).await.unwrap();
        let bus = JetStreamBus::new(self.bus().await, log.store.clone());
        log.bus = Arc::new(bus.with_claims(postgres));
        let subscription = Subscription::new(log.clone(), Arc::new(Answers(log)), 8);
        let stop = self.stop.subscribe();
        self.workers.push(Role(tokio::spawn(async move {
            subscription.run(stop).await.unwrap();
        })));
    }

    /// Somebody who follows, and hangs up and comes back after so many events.
    async fn follower(&self, hang_up: u64) -> watch::Receiver<Trail> {
        let bus = JetStreamBus::new(self.bus().await, self.log.store.clone());
        let (told, seen) = watch::channel(Trail::default());
        tokio::spawn(async move {
            let mut trail = Trail::default();
            loop {
                let (from, mut feed) = (trail.at, bus.follow(trail.at).await.unwrap());
                while trail.at - from < hang_up {
                    // A failure of the log: back again from the same place.
                    let Ok(events) = feed.next().await else { break };
                    for event in events {
                        assert_eq!(event.position, trail.at + 1, "neither a gap nor a double");
                        trail.add(event.event_id.0.as_u128());
                    }
                    if told.send(trail).is_err() {
                        return;
                    }
                }
            }
        });
        seen
    }

    /// Does it while people write, and mends it.
    async fn strike(&mut self, fault: Fault, load: &mut Load) {
        match fault {
            Fault::KillSequencer => {
                // Both: whichever is at work, others take over when the lease has run out.
                self.sequencers.clear();
                self.sequencer().await;
                self.sequencer().await;
            }
            Fault::TwoSequencers => {
                let given_away = "UPDATE hiresphere.leases SET until = now() - interval '1 minute'";
                let owner = sqlx::PgPool::connect(&self.url).await.unwrap();
                sqlx::query(given_away).execute(&owner).await.unwrap();
            }
            Fault::KillRelay => {
                self.relays.remove(0);
                self.relay().await;
            }
            Fault::KillWorker => {
                self.workers.remove(0);
                self.worker().await;
            }
            Fault::KillPostgres => {
                self.postgres.kill();
                self.postgres.restart();
            }
            Fault::FreezePostgres => {
                self.postgres.freeze_all();
                let asked = sqlx::PgPool::connect(&self.url);
                let asked = tokio::time::timeout(Duration::from_secs(1), asked).await;
                assert!(asked.is_err(), "it is frozen");
                self.postgres.thaw();
            }
            Fault::KillBus => {
                self.nats.kill();
                load.goes_on().await;
                self.nats.restart();
            }
            Fault::FreezeBus => {
                self.nats.freeze();
                load.goes_on().await;
                self.nats.thaw();
            }
            Fault::WipeBus => self.nats.wipe(),
            Fault::TearMessages => self.tear(Torn::Messages).await,
            Fault::TearEverything => self.tear(Torn::Everything).await,
        }
    }

    /// Tears the bus's store, once it is made anew after what was done to it before.
    async fn tear(&mut self, what: Torn) {
        let bus = self.bus().await;
        within(PATIENCE, "the bus to hold something", || async {
            let Ok(mut stream) = bus.context().get_stream(STREAM).await else { return false };
            stream.info().await.is_ok_and(|info| info.state.messages > 0)
        })
        .await;
        assert!(self.nats.tear(what) > 0, "{what:?}");
    }
}

/// What writers may write, what was acknowledged to them, and who is told of it.
struct Load {
    permits: Arc<Semaphore>,
    /// Events that may have been written so far.
    granted: u64,
    acknowledged: watch::Sender<u64>,
    told: watch::Receiver<Trail>,
}

impl Load {
    fn grant(&mut self, batches: u64) {
        self.permits.add_permits(usize::try_from(batches).unwrap());
        self.granted += batches * BATCH as u64;
    }

    /// More is written and told, whatever is away.
    async fn goes_on(&mut self) {
        let before = self.granted;
        self.grant(WRITERS as u64);
        reaches(&self.told, "more while it is away", |told| told.at > before).await;
    }

    /// All that may be written was acknowledged, and told.
    async fn is_done(&self, fault: Fault) {
        let (all, mut acknowledged) = (self.granted, self.acknowledged.subscribe());
        let waited = tokio::time::timeout(PATIENCE, acknowledged.wait_for(|at| *at >= all)).await;
        assert!(waited.is_ok(), "{fault:?}: {all} granted, {:?} acknowledged", self.acknowledged);
        reaches(&self.told, "all of it", |told| told.at >= all).await;
    }
}

/// Waits for what somebody was told.
async fn reaches(told: &watch::Receiver<Trail>, what: &str, so: impl Fn(&Trail) -> bool) {
    let mut told = told.clone();
    let at = told.borrow().at;
    let waited = tokio::time::timeout(PATIENCE, told.wait_for(|told| so(told))).await;
    assert!(matches!(waited, Ok(Ok(_))), "waited in vain for {what}, from {at} on");
}

/// What was acknowledged to a writer: its streams, its questions, and how often it was refused.
#[derive(Default)]
struct Written {
    streams: HashMap<StreamId, Trail>,
    questions: u64,
    refused: u64,
}

/// Writes a batch for each permit, until there are no more.
async fn write(
    n: u128,
    log: Log,
    permits: Arc<Semaphore>,
    acknowledged: watch::Sender<u64>,
) -> Written {
    let mut written = Written::default();
    let (mut own, mut batches) = (n, 0);
    while let Ok(permit) = permits.acquire().await {
        permit.forget();
        let trail = *written.streams.entry(stream(own)).or_default();
        let mut events: Vec<_> = (0..BATCH).map(|_| event(&log)).collect();
        if batches % ASKS == 0 {
            events[0].kind = "job.closed.v1".into();
            written.questions += 1;
        }
        let next = append(stream(own), trail.at, events.clone(), format!("{own}-{}", trail.at));
        loop {
            match log.store.append(next.clone()).await {
                // The same command again, under its key: it answers what the first did.
                Ok(_) | Err(AppendError::Repeated(_)) => break,
                Err(AppendError::Log(error)) => {
                    assert_eq!(error.code(), "DATABASE_UNAVAILABLE", "{error}");
                    written.refused += 1;
                    tokio::task::yield_now().await;
                }
                Err(other) => panic!("{other}"),
            }
        }
        let trail = written.streams.entry(stream(own)).or_default();
        events.iter().for_each(|event| trail.add(event.event_id.0.as_u128()));
        if trail.at >= STREAM_LENGTH {
            own += WRITERS;
        }
        batches += 1;
        acknowledged.send_modify(|events| *events += BATCH as u64);
    }
    written
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_under_faults_is_whole() {
    let events = size("HIRESPHERE_EVENTS", 3_300);
    let rounds = size("HIRESPHERE_ROUNDS", 1);
    let mut soak = Soak::start(events).await;
    let (first, second) = (soak.follower(u64::MAX).await, soak.follower(events / 20 + 1).await);
    let mut load = Load {
        permits: Arc::new(Semaphore::new(0)),
        granted: 0,
        acknowledged: watch::Sender::new(0),
        told: first.clone(),
    };
    let writers: Vec<_> = (1..=WRITERS)
        .map(|n| {
            let (log, permits) = (soak.log.clone(), load.permits.clone());
            tokio::spawn(write(n, log, permits, load.acknowledged.clone()))
        })
        .collect();
    let faults: Vec<Fault> = (0..rounds).flat_map(|_| FAULTS).collect();
    // Each fault comes while its share of the events is being written.
    let share = (events / BATCH as u64).div_ceil(faults.len() as u64).max(4);
    let started = Instant::now();
    for fault in &faults {
        let before = load.granted;
        load.grant(share / 2);
        reaches(&first, "the load", |told| told.at > before).await;
        load.grant(share - share / 2);
        soak.strike(*fault, &mut load).await;
        load.is_done(*fault).await;
        let at = started.elapsed().as_secs_f64();
        println!("{fault:?}: {} written and told, {at:.1} s", load.granted);
    }
    load.permits.close();
    let mut expected = Expected::default();
    let (mut questions, mut refused) = (0, 0);
    for writer in writers {
        let written = writer.await.unwrap();
        questions += written.questions;
        refused += written.refused;
        for (stream, trail) in written.streams {
            expected.stream(stream.to_string(), trail);
        }
    }
    let written = started.elapsed();
    let all = load.granted + questions;
    for told in [&first, &second] {
        reaches(told, "the answers, too", |told| told.at >= all).await;
    }
    let bus = soak.bus().await;
    within(PATIENCE, "the bus to have all", || async {
        let Ok(mut stream) = bus.context().get_stream(STREAM).await else { return false };
        stream.info().await.is_ok_and(|info| info.state.last_sequence == all)
    })
    .await;
    let settled = started.elapsed();
    expected.follower("the follower", *first.borrow());
    expected.follower("the follower who hung up", *second.borrow());
    expected.none(
        "as many answers as questions",
        format!(
            "SELECT {questions} - count(*) FROM hiresphere.events \
             WHERE event_type = 'application.withdrawn.v1'"
        ),
    );
    let report = expected.check(&soak.url, Some(&soak.nats.url())).await;
    let checked = started.elapsed();
    println!(
        "{} faults, {refused} appends refused and tried again; written in {:.1} s, settled after {:.1} s, \
         checked in {:.1} s\n{report}",
        faults.len(),
        written.as_secs_f64(),
        settled.as_secs_f64(),
        (checked - settled).as_secs_f64()
    );
    assert_eq!(report.events, all);
    report.is_clean();
    soak.stop.send_replace(true);
}
