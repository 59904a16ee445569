//! A log on PostgreSQL, a bus, and several processes that work on one subscription.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::ids::{JobId, StreamId};
use event_log::distributed::{self, Settings};
use event_log::jetstream::{JetStream, JetStreamBus, Options, Relay, STREAM};
use event_log::postgres::{PostgresLog, Sequencer};
use event_log::subscribe::{Handler, HandlerError, Subscription};
use event_log::{Log, LogError, Recorded};
use tempfile::TempDir;
use testkit::servers::{Database, Nats};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::support::{append, event, soon};

/// The servers and the roles that run besides the workers.
pub(crate) struct Shared {
    pub(crate) nats: Nats,
    /// For appending and looking.
    pub(crate) log: Log,
    pub(crate) postgres: Arc<PostgresLog>,
    settings: Settings,
    options: Options,
    _roles: watch::Sender<bool>,
    #[allow(dead_code, reason = "gone with it")]
    database: Option<Database>,
    _folder: TempDir,
}

impl Shared {
    pub(crate) async fn new(patience: Duration) -> Self {
        let database = Database::make().await;
        let url = database.url().to_owned();
        Self { database: Some(database), ..Self::at(url, patience).await }
    }

    /// In a database that is somebody else's.
    pub(crate) async fn at(url: String, patience: Duration) -> Self {
        let nats = Nats::start();
        let folder = tempfile::tempdir().unwrap();
        distributed::migrate(&url, None).await.unwrap();
        let settings = Settings {
            database_url: url.clone(),
            keys_url: None,
            documents_url: format!("file://{}", folder.path().display()),
            master: zeroize::Zeroizing::new([7; 32]),
        };
        let (log, postgres) = distributed::open(&settings).await.unwrap();
        let options = Options { patience, ..Options::new(nats.url()) };
        let (roles, stop) = watch::channel(false);
        let sequencer = Sequencer::connect(&url).await.unwrap();
        tokio::spawn(sequencer.run(stop.clone(), |_| {}));
        let bus = JetStream::connect(options.clone(), postgres.identity()).await.unwrap();
        let relay = Relay::new(bus, log.store.clone(), log.subscriptions.clone());
        tokio::spawn(relay.run(stop));
        Self {
            nats,
            log,
            postgres,
            settings,
            options,
            _roles: roles,
            database: None,
            _folder: folder,
        }
    }

    /// The database, for a superuser.
    pub(crate) fn url(&self) -> &str {
        &self.settings.database_url
    }

    /// Waits until the bus is as far as this.
    pub(crate) async fn bus_reaches(&self, position: u64) {
        let bus = async_nats::connect(self.nats.url()).await.unwrap();
        let context = async_nats::jetstream::new(bus);
        soon("the bus to have all", || async {
            let Ok(stream) = context.get_stream(STREAM).await else { return false };
            stream.cached_info().state.last_sequence == position
        })
        .await;
    }

    /// The log as another process has it.
    pub(crate) async fn process(&self) -> Log {
        let (mut log, postgres) = distributed::open(&self.settings).await.unwrap();
        let bus = JetStream::connect(self.options.clone(), postgres.identity()).await.unwrap();
        log.bus = Arc::new(JetStreamBus::new(bus, log.store.clone()).with_claims(postgres));
        log
    }

    /// A worker in a process of its own.
    pub(crate) async fn worker(&self, notes: &Arc<Notes>, in_flight: usize) -> Worker {
        let subscription = Subscription::new(self.process().await, notes.clone(), in_flight);
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(async move { subscription.run(stopped).await });
        Worker { stop, task }
    }

    /// Appends so many events to each of so many streams, in turns; answers the last position.
    pub(crate) async fn fill(&self, streams: u128, each: usize) -> u64 {
        for _ in 0..each {
            for n in 1..=streams {
                self.append_to(n).await;
            }
        }
        self.settled().await
    }

    pub(crate) async fn append_to(&self, n: u128) {
        let version = self.log.store.read_stream(stream(n), 0).await.unwrap().len() as u64;
        append(&self.log, stream(n), version, vec![event(&self.log)]).await;
    }

    /// Waits until everything has its position; answers the last.
    pub(crate) async fn settled(&self) -> u64 {
        let sql = "SELECT NOT EXISTS (SELECT FROM unsequenced)";
        soon("positions", || async {
            sqlx::query_scalar(sql).fetch_one(self.postgres.pool()).await.unwrap()
        })
        .await;
        self.log.store.head().await.unwrap()
    }

