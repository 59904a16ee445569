//! The queue of a subscription: the bus delivers, claims decide who works on what.
//!
//! A durable consumer, shared by every process that runs the subscription, brings events ([`pull`]). Each is
//! offered here until it is claimed or need not be. [`tend`] moves the checkpoint, brings what is to be tried
//! again, and takes from the log what the bus does not bring. Twice is harmless: there is one claim.

mod pull;
mod tend;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::jetstream::{AckKind, Message};
use async_trait::async_trait;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::{JetStream, message};
use crate::error::LogError;
use crate::event::Recorded;
use crate::ports::{Claim, Claims, Delivery, EventStore, Queue, Receipt, Verdict};

/// How long an event that cannot be claimed yet is kept at hand before it goes back to the bus.
const KEPT: Duration = Duration::from_secs(1);
/// How often it is tried meanwhile, when nothing is heard of what it waits for: the first pause and the longest.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const LOOK_AGAIN_AT_LAST: Duration = Duration::from_millis(100);
/// The pause before the bus brings it again.
const COME_AGAIN: Duration = Duration::from_millis(200);
/// The pause when the log cannot be asked.
const AWAY: Duration = Duration::from_secs(1);

/// What everybody who works for the queue shares.
struct Work {
    bus: JetStream,
    store: Arc<dyn EventStore>,
    claims: Arc<dyn Claims>,
    subscription: String,
    kinds: Vec<String>,
    /// One for every delivery that is out.
    room: Arc<Semaphore>,
    /// One for every event that was brought and is not out yet.
    at_hand: Arc<Semaphore>,
    /// Something was handled, parked or given back here.
    settled: Notify,
    /// Something was settled since the last sweep.
    to_sweep: AtomicBool,
    /// Whether the bus brings events at the moment.
    bus_works: AtomicBool,
    deliveries: mpsc::Sender<Result<Delivery, LogError>>,
    closing: watch::Receiver<bool>,
}

/// The queue of a subscription on the bus.
pub(super) struct BusQueue {
    work: Arc<Work>,
    received: mpsc::Receiver<Result<Delivery, LogError>>,
    close: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Opens the queue of a subscription to some types of events for `in_flight` at once.
pub(super) fn open(
    bus: JetStream,
    store: Arc<dyn EventStore>,
    claims: Arc<dyn Claims>,
    subscription: &str,
    kinds: &[String],
    in_flight: usize,
) -> BusQueue {
    let in_flight = in_flight.max(1);
    let (deliveries, received) = mpsc::channel(in_flight);
    let (close, closing) = watch::channel(false);
    let work = Arc::new(Work {
        bus,
        store,
        claims,
        subscription: subscription.to_owned(),
        kinds: kinds.to_vec(),
        room: Arc::new(Semaphore::new(in_flight)),
        at_hand: Arc::new(Semaphore::new(in_flight * 4)),
        settled: Notify::new(),
        to_sweep: AtomicBool::new(true),
        bus_works: AtomicBool::new(false),
        deliveries,
        closing,
    });
    let mut tasks = JoinSet::new();
    tasks.spawn(pull::run(work.clone()));
    tasks.spawn(tend::run(work.clone()));
    BusQueue { work, received, close, tasks }
}

#[async_trait]
impl Queue for BusQueue {
    async fn next(&mut self) -> Result<Delivery, LogError> {
        let ended = || LogError::Io { doing: "wait for work", problem: "the queue ended".into() };
        self.received.recv().await.ok_or_else(ended)?
    }

    fn patience(&self) -> Duration {
        self.work.bus.options.patience
    }

    async fn close(&mut self) {
        self.close.send_replace(true);
        loop {
            tokio::select! {
                // What was claimed for nobody goes back at once.
                Some(delivery) = self.received.recv() => if let Ok(delivery) = delivery {
                    let _ = delivery.receipt.give_back(Duration::ZERO).await;
                },
                ended = self.tasks.join_next() => if ended.is_none() { break },
            }
        }
        self.received.close();
        while let Some(delivery) = self.received.recv().await {
            if let Ok(delivery) = delivery {
                let _ = delivery.receipt.give_back(Duration::ZERO).await;
            }
        }
        // What was handled last.
        let _ = self.work.claims.sweep(&self.work.subscription, &self.work.kinds).await;
    }
}

impl Work {
    fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    async fn closes(&self) {
        // A queue that is gone has closed, too.
        let _ = self.closing.clone().wait_for(|closing| *closing).await;
    }

