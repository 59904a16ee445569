//! Working off a queue that several processes share.
//!
//! The queue says who works on what; here an event is worked on, said to be so while it takes long, tried again
//! with growing pauses, and parked when that does not help.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tracing::Instrument as _;

use super::{ATTEMPTS, FIRST_PAUSE, Handler, HandlerError, Subscription, stopped};
use crate::error::LogError;
use crate::event::Recorded;
use crate::ports::{Delivery, Queue, Receipt};
use crate::trace;

/// How long what is being worked on may take to end once it is to stop.
const DRAIN: Duration = Duration::from_secs(20);
/// The pause after a failure of the machine.
const AWAY: Duration = Duration::from_secs(1);
/// How often an event may be given out without an answer before it is taken for what ends its workers.
const NEVER_ANSWERED: u32 = 10;

impl<H: Handler> Subscription<H> {
    /// Works off a queue until `stop`.
    pub(super) async fn work_off(
        &self,
        mut queue: Box<dyn Queue>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), LogError> {
        let (cut_short, cut) = watch::channel(false);
        let patience = queue.patience();
        let mut running = JoinSet::new();
        let ended = loop {
            tokio::select! {
                () = stopped(&mut stop) => break Ok(()),
                next = queue.next() => match next {
                    Ok(delivery) => {
                        let handler = self.handler.clone();
                        running.spawn(work_on(handler, delivery, patience, cut.clone()));
                    }
                    Err(error) => break Err(error),
                },
                Some(_) = running.join_next() => {}
            }
        };
        let finishing = async { while running.join_next().await.is_some() {} };
        let finished = async {
            if tokio::time::timeout(DRAIN, finishing).await.is_err() {
                cut_short.send_replace(true);
            }
        };
        tokio::join!(queue.close(), finished);
        while running.join_next().await.is_some() {}
        ended
    }
}

/// Works on one delivery until there is an outcome, it is lost, or it is cut short.
async fn work_on<H: Handler>(
    handler: Arc<H>,
    delivery: Delivery,
    patience: Duration,
    mut cut: watch::Receiver<bool>,
) {
    let Delivery { event, attempt, receipt } = delivery;
    let place = Place { subscription: handler.name(), position: event.position };
    if attempt > NEVER_ANSWERED {
        let error = format!("given out {NEVER_ANSWERED} times, and no worker lived to answer");
        return place.park(&*receipt, &error, attempt).await;
    }
    // A task of its own: it goes on while this one waits for the log, and may die without harm.
    let mut handling = handle(handler, event);
    let mut tick = tokio::time::interval(patience / 3);
    tick.tick().await;
    let outcome = loop {
        tokio::select! {
            outcome = &mut handling.0 => break outcome,
            _ = tick.tick() => match receipt.in_progress().await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(?place, "lost to another worker; let go");
                    return;
                }
                // Until it is known, it goes on: what it does is harmless twice.
                Err(error) => tracing::warn!(?place, %error, "cannot say that it is in progress"),
            },
            () = stopped(&mut cut) => {
                handling.0.abort();
                return place.give_back(&*receipt, Duration::ZERO).await;
            }
        }
    };
    match answer(outcome) {
        Ok(()) => place.done(&*receipt, patience).await,
        Err(HandlerError::Park(error)) => place.park(&*receipt, &error, attempt).await,
        Err(HandlerError::Later { after, error }) => {
            tracing::info!(?place, ?after, error, "waits");
            place.give_back(&*receipt, after).await;
        }
        Err(HandlerError::Retry(error)) if attempt >= ATTEMPTS => {
            place.park(&*receipt, &error, attempt).await;
        }
        Err(HandlerError::Retry(error)) => {
            tracing::debug!(?place, attempt, error, "to be tried again");
            let pause = FIRST_PAUSE * 4_u32.saturating_pow(attempt.saturating_sub(1));
            if let Err(error) = receipt.again(pause).await {
                tracing::warn!(?place, %error, "it comes again when its time has run out");
            }
        }
        Err(HandlerError::Log(error)) => {
            tracing::warn!(?place, %error, "the machine fails; given back");
            let resting = async {
                place.machine_failed(&*receipt, patience).await;
                // Held until then, so that not everything that waits is tried meanwhile.
                tokio::time::sleep(AWAY).await;
            };
            tokio::select! {
                () = resting => {}
                () = stopped(&mut cut) => {}
            }
        }
    }
}

/// A handler at work; it ends with whoever waits for it.
struct Handling(JoinHandle<Result<(), HandlerError>>);

impl Drop for Handling {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn handle<H: Handler>(handler: Arc<H>, event: Recorded) -> Handling {
    let span = trace::handling(handler.name(), &event);
    Handling(tokio::spawn(async move { handler.handle(&event).await }.instrument(span)))
}

fn answer(outcome: Result<Result<(), HandlerError>, JoinError>) -> Result<(), HandlerError> {
    outcome.unwrap_or_else(|died| Err(HandlerError::Retry(format!("the handler died: {died}"))))
}

/// What is worked on, for those who read about it.
#[derive(Debug)]
#[allow(dead_code, reason = "read through Debug")]
struct Place {
    subscription: &'static str,
    position: u64,
}

impl Place {
    /// It was handled: says so for as long as the claim may last.
    async fn done(&self, receipt: &dyn Receipt, patience: Duration) {
        let said = self.insist(patience, "handled", || receipt.done()).await;
        if !said {
            tracing::warn!(?self, "handled, and comes again");
        }
    }

    /// It was not tried to its end, because the machine failed: mostly the very one that is to note it. Left alone it
    /// would wait for its claim to run out.
    async fn machine_failed(&self, receipt: &dyn Receipt, patience: Duration) {
        let give_back = || async { receipt.give_back(AWAY).await.map(|()| true) };
        if !self.insist(patience, "given back", give_back).await {
            tracing::warn!(?self, "it comes again when its time has run out");
        }
    }

    /// Says what became of it, again and again for as long as the claim may last; whether it could be said.
    async fn insist<F>(&self, patience: Duration, what: &str, say: impl Fn() -> F) -> bool
    where
        F: Future<Output = Result<bool, LogError>>,
    {
        let saying = async {
            let mut pause = FIRST_PAUSE;
            loop {
                match say().await {
                    Ok(true) => return,
                    Ok(false) => {
                        return tracing::warn!(?self, what, "but another worker has taken over");
                    }
                    Err(error) => tracing::warn!(?self, %error, what, "and cannot be noted"),
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(AWAY);
            }
        };
        tokio::time::timeout(patience, saying).await.is_ok()
    }

    async fn park(&self, receipt: &dyn Receipt, error: &str, attempts: u32) {
        tracing::warn!(?self, error, attempts, "parked");
        if let Err(error) = receipt.park(error, attempts).await {
            tracing::warn!(?self, %error, "cannot be parked; it comes again");
        }
    }

    async fn give_back(&self, receipt: &dyn Receipt, pause: Duration) {
        if let Err(error) = receipt.give_back(pause).await {
            tracing::warn!(?self, %error, "it comes again when its time has run out");
        }
    }
}