    /// Waits until the subscription's checkpoint is at a position.
    pub(crate) async fn checkpoint(&self, position: u64) {
        soon("the checkpoint", || async {
            let at = self.log.subscriptions.checkpoint("notes").await.unwrap();
            assert!(at <= position, "the checkpoint is at {at}");
            at == position
        })
        .await;
    }

    /// The positions that are parked.
    pub(crate) async fn parked(&self) -> Vec<u64> {
        let parked = self.log.subscriptions.parked("notes").await.unwrap();
        parked.into_iter().map(|parked| parked.position).collect()
    }

    /// Waits until so many events are parked.
    pub(crate) async fn parks(&self, count: usize) {
        soon("the park", || async { self.parked().await.len() == count }).await;
    }
}

pub(crate) fn stream(n: u128) -> StreamId {
    JobId(Uuid::from_u128(n)).stream()
}

/// A worker that runs until it is told to stop.
pub(crate) struct Worker {
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), LogError>>,
}

impl Worker {
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap().unwrap();
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&self) {
        self.task.abort();
    }
}

/// Notes what it is given, and sees that no stream is worked on twice at once.
pub(crate) struct Notes {
    seen: Mutex<Vec<(StreamId, u64)>>,
    at_work: Mutex<HashSet<StreamId>>,
    tries: Mutex<HashMap<u64, u32>>,
    /// Positions it parks.
    pub(crate) refuses: Mutex<HashSet<u64>>,
    /// Positions it fails at, so many times.
    pub(crate) fails: Mutex<HashMap<u64, u32>>,
    /// Positions at which the machine fails, so many times.
    pub(crate) machine: Mutex<HashMap<u64, u32>>,
    /// How long it takes at a position.
    pub(crate) slow: Mutex<HashMap<u64, Duration>>,
    /// What it needs for every event.
    pub(crate) gate: Semaphore,
}

impl Notes {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            seen: Mutex::default(),
            at_work: Mutex::default(),
            tries: Mutex::default(),
            refuses: Mutex::default(),
            fails: Mutex::default(),
            machine: Mutex::default(),
            slow: Mutex::default(),
            gate: Semaphore::new(1_000_000),
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(crate) fn working(&self) -> usize {
        self.at_work.lock().unwrap().len()
    }

    pub(crate) fn tries(&self, position: u64) -> u32 {
        self.tries.lock().unwrap().get(&position).copied().unwrap_or(0)
    }

    pub(crate) fn of(&self, stream: StreamId) -> Vec<u64> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(s, _)| *s == stream).map(|(_, version)| *version).collect()
    }

    /// Asserts that it has seen so many streams with so many events each, once and in order.
    pub(crate) fn complete(&self, streams: u128, each: u64) {
        for n in 1..=streams {
            assert_eq!(self.of(stream(n)), (1..=each).collect::<Vec<_>>(), "stream {n}");
        }
    }
}

/// Takes the note that a stream is being worked on away, however that ends.
struct AtWork<'a>(&'a Notes, StreamId);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.at_work.lock().unwrap().remove(&self.1);
    }
}

fn takes_one(from: &Mutex<HashMap<u64, u32>>, position: u64) -> bool {
    match from.lock().unwrap().get_mut(&position) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    }
}

#[async_trait]
impl Handler for Notes {
    fn name(&self) -> &'static str {
        "notes"
    }

    fn wants(&self, kind: &str) -> bool {
        kind == "job.paused.v1"
    }

    async fn handle(&self, event: &Recorded) -> Result<(), HandlerError> {
        assert!(self.at_work.lock().unwrap().insert(event.stream), "two at once: {event:?}");
        let _at_work = AtWork(self, event.stream);
        *self.tries.lock().unwrap().entry(event.position).or_default() += 1;
        self.gate.acquire().await.unwrap().forget();
        let slow = self.slow.lock().unwrap().get(&event.position).copied();
        if let Some(slow) = slow {
            tokio::time::sleep(slow).await;
        }
        if self.refuses.lock().unwrap().contains(&event.position) {
            return Err(HandlerError::Park("cannot".into()));
        }
        if takes_one(&self.fails, event.position) {
            return Err(HandlerError::Retry("not now".into()));
        }
        if takes_one(&self.machine, event.position) {
            return Err(HandlerError::Log(LogError::Unavailable("for a moment".into())));
        }
        self.seen.lock().unwrap().push((event.stream, event.version));
        Ok(())
    }
}
