//! Subscriptions: every event reaches its handlers, at least once, in its stream's order.
//!
//! A subscription has a name, a checkpoint and a park. It works on several streams at once, but never
//! on two events of the same stream. What a handler cannot handle is parked, and only the later events
//! of the same stream wait behind it.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::ids::StreamId;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Log;
use crate::error::LogError;
use crate::event::Recorded;
use crate::ports::Parked;

/// How many events are read at once.
const BATCH: u32 = 256;
/// The checkpoint is written at the latest after so many positions, and whenever nothing is left to do.
const CHECKPOINT_EVERY: u64 = 64;
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

    /// Handles events as they come, until `stop` becomes true or its sender is gone.
    ///
    /// # Errors
    /// A failure of the machine.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) -> Result<(), LogError> {
        let mut head = self.log.store.watch();
        loop {
            head.mark_unchanged();
            tokio::select! {
                drained = self.drain() => drained?,
                () = stopped(&mut stop) => return Ok(()),
            };
            tokio::select! {
                changed = head.changed() => if changed.is_err() { return Ok(()) },
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

    /// Handles everything up to the log's end, including what its own handlers append meanwhile.
    ///
    /// # Errors
    /// A failure of the machine. What was handled is remembered up to the last checkpoint; the rest
    /// comes again.
    pub async fn drain(&self) -> Result<Drained, LogError> {
        let name = self.handler.name();
        let mut work = Work::begin(&self.log, name).await?;
        // Tasks of their own: a handler goes on while this one waits for the log, and may hold what it
        // waits for.
        let mut running = JoinSet::new();
        loop {
            work.fill(&self.log, &*self.handler, self.in_flight).await?;
            while let Some(behind) = work.next_behind_parked() {
                let error = "waits behind a parked event of its stream".to_owned();
                work.park(&self.log, name, &behind, error, 0).await?;
                work.finish(&behind);
            }
            while let Some(event) = work.next(self.in_flight) {
                running.spawn(one(self.handler.clone(), event));
            }
            let Some(joined) = running.join_next().await else {
                work.save(&self.log, name).await?;
                return Ok(work.done);
            };
            let (event, result) = joined.map_err(|e| LogError::Io {
                doing: "handle an event",
                problem: format!("the handler of `{name}` died: {e}"),
            })?;
            match result {
                Ok(()) => work.done.handled += 1,
                Err(Failed::Log(error)) => return Err(error),
                Err(Failed::Parked { error, attempts }) => {
                    work.park(&self.log, name, &event, error, attempts).await?;
                }
            }
            work.finish(&event);
            if work.low() >= work.done.checkpoint + CHECKPOINT_EVERY {
                work.save(&self.log, name).await?;
            }
        }
    }

    /// Tries everything parked again, each stream in order until one of its events fails again.
    ///
    /// # Errors
    /// A failure of the machine.
    pub async fn requeue(&self) -> Result<Drained, LogError> {
        let name = self.handler.name();
        let mut done = Drained {
            checkpoint: self.log.subscriptions.checkpoint(name).await?,
            ..Drained::default()
        };
        let mut blocked = HashSet::new();
        for parked in self.log.subscriptions.parked(name).await? {
            if blocked.contains(&parked.stream) {
                continue;
            }
            let found = self.log.store.read_all(parked.position - 1, 1).await?;
            let Some(event) = found.into_iter().next() else { continue };
            match one(self.handler.clone(), event).await {
                (_, Ok(())) => {
                    self.log.subscriptions.unpark(name, parked.position).await?;
                    done.handled += 1;
                }
                (_, Err(Failed::Log(error))) => return Err(error),
                (_, Err(Failed::Parked { error, attempts })) => {
                    blocked.insert(parked.stream);
                    done.parked += 1;
                    self.log.subscriptions.park(Parked { error, attempts, ..parked }).await?;
                }
            }
        }
        Ok(done)
    }
}

/// Gives an event to a handler until it is handled or tried often enough.
async fn one<H: Handler>(handler: Arc<H>, event: Recorded) -> (Recorded, Result<(), Failed>) {
    let mut pause = FIRST_PAUSE;
    for attempt in 1.. {
        let error = match handler.handle(&event).await {
            Ok(()) => return (event, Ok(())),
            Err(HandlerError::Log(error)) => return (event, Err(Failed::Log(error))),
            Err(HandlerError::Park(error)) => {
                return (event, Err(Failed::Parked { error, attempts: attempt }));
            }
            Err(HandlerError::Retry(error)) => error,
        };
        if attempt == ATTEMPTS {
            return (event, Err(Failed::Parked { error, attempts: attempt }));
        }
        tokio::time::sleep(pause).await;
        pause *= 4;
    }
    (event, Ok(()))
}

enum Failed {
    Log(LogError),
    Parked { error: String, attempts: u32 },
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same as one that says so.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What a drain has read and not finished.
struct Work {
    read_to: u64,
    done: Drained,
    /// Positions read and not finished.
    open: BTreeSet<u64>,
    /// Events by stream, in order, behind the one that runs.
    waiting: HashMap<StreamId, VecDeque<Recorded>>,
    /// Streams with nothing running, in the order in which they were read.
    ready: VecDeque<StreamId>,
    running: HashSet<StreamId>,
    parked: HashSet<StreamId>,
}

impl Work {
    async fn begin(log: &Log, name: &str) -> Result<Self, LogError> {
        let checkpoint = log.subscriptions.checkpoint(name).await?;
        let parked = log.subscriptions.parked(name).await?;
        Ok(Self {
            read_to: checkpoint,
            done: Drained { checkpoint, ..Drained::default() },
            open: BTreeSet::new(),
            waiting: HashMap::new(),
            ready: VecDeque::new(),
            running: HashSet::new(),
            parked: parked.into_iter().map(|p| p.stream).collect(),
        })
    }

    /// Reads on while there is room.
    async fn fill<H: Handler>(
        &mut self,
        log: &Log,
        handler: &H,
        room: usize,
    ) -> Result<(), LogError> {
        while self.open.len() < room * 2 {
            let batch = log.store.read_all(self.read_to, BATCH).await?;
            if batch.is_empty() {
                return Ok(());
            }
            for event in batch {
                self.read_to = event.position;
                if !handler.wants(&event.kind) {
                    continue;
                }
                self.open.insert(event.position);
                let stream = event.stream;
                let queue = self.waiting.entry(stream).or_default();
                if queue.is_empty() && !self.running.contains(&stream) {
                    self.ready.push_back(stream);
                }
                queue.push_back(event);
            }
        }
        Ok(())
    }

    /// The next event that may run.
    fn next(&mut self, room: usize) -> Option<Recorded> {
        if self.running.len() >= room {
            return None;
        }
        while let Some(stream) = self.ready.pop_front() {
            if let Some(event) = self.waiting.get_mut(&stream).and_then(VecDeque::pop_front) {
                self.running.insert(stream);
                return Some(event);
            }
        }
        None
    }

    /// The next event that waits behind a parked one.
    fn next_behind_parked(&mut self) -> Option<Recorded> {
        let stream = self
            .parked
            .iter()
            .find(|s| self.waiting.get(s).is_some_and(|queue| !queue.is_empty()))
            .copied()?;
        self.waiting.get_mut(&stream).and_then(VecDeque::pop_front)
    }

    fn finish(&mut self, event: &Recorded) {
        self.open.remove(&event.position);
        self.running.remove(&event.stream);
        match self.waiting.get(&event.stream) {
            Some(queue) if queue.is_empty() => {
                self.waiting.remove(&event.stream);
            }
            Some(_) => self.ready.push_back(event.stream),
            None => {}
        }
    }

    async fn park(
        &mut self,
        log: &Log,
        name: &str,
        event: &Recorded,
        error: String,
        attempts: u32,
    ) -> Result<(), LogError> {
        tracing::warn!(
            subscription = name,
            position = event.position,
            kind = event.kind,
            error,
            "parked"
        );
        self.parked.insert(event.stream);
        self.done.parked += 1;
        log.subscriptions
            .park(Parked {
                subscription: name.to_owned(),
                position: event.position,
                stream: event.stream,
                kind: event.kind.clone(),
                error,
                attempts,
                parked_at: log.clock.now(),
            })
            .await
    }

    /// Everything up to here is finished.
    fn low(&self) -> u64 {
        self.open.first().map_or(self.read_to, |first| first - 1)
    }

    async fn save(&mut self, log: &Log, name: &str) -> Result<(), LogError> {
        let low = self.low();
        if low == self.done.checkpoint {
            return Ok(());
        }
        if log.subscriptions.advance(name, self.done.checkpoint, low).await? {
            self.done.checkpoint = low;
            return Ok(());
        }
        Err(LogError::Io {
            doing: "advance a checkpoint",
            problem: format!("another process works on subscription `{name}`"),
        })
    }
}
