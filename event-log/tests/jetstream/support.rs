//! A log, a bus and somebody who follows and counts.

use std::future::Future;
use std::time::Duration;

use domain::actor::{Actor, ActorKind};
use domain::ids::{CommandId, EventId, JobId, StreamId};
use event_log::folder::Folder;
use event_log::jetstream::{JetStream, JetStreamBus, Options, Relay, STREAM, Step, decode, source};
use event_log::ports::{Append, Bus as _};
use event_log::{Log, NewEvent, Recorded};
use tempfile::TempDir;
use testkit::servers::Nats;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// How long anything may take here.
const PATIENCE: Duration = Duration::from_secs(60);

/// A log in a folder of its own.
pub(crate) struct Own {
    pub(crate) log: Log,
    pub(crate) identity: Uuid,
    _held: Folder,
    _folder: TempDir,
}

impl Own {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (held, log) = Folder::open(folder.path()).await.unwrap();
        Self { log, identity: Uuid::now_v7(), _held: held, _folder: folder }
    }

    /// Appends so many events to a stream, more than one at a time.
    pub(crate) async fn fill(&self, stream: u128, events: usize) {
        let stream = JobId(Uuid::from_u128(stream)).stream();
        let mut version = self.log.store.read_stream(stream, 0).await.unwrap().len() as u64;
        let mut left = events;
        while left > 0 {
            let now = left.min(100);
            let events = (0..now).map(|_| event(&self.log)).collect();
            version = append(&self.log, stream, version, events).await;
            left -= now;
        }
    }

    pub(crate) async fn head(&self) -> u64 {
        self.log.store.head().await.unwrap()
    }

    /// A connection to the bus of this log.
    pub(crate) async fn bus(&self, nats: &Nats) -> JetStream {
        JetStream::connect(Options::new(nats.url()), self.identity).await.unwrap()
    }

    pub(crate) fn relay(&self, bus: &JetStream) -> Relay {
        Relay::new(bus.clone(), self.log.store.clone(), self.log.subscriptions.clone())
    }

    /// A relay that runs until it is dropped.
    pub(crate) fn relaying(&self, bus: &JetStream) -> Running {
        let (stop, stopped) = watch::channel(false);
        Running { _task: tokio::spawn(self.relay(bus).run(stopped)), _stop: stop }
    }

    /// Somebody who follows over the bus from behind a position and checks what comes.
    pub(crate) async fn follow(&self, bus: &JetStream, after: u64) -> Follower {
        let bus = JetStreamBus::new(bus.clone(), self.log.store.clone());
        let mut feed = bus.follow(after).await.unwrap();
        let (seen, at) = watch::channel(after);
        let store = self.log.store.clone();
        let task = tokio::spawn(async move {
            loop {
                let events = feed.next().await.expect("a feed");
                let first = *seen.borrow();
                let expected = store.read_all(first, events.len() as u32).await.unwrap();
                assert_eq!(events, expected, "neither a gap nor a double behind {first}");
                seen.send_replace(first + events.len() as u64);
            }
        });
        Follower { at, task }
    }

    /// Waits until the bus holds the log, from a position to its end, each event in its place.
    pub(crate) async fn published(&self, bus: &JetStream, from: u64) {
        let head = self.head().await;
        soon("the bus to have all", || async {
            let Ok(mut stream) = bus.context().get_stream(STREAM).await else { return false };
            stream.info().await.is_ok_and(|info| info.state.last_sequence == head)
        })
        .await;
        assert_eq!(
            self.on_bus(bus, from).await,
            self.log.store.read_all(from - 1, 100_000).await.unwrap()
        );
    }

    /// What is on the bus from a position on.
    pub(crate) async fn on_bus(&self, bus: &JetStream, from: u64) -> Vec<Recorded> {
        let stream = bus.context().get_stream(STREAM).await.unwrap();
        let last = stream.cached_info().state.last_sequence;
        let mut events = Vec::new();
        for position in from..=last {
            let message = stream.get_raw_message(position).await.unwrap();
            let source = source(self.identity);
            events.push(decode(&message.headers, &message.payload, &source, position).unwrap());
        }
        events
    }
}

pub(crate) struct Running {
    _task: JoinHandle<()>,
    _stop: watch::Sender<bool>,
}

pub(crate) struct Follower {
    at: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl Follower {
    /// Waits until it has seen everything up to a position, and nothing else.
    pub(crate) async fn reaches(&mut self, position: u64) {
        self.reaches_at_least(position).await;
        assert_eq!(*self.at.borrow(), position);
    }

    /// Waits until it has seen everything up to a position.
    pub(crate) async fn reaches_at_least(&mut self, position: u64) {
        let mut at = self.at.clone();
        let seen = at.wait_for(|at| *at >= position);
        match tokio::time::timeout(PATIENCE, seen).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => panic!("the follower died"),
            Err(_) => panic!("stopped at {}, waiting for {position}", *self.at.borrow()),
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Steps until there is nothing to do.
pub(crate) async fn relay_all(relay: &mut Relay) {
    while relay.step().await.unwrap() != Step::Idle {}
}

/// Asks again until it is so.
pub(crate) async fn soon<F: Future<Output = bool>>(what: &str, so: impl FnMut() -> F) {
    within(PATIENCE, what, so).await;
}

/// As [`soon`], with another bound.
pub(crate) async fn within<F: Future<Output = bool>>(
    patience: Duration,
    what: &str,
    mut so: impl FnMut() -> F,
) {
    let waiting = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(patience, waiting).await.is_ok(), "waited in vain for {what}");
}

/// A size of a test, by the environment.
pub(crate) fn size(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

pub(crate) fn event(log: &Log) -> NewEvent {
    NewEvent {
        event_id: EventId(log.ids.next()),
        kind: "job.paused.v1".into(),
        occurred_at: log.clock.now(),
        actor: Actor::new(ActorKind::Member, "recruiter"),
        command_id: CommandId(log.ids.next()),
        causation_id: None,
        correlation_id: "a test, 100 %".into(),
        traceparent: None,
        key_id: None,
        payload: "{}".into(),
    }
}

/// Appends events; answers the stream's version.
pub(crate) async fn append(
    log: &Log,
    stream: StreamId,
    expected_version: u64,
    events: Vec<NewEvent>,
) -> u64 {
    let append =
        Append { stream, expected_version, events, reservations: vec![], idempotency: None };
    log.store.append(append).await.unwrap().version
}
