//! Subscriptions: every event reaches its handlers, at least once, in its stream's order.
//!
//! A subscription has a name, a checkpoint and a park. It works on several streams at once, but never
//! on two events of the same stream. What a handler cannot handle is parked, and only the later events
//! of the same stream wait behind it.
//!
//! A process that is alone reads the log by itself (`drain`); several share a queue of the bus (`queued`).
//! What is parked can be tried again or dropped, also by another process (`requeue`).

mod drain;
mod queued;
mod requeue;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::Log;
use crate::error::LogError;
use crate::event::Recorded;

/// Tries before an event is parked, and the first pause between them.
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Handles events. Idempotent: an event may come twice, and after a crash.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// The subscription's stable name.
    fn name(&self) -> &'static str;

    /// Whether an event of this type is its business.
    fn wants(&self, kind: &str) -> bool;

    /// Handles one event.
    ///
    /// # Errors
    /// See [`HandlerError`].
    async fn handle(&self, event: &Recorded) -> Result<(), HandlerError>;
}

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// May pass: try again, then park.
    #[error("{0}")]
    Retry(String),
    /// Will pass, and is nobody's fault here (somebody else's service is away, or asks for patience): try again after a
    /// pause, as often as it takes. Later events of the same stream wait.
    #[error("{error}")]
    Later {
        /// The pause.
        after: Duration,
        /// What is waited for.
        error: String,
    },
    /// Will not pass: park at once.
    #[error("{0}")]
    Park(String),
    /// The machine: stop the subscription, park nothing.
    #[error(transparent)]
    Log(LogError),
}

impl From<LogError> for HandlerError {
    fn from(error: LogError) -> Self {
        if error.is_fatal() { Self::Log(error) } else { Self::Park(error.to_string()) }
    }
}

impl From<crate::DispatchError> for HandlerError {
    fn from(error: crate::DispatchError) -> Self {
        match error {
            crate::DispatchError::Refused(refusal) => Self::Park(refusal.to_string()),
            crate::DispatchError::Log(error) => error.into(),
        }
    }
}

/// Feeds a handler from the log.
pub struct Subscription<H> {
    log: Log,
    handler: Arc<H>,
    in_flight: usize,
}

/// What a drain did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    /// Events handled.
    pub handled: u64,
    /// Events parked.
    pub parked: u64,
    /// Where the checkpoint now stands.
    pub checkpoint: u64,
}

impl<H: Handler> Subscription<H> {
    /// A subscription that works on at most `in_flight` streams at once.
    pub fn new(log: Log, handler: Arc<H>, in_flight: usize) -> Self {
        Self { log, handler, in_flight: in_flight.max(1) }
    }

    /// The handler's stable name.
    pub fn name(&self) -> &'static str {
        self.handler.name()
    }

    /// Handles events as they come, until `stop` becomes true or its sender is gone. Where the bus has a queue,
    /// what is being worked on then is finished, within a bound, and the rest given back.
    ///
    /// # Errors
    /// A failure of the machine; on a queue only one that waiting does not mend.
    pub async fn run(&self, stop: watch::Receiver<bool>) -> Result<(), LogError> {
        let kinds: Vec<String> = domain::wire_names()
            .filter(|kind| self.handler.wants(kind))
            .map(str::to_owned)
            .collect();
        let queue = self.log.bus.queue(self.handler.name(), &kinds, self.in_flight).await?;
        match queue {
            Some(queue) => self.work_off(queue, stop).await,
            None => self.follow(stop).await,
        }
    }

    /// Reads the log as it grows.
    async fn follow(&self, mut stop: watch::Receiver<bool>) -> Result<(), LogError> {
        let mut head = self.log.store.watch();
        loop {
            head.mark_unchanged();
            let pause = AtomicBool::new(false);
            let draining = self.drain_until(&pause);
            tokio::pin!(draining);
            loop {
                tokio::select! {
                    drained = &mut draining => {
                        drained?;
                        break;
                    }
                    asked = self.asked(), if !pause.load(Ordering::Relaxed) => {
                        asked?;
                        pause.store(true, Ordering::Relaxed);
                    }
                    () = stopped(&mut stop) => return Ok(()),
                }
            }
            tokio::select! {
                requeued = self.requeue_asked() => requeued?,
                () = stopped(&mut stop) => return Ok(()),
            }
            if pause.load(Ordering::Relaxed) {
                continue;
            }
            tokio::select! {
                changed = head.changed() => if changed.is_err() { return Ok(()) },
                asked = self.asked() => asked?,
                () = stopped(&mut stop) => return Ok(()),
            }
        }
    }

    /// Handles events until `all_in` becomes true and nothing is left to do.
    ///
    /// # Errors
    /// A failure of the machine.
    pub async fn run_until_idle(&self, mut all_in: watch::Receiver<bool>) -> Result<(), LogError> {
        let mut head = self.log.store.watch();
        loop {
            head.mark_unchanged();
            // Asked before the drain: what comes in after the answer is seen by the next one.
            let last = *all_in.borrow_and_update();
            let drained = self.drain().await?;
            if last && drained.handled == 0 && drained.parked == 0 {
                return Ok(());
            }
            if !last {
                tokio::select! {
                    changed = head.changed() => if changed.is_err() { return Ok(()) },
                    () = stopped(&mut all_in) => {}
                }
            }
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same as one that says so.
    let _ = stop.wait_for(|stop| *stop).await;
}
