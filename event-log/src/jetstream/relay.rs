//! The relay: publishes the log to the bus, in position order, from where the bus stands.
//!
//! It publishes with the sequence that the bus must have before, so that a message gets its position or is
//! refused: a relay that was frozen can do no harm, and two at once publish everything once. What the bus
//! has lost, or holds of somebody else, is made anew from the log.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
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
const BATCH: u32 = 2_048;
/// Messages that are published and not acknowledged yet.
const IN_FLIGHT: usize = 256;
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

/// Publishes the log to the bus.
pub struct Relay {
    bus: JetStream,
    store: Arc<dyn EventStore>,
    subscriptions: Arc<dyn Subscriptions>,
    /// Where the bus stands, and when it was last compared with the log.
    at: Option<(u64, Instant)>,
    /// What comes next in the log, read ahead.
    ahead: Vec<Recorded>,
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
        let mut failures = 0;
        loop {
            head.mark_unchanged();
            let stepped = tokio::select! {
                stepped = self.step() => stepped,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let rest = match stepped {
                Ok(Step::Published(_) | Step::Refused) => {
                    failures = 0;
                    continue;
                }
                Ok(Step::Idle) => {
                    failures = 0;
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
        if batch.first().is_none_or(|event| event.position != at + 1) {
            batch = self.store.read_all(at, BATCH).await?;
        }
        let Some(last) = batch.last().map(|event| event.position) else { return Ok(Step::Idle) };
        let full = batch.len() >= BATCH as usize;
        let read_ahead =
            async { if full { self.store.read_all(last, BATCH).await } else { Ok(Vec::new()) } };
        let (published, ahead) = tokio::join!(self.send(&batch), read_ahead);
        // A read that fails here fails again in the next step.
        self.ahead = ahead.unwrap_or_default();
        let (acknowledged, end) = published;
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

    /// Publishes events in order with some in flight. Answers the last position that was acknowledged, and whether
    /// it came to the end, was refused, or failed.
    async fn send(&self, events: &[Recorded]) -> (u64, Result<bool, LogError>) {
        let mut acknowledged = events.first().map_or(0, |event| event.position - 1);
        let mut lost = self.bus.lost.clone();
        lost.mark_unchanged();
        let sending = async {
            let mut rest = events.iter();
            let mut flying: VecDeque<(u64, PublishAckFuture)> = VecDeque::with_capacity(IN_FLIGHT);
            loop {
                while flying.len() < IN_FLIGHT
                    && let Some(event) = rest.next()
                {
                    flying.push_back((event.position, self.publish_one(event).await?));
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

    async fn publish_one(&self, event: &Recorded) -> Result<PublishAckFuture, LogError> {
        let (headers, payload) = encode(event, &self.bus.source);
        match self.hand_over(event, headers, payload).await {
            Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                let (headers, _) = encode(event, &self.bus.source);
                self.hand_over(event, omitted(headers), Bytes::new()).await
            }
            handed => handed,
        }
        .map_err(JetStream::unavailable)
    }

    async fn hand_over(
        &self,
        event: &Recorded,
        headers: HeaderMap,
        payload: Bytes,
    ) -> Result<PublishAckFuture, async_nats::jetstream::context::PublishError> {
        let message = PublishMessage::build().headers(headers).payload(payload);
        self.bus.context.send_publish(subject(event), message).await
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
