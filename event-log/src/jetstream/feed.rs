//! Following the log over the bus: every event behind a position, without a gap or a double.
//!
//! What is there at the start is read from the log; then events come from the bus as they are published.
//! Positions are dense, so whatever goes wrong with the bus shows as a gap, as silence or as a message that
//! is not ours, and is made good from the log.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::pull::{Config, Stream};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer};
use async_trait::async_trait;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::message::{Unfit, decode};
use super::stream::{STREAM, Standing};
use super::{JetStream, pause};
use crate::error::LogError;
use crate::event::Recorded;
use crate::ports::{EventStore, Feed};

/// Events handed over at once, at most.
const BATCH: u32 = 512;
/// How long the bus may be silent while the log has more.
const SILENCE: Duration = Duration::from_secs(1);
/// The server says that it is there, and forgets a consumer that nobody asks for.
const HEARTBEAT: Duration = Duration::from_secs(1);
const FORGOTTEN: Duration = Duration::from_secs(30);

type Attaching = Pin<Box<dyn Future<Output = Result<Stream, LogError>> + Send>>;

/// Starts following behind a position.
pub(super) fn start(bus: JetStream, store: Arc<dyn EventStore>, after: u64) -> BusFeed {
    let (events, received) = mpsc::channel(2);
    let head = store.watch();
    let follower =
        Follower { bus, store, head, at: after, behind_since: None, failures: 0, events };
    BusFeed { received, task: tokio::spawn(follower.run()).abort_handle() }
}

/// What follows over the bus. A task of its own follows, so that one who stops waiting loses nothing.
pub(super) struct BusFeed {
    received: mpsc::Receiver<Result<Vec<Recorded>, LogError>>,
    task: AbortHandle,
}

#[async_trait]
impl Feed for BusFeed {
    async fn next(&mut self) -> Result<Vec<Recorded>, LogError> {
        let ended = || LogError::Io { doing: "follow the log", problem: "its writer ended".into() };
        self.received.recv().await.ok_or_else(ended)?
    }
}

impl Drop for BusFeed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Follower {
    bus: JetStream,
    store: Arc<dyn EventStore>,
    head: watch::Receiver<u64>,
    /// Everything up to here was handed over.
    at: u64,
    /// Since when the log has more than came.
    behind_since: Option<Instant>,
    /// Failures of the log in a row.
    failures: u32,
    events: mpsc::Sender<Result<Vec<Recorded>, LogError>>,
}

/// Nobody follows any more, or nobody writes.
struct Over;

/// What the bus sent is not what comes next: read the log.
enum Broken {
    /// The bus goes on to be of use.
    Gap,
    /// It does not.
    Lost(String),
}

impl Follower {
    async fn run(mut self) {
        let mut attempt = 0;
        loop {
            // From the log, while the bus is being reached and as long as it cannot be.
            let attached = match self.read_until_attached(attempt).await {
                Ok(attached) => attached,
                Err(Over) => return,
            };
            match attached {
                Ok(messages) => {
                    let since = Instant::now();
                    let Ok(why) = self.live(messages).await else { return };
                    tracing::debug!(why, at = self.at, "following the log instead of the bus");
                    // A bus that was of use is tried again at once.
                    attempt = if since.elapsed() > SILENCE { 0 } else { attempt + 1 };
                }
                Err(error) => {
                    tracing::debug!(%error, at = self.at, "the bus cannot be followed");
                    attempt += 1;
                }
            }
        }
    }

    async fn read_until_attached(
        &mut self,
        attempt: u32,
    ) -> Result<Result<Stream, LogError>, Over> {
        let mut attaching: Option<Attaching> = None;
        let rest = tokio::time::sleep(if attempt == 0 { Duration::ZERO } else { pause(attempt) });
        tokio::pin!(rest);
        loop {
            self.read_log().await?;
            if attaching.is_none() && rest.is_elapsed() {
                let (bus, store, at) = (self.bus.clone(), self.store.clone(), self.at);
                attaching = Some(Box::pin(async move { attach(&bus, &*store, at).await }));
            }
            tokio::select! {
                changed = self.head.changed() => changed.map_err(|_| Over)?,
                () = &mut rest, if attaching.is_none() => {}
                attached = ready(&mut attaching) => return Ok(attached),
                () = self.events.closed() => return Err(Over),
            }
        }
    }

    /// Follows the bus for as long as it is of use; answers why it no longer is.
    async fn live(&mut self, mut messages: Stream) -> Result<String, Over> {
        let mut lost = self.bus.lost.clone();
        lost.mark_unchanged();
        // What came into the log while the bus was being reached may be older than what the bus keeps.
        self.note_head();
        loop {
            let silence = self.behind_since.map(|since| since + SILENCE);
            tokio::select! {
                next = messages.next() => {
                    let broken = match next {
                        Some(Ok(message)) => self.take(message, &mut messages).await?,
                        Some(Err(error)) => Err(Broken::Lost(error.to_string())),
                        None => Err(Broken::Lost("the bus ended".to_owned())),
                    };
                    match broken {
                        Ok(()) => {}
                        Err(Broken::Gap) => self.read_log().await?,
                        Err(Broken::Lost(why)) => return Ok(why),
                    }
                }
                changed = self.head.changed() => {
                    changed.map_err(|_| Over)?;
                    self.note_head();
                }
                () = at(silence) => {
                    tracing::debug!(at = self.at, "the bus is silent; reading the log");
                    self.read_log().await?;
                }
                _ = lost.changed() => return Ok("the connection was lost".to_owned()),
                () = self.events.closed() => return Err(Over),
            }
        }
    }

