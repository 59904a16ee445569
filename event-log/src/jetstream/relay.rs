//! The relay: publishes the log to the bus, in position order, from where the bus stands.
//!
//! It publishes with the sequence that the bus must have before, so that a message gets its position or is
//! refused: a relay that was frozen can do no harm, and two at once publish everything once. What the bus
//! has lost, or holds of somebody else, is made anew from the log.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;

use super::message::{encode, omitted, subject};
use super::stream::Standing;
use super::{JetStream, pause};
use crate::error::LogError;
use crate::event::Recorded;
use crate::ports::{EventStore, Subscriptions};

/// The relay's name among the subscriptions.
pub const RELAY: &str = "relay";
/// Events read from the log at once.
const BATCH: u32 = 4_096;
/// Messages that are published and not acknowledged yet.
const IN_FLIGHT: usize = 256;
/// What the headers of a message take at most; the server counts them with the payload.
const HEADERS: usize = 16 * 1024;
/// How often the bus is compared with the log when nothing says that it should be.
const COMPARE_EVERY: Duration = Duration::from_secs(2);

/// What one step of the relay did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many events were published and acknowledged.
    Published(u64),
    /// The bus refused to go on: it is not where the relay left it. The next step compares it with the log.
    Refused,
    /// The bus has all of the log.
    Idle,
}

/// An event as it is published.
struct Outgoing {
    position: u64,
    subject: String,
    message: PublishMessage,
}

impl Outgoing {
    /// One with a payload of more than `most` bytes is published without: it keeps its place, and readers find it in
    /// the log.
    fn of(event: &Recorded, source: &str, most: usize) -> Self {
        let (mut headers, mut payload) = encode(event, source);
        if payload.len() > most {
            (headers, payload) = (omitted(headers), Bytes::new());
        }
        let message = PublishMessage::build().headers(headers).payload(payload);
        Self { position: event.position, subject: subject(event), message }
    }
}

/// Publishes the log to the bus.
pub struct Relay {
    bus: JetStream,
    store: Arc<dyn EventStore>,
    subscriptions: Arc<dyn Subscriptions>,
    /// Where the bus stands, and when it was last compared with the log.
    at: Option<(u64, Instant)>,
    /// What comes next in the log, read ahead.
    ahead: Vec<Outgoing>,
    checkpoint: u64,
}

impl Relay {
    /// A relay from a log to its bus.
    pub fn new(
        bus: JetStream,
        store: Arc<dyn EventStore>,
        subscriptions: Arc<dyn Subscriptions>,
    ) -> Self {
        Self { bus, store, subscriptions, at: None, ahead: Vec::new(), checkpoint: 0 }
    }