    /// Offers an event until it is claimed and handed out, or need not be. `message` is what brought it, if the bus
    /// did; `_at_hand` is let go then.
    async fn offer(
        self: Arc<Self>,
        event: Recorded,
        message: Option<Message>,
        _at_hand: OwnedSemaphorePermit,
    ) {
        let patience = self.bus.options.patience;
        let until = Instant::now() + KEPT.min(patience / 3);
        let mut look_again = LOOK_AGAIN;
        loop {
            // Heard from now on: what is settled while the claim is asked for is not missed.
            let settled = self.settled.notified();
            let room = tokio::select! {
                room = timeout(patience / 3, self.room.clone().acquire_owned()) => room,
                () = self.closes() => return answer(message, AckKind::Nak(None)).await,
            };
            // No room here: perhaps elsewhere.
            let Ok(Ok(room)) = room else { return answer(message, AckKind::Nak(None)).await };
            let asked = self.claims.claim(&self.subscription, &self.kinds, &event, patience).await;
            match asked {
                Ok(Verdict::Mine(claim)) => {
                    return self.hand_out(event, claim, message, room).await;
                }
                Ok(Verdict::Handled | Verdict::Behind) => {
                    self.to_sweep.store(true, Ordering::Relaxed);
                    return answer(message, AckKind::Ack).await;
                }
                Ok(Verdict::Busy | Verdict::Earlier) if Instant::now() < until => {}
                Ok(Verdict::Busy | Verdict::Earlier) => {
                    return answer(message, AckKind::Nak(Some(COME_AGAIN))).await;
                }
                Err(error) => {
                    tracing::warn!(%error, subscription = self.subscription, "nothing can be claimed");
                    drop(room);
                    return answer(message, AckKind::Nak(Some(AWAY))).await;
                }
            }
            drop(room);
            tokio::select! {
                () = settled => {}
                () = tokio::time::sleep(look_again) => {
                    look_again = (look_again * 2).min(LOOK_AGAIN_AT_LAST);
                }
                () = self.closes() => return answer(message, AckKind::Nak(None)).await,
            }
        }
    }

    async fn hand_out(
        self: &Arc<Self>,
        event: Recorded,
        claim: Claim,
        message: Option<Message>,
        room: OwnedSemaphorePermit,
    ) {
        let attempt = claim.attempt;
        let kind = event.kind.clone();
        let receipt = Held { work: self.clone(), claim, kind, message, _room: room };
        let delivery = Delivery { event, attempt, receipt: Box::new(receipt) };
        // There is room for every claim, so this does not wait.
        if let Err(mpsc::error::SendError(Ok(delivery))) = self.deliveries.send(Ok(delivery)).await
        {
            let _ = delivery.receipt.give_back(Duration::ZERO).await;
        }
    }

    /// The event of a message, from the log where the bus has no more than its place.
    async fn event_of(&self, message: &Message) -> Result<Recorded, LogError> {
        let position = message.info().map_err(JetStream::unavailable)?.stream_sequence;
        let none = async_nats::HeaderMap::new();
        let headers = message.headers.as_ref().unwrap_or(&none);
        match message::decode(headers, &message.payload, &self.bus.source, position) {
            Ok(event) => Ok(event),
            Err(message::Unfit::Omitted) => self.event_at(position).await,
            Err(unfit) => Err(JetStream::unavailable(unfit)),
        }
    }

    async fn event_at(&self, position: u64) -> Result<Recorded, LogError> {
        let found = self.store.read_all(position.saturating_sub(1), 1).await?;
        found.into_iter().find(|event| event.position == position).ok_or_else(|| {
            LogError::Damaged(format!("the log has no event at position {position}"))
        })
    }
}

/// Tells the bus. When it does not hear, it brings the event again, and that is harmless.
async fn answer(message: Option<Message>, kind: AckKind) {
    if let Some(message) = message
        && let Err(error) = message.ack_with(kind).await
    {
        tracing::debug!(error, "the bus was not told");
    }
}

/// A delivery that is out.
struct Held {
    work: Arc<Work>,
    claim: Claim,
    kind: String,
    message: Option<Message>,
    _room: OwnedSemaphorePermit,
}

impl Held {
    async fn tell(&self, kind: AckKind) {
        self.work.to_sweep.store(true, Ordering::Relaxed);
        self.work.settled.notify_waiters();
        answer(self.message.clone(), kind).await;
    }
}

#[async_trait]
impl Receipt for Held {
    async fn done(&self) -> Result<bool, LogError> {
        let noted = self.work.claims.finish(&self.claim).await?;
        if noted {
            self.tell(AckKind::Ack).await;
        }
        Ok(noted)
    }

    async fn park(&self, error: &str, attempts: u32) -> Result<bool, LogError> {
        let noted = self.work.claims.park(&self.claim, &self.kind, error, attempts).await?;
        if noted {
            self.tell(AckKind::Ack).await;
        }
        Ok(noted)
    }

    async fn again(&self, pause: Duration) -> Result<(), LogError> {
        if self.work.claims.give_back(&self.claim, pause, true).await? {
            self.tell(AckKind::Nak(Some(pause))).await;
        }
        Ok(())
    }

    async fn give_back(&self, pause: Duration) -> Result<(), LogError> {
        if self.work.claims.give_back(&self.claim, pause, false).await? {
            self.tell(AckKind::Nak(Some(pause))).await;
        }
        Ok(())
    }

    async fn in_progress(&self) -> Result<bool, LogError> {
        let mine = self.work.claims.renew(&self.claim, self.work.bus.options.patience).await?;
        if mine {
            answer(self.message.clone(), AckKind::Progress).await;
        }
        Ok(mine)
    }
}