    /// Takes a message and what came with it.
    async fn take(
        &mut self,
        first: Message,
        messages: &mut Stream,
    ) -> Result<Result<(), Broken>, Over> {
        let mut batch = Vec::new();
        let mut next = Some(first);
        let mut end = Ok(());
        while let Some(message) = next.take() {
            match self.event(&message) {
                Ok(Some(event)) => {
                    self.at = event.position;
                    batch.push(event);
                }
                Ok(None) => {}
                Err(broken) => {
                    end = Err(broken);
                    break;
                }
            }
            if batch.len() < BATCH as usize {
                next = match messages.next().now_or_never() {
                    Some(Some(Ok(message))) => Some(message),
                    Some(Some(Err(error))) => {
                        end = Err(Broken::Lost(error.to_string()));
                        None
                    }
                    _ => None,
                };
            }
        }
        if !batch.is_empty() {
            self.hand_over(Ok(batch)).await?;
            // It is not silent.
            self.behind_since = None;
            self.note_head();
        }
        Ok(end)
    }

    /// The event that a message is, if it comes next; `None` for one that was handed over before.
    fn event(&self, message: &Message) -> Result<Option<Recorded>, Broken> {
        let lost = |why: String| Broken::Lost(why);
        let info = message.info().map_err(|e| lost(e.to_string()))?;
        let position = info.stream_sequence;
        if position <= self.at {
            return Ok(None);
        }
        if position > self.at + 1 {
            return Err(Broken::Gap);
        }
        let none = async_nats::HeaderMap::new();
        let headers = message.headers.as_ref().unwrap_or(&none);
        match decode(headers, &message.payload, &self.bus.source, position) {
            Ok(event) => Ok(Some(event)),
            Err(Unfit::Omitted) => Err(Broken::Gap),
            Err(unfit) => {
                tracing::warn!(%unfit, position, "the bus holds what is not of this log");
                Err(lost(unfit.to_string()))
            }
        }
    }

    /// Hands over everything that the log has. A failure of the log is told once, and the log asked again until
    /// it answers.
    async fn read_log(&mut self) -> Result<(), Over> {
        loop {
            self.head.mark_unchanged();
            match self.store.read_all(self.at, BATCH).await {
                Ok(batch) => {
                    self.failures = 0;
                    let Some(last) = batch.last() else {
                        self.behind_since = None;
                        return Ok(());
                    };
                    self.at = last.position;
                    self.hand_over(Ok(batch)).await?;
                }
                Err(error) => {
                    self.failures += 1;
                    self.hand_over(Err(error)).await?;
                    tokio::select! {
                        () = tokio::time::sleep(pause(self.failures)) => {}
                        () = self.events.closed() => return Err(Over),
                    }
                }
            }
        }
    }

    /// Notes since when the log has more than came.
    fn note_head(&mut self) {
        let behind = *self.head.borrow_and_update() > self.at;
        let since = self.behind_since.unwrap_or_else(Instant::now);
        self.behind_since = behind.then_some(since);
    }

    async fn hand_over(&self, events: Result<Vec<Recorded>, LogError>) -> Result<(), Over> {
        self.events.send(events).await.map_err(|_| Over)
    }
}

/// A consumer of what comes behind a position, if the bus holds this log.
async fn attach(bus: &JetStream, store: &dyn EventStore, at: u64) -> Result<Stream, LogError> {
    match bus.compare(store).await? {
        Standing::Ours { .. } => {}
        Standing::Missing => return Err(JetStream::unavailable("it has no events")),
        Standing::Other(why) => return Err(JetStream::unavailable(why)),
    }
    let config = Config {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: at + 1 },
        ack_policy: AckPolicy::None,
        inactive_threshold: FORGOTTEN,
        memory_storage: true,
        num_replicas: 1,
        ..Config::default()
    };
    let consumer: PullConsumer = bus
        .context
        .create_consumer_on_stream(config, STREAM)
        .await
        .map_err(JetStream::unavailable)?;
    consumer
        .stream()
        .max_messages_per_batch(BATCH as usize)
        .heartbeat(HEARTBEAT)
        .messages()
        .await
        .map_err(JetStream::unavailable)
}

async fn ready(attaching: &mut Option<Attaching>) -> Result<Stream, LogError> {
    match attaching {
        Some(attaching) => attaching.await,
        None => std::future::pending().await,
    }
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