    /// Publishes until `stop` becomes true or its sender is gone. A bus or a log that cannot be reached is tried
    /// again for as long as it takes.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut head = self.store.watch();
        let (mut failures, mut refusals) = (0, 0);
        loop {
            head.mark_unchanged();
            let stepped = tokio::select! {
                stepped = self.step() => stepped,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let rest = match stepped {
                Ok(Step::Published(_)) => {
                    (failures, refusals) = (0, 0);
                    continue;
                }
                // Once may be a race that another relay won.
                Ok(Step::Refused) if refusals == 0 => {
                    refusals = 1;
                    continue;
                }
                Ok(Step::Refused) => {
                    refusals += 1;
                    pause(refusals)
                }
                Ok(Step::Idle) => {
                    (failures, refusals) = (0, 0);
                    COMPARE_EVERY
                }
                Err(error) => {
                    tracing::warn!(%error, failures, "the relay cannot go on; it tries again");
                    failures += 1;
                    pause(failures)
                }
            };
            tokio::select! {
                changed = head.changed(), if failures == 0 => if changed.is_err() { return },
                () = tokio::time::sleep(rest) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// One step: compares the bus with the log when it is time to, and publishes the next batch.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE` when the bus cannot be reached, or a failure of the log. The next step begins by
    /// comparing.
    pub async fn step(&mut self) -> Result<Step, LogError> {
        let at = match self.at {
            Some((at, compared)) if compared.elapsed() < COMPARE_EVERY => at,
            _ => self.compare().await?,
        };
        let stepped = self.publish(at).await;
        if !matches!(stepped, Ok(Step::Published(_) | Step::Idle)) {
            self.at = None;
        }
        stepped
    }

    /// Compares the bus with the log and mends it; answers where it then stands.
    async fn compare(&mut self) -> Result<u64, LogError> {
        self.at = None;
        self.checkpoint = self.subscriptions.checkpoint(RELAY).await?;
        let standing = self.bus.compare(&*self.store).await?;
        let head = self.store.head().await?;
        let first_kept = head.saturating_sub(self.bus.options.keep.max(1)) + 1;
        let at = match standing {
            // What would be dropped as soon as more comes is not published first.
            Standing::Ours { last, .. } if last + 1 >= first_kept => last,
            Standing::Ours { last, .. } => {
                tracing::warn!(last, head, "the bus is further behind than it keeps; made anew");
                self.bus.make(first_kept, true).await?;
                first_kept - 1
            }
            Standing::Missing => {
                tracing::info!(first = first_kept, head, "making the bus stream");
                self.bus.make(first_kept, false).await?;
                first_kept - 1
            }
            Standing::Other(why) => {
                tracing::warn!(why, "the bus does not hold this log; made anew");
                self.bus.make(first_kept, true).await?;
                first_kept - 1
            }
        };
        self.at = Some((at, Instant::now()));
        self.settle(at.min(head)).await?;
        Ok(at)
    }

    /// Publishes what follows, and reads ahead meanwhile.
    async fn publish(&mut self, at: u64) -> Result<Step, LogError> {
        let mut batch = std::mem::take(&mut self.ahead);
        if batch.first().is_none_or(|message| message.position != at + 1) {
            batch = self.messages(at).await?;
        }
        let Some(last) = batch.last().map(|message| message.position) else {
            return Ok(Step::Idle);
        };
        // By a task of its own: publishing has enough to do.
        let full = batch.len() >= BATCH as usize;
        let ahead = full.then(|| tokio::spawn(self.messages(last)));
        let (acknowledged, end) = self.send(at, batch).await;
        if let Some(ahead) = ahead {
            // A read that fails here fails again in the next step.
            self.ahead = ahead.await.ok().and_then(Result::ok).unwrap_or_default();
        }
        if acknowledged > at {
            let compared = self.at.map_or_else(Instant::now, |(_, compared)| compared);
            self.at = Some((acknowledged, compared));
            self.settle(acknowledged).await?;
        }
        match end {
            Ok(true) => Ok(Step::Published(acknowledged - at)),
            Ok(false) => Ok(Step::Refused),
            Err(error) => Err(error),
        }
    }

    /// The next events of the log as messages.
    fn messages(
        &self,
        after: u64,
    ) -> impl Future<Output = Result<Vec<Outgoing>, LogError>> + Send + use<> {
        let (store, source) = (self.store.clone(), self.bus.source.clone());
        let most = self.bus.context.client().max_payload().saturating_sub(HEADERS);
        async move {
            let events = store.read_all(after, BATCH).await?;
            Ok(events.iter().map(|event| Outgoing::of(event, &source, most)).collect())
        }
    }

    /// Publishes what comes behind a position in order, with some in flight. Answers the last position that was
    /// acknowledged, and whether it came to the end, was refused, or failed.
    async fn send(&self, after: u64, messages: Vec<Outgoing>) -> (u64, Result<bool, LogError>) {
        let mut acknowledged = after;
        let mut lost = self.bus.lost.clone();
        lost.mark_unchanged();
        let sending = async {
            let mut rest = messages.into_iter();
            let mut flying: VecDeque<(u64, PublishAckFuture)> = VecDeque::with_capacity(IN_FLIGHT);
            loop {
                while flying.len() < IN_FLIGHT
                    && let Some(Outgoing { position, subject, message }) = rest.next()
                {
                    let sent = self.bus.context.send_publish(subject, message).await;
                    flying.push_back((position, sent.map_err(JetStream::unavailable)?));
                }
                let Some((position, ack)) = flying.pop_front() else { return Ok(true) };
                match ack.await {
                    Ok(ack) if ack.sequence == position => acknowledged = position,
                    Ok(ack) => {
                        let at = ack.sequence;
                        tracing::warn!(position, at, "the bus has the event at another place");
                        return Ok(false);
                    }
                    Err(error) => match error.kind() {
                        PublishErrorKind::WrongLastSequence
                        | PublishErrorKind::WrongLastMessageId
                        | PublishErrorKind::StreamNotFound => {
                            tracing::debug!(position, %error, "the bus refuses");
                            return Ok(false);
                        }
                        _ => return Err(JetStream::unavailable(error)),
                    },
                }
            }
        };
        let end = tokio::select! {
            end = sending => end,
            // What was on its way is not answered any more.
            _ = lost.changed() => Err(JetStream::unavailable("the connection was lost")),
        };
        (acknowledged, end)
    }

    /// Moves the checkpoint up to what is acknowledged. Another relay may have done so.
    async fn settle(&mut self, to: u64) -> Result<(), LogError> {
        while self.checkpoint < to {
            if self.subscriptions.advance(RELAY, self.checkpoint, to).await? {
                self.checkpoint = to;
            } else {
                self.checkpoint = self.subscriptions.checkpoint(RELAY).await?;
            }
        }
        Ok(())
    }
}
