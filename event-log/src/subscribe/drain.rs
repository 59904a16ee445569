//! Working off the log by oneself: read ahead, several streams at once, each in order.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::ids::StreamId;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::{ATTEMPTS, Drained, FIRST_PAUSE, Handler, HandlerError, Subscription};
use crate::error::LogError;
use crate::event::Recorded;
use crate::ports::Parked;
use crate::{Log, trace};

/// How many events are read at once.
const BATCH: u32 = 256;
/// The checkpoint is written at the latest after so many positions, and whenever nothing is left to do.
const CHECKPOINT_EVERY: u64 = 64;
/// How often it is looked for new events while some rest.
const LOOK_EVERY: Duration = Duration::from_millis(250);

impl<H: Handler> Subscription<H> {
    /// Handles everything up to the log's end, including what its own handlers append meanwhile.
    ///
    /// # Errors
    /// A failure of the machine. What was handled is remembered up to the last checkpoint; the rest
    /// comes again.
    pub async fn drain(&self) -> Result<Drained, LogError> {
        self.drain_until(&AtomicBool::new(false)).await
    }

    /// As [`drain`](Self::drain), but begins nothing new once it is to pause.
    pub(super) async fn drain_until(&self, pause: &AtomicBool) -> Result<Drained, LogError> {
        let name = self.handler.name();
        let mut work = Work::begin(&self.log, name).await?;
        // Tasks of their own: a handler goes on while this one waits for the log, and may hold what it
        // waits for.
        let mut running = JoinSet::new();
        loop {
            let pauses = pause.load(Ordering::Relaxed);
            if !pauses {
                work.fill(&self.log, &*self.handler, self.in_flight).await?;
            }
            while let Some(behind) = work.next_behind_parked() {
                let error = "waits behind a parked event of its stream".to_owned();
                work.park(&self.log, name, &behind, error, 0).await?;
                work.finish(&behind);
            }
            while !pauses && let Some(event) = work.rested() {
                running.spawn(one(self.handler.clone(), event));
            }
            while !pauses && let Some(event) = work.next(self.in_flight) {
                running.spawn(one(self.handler.clone(), event));
            }
            let rests_until = work.rests_until().filter(|_| !pauses);
            let joined = match (running.is_empty(), rests_until) {
                (true, None) => {
                    work.save(&self.log, name).await?;
                    return Ok(work.done);
                }
                (true, Some(until)) => {
                    tokio::time::sleep_until(until).await;
                    continue;
                }
                (false, None) => running.join_next().await,
                (false, Some(until)) => tokio::select! {
                    joined = running.join_next() => joined,
                    () = tokio::time::sleep_until(until) => continue,
                },
            };
            let Some(joined) = joined else { continue };
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
                Err(Failed::Later { after, error }) => {
                    let position = event.position;
                    tracing::info!(subscription = name, position, ?after, error, "waits");
                    work.resting.push((Instant::now() + after, event));
                    continue;
                }
            }
            work.finish(&event);
            if work.low() >= work.done.checkpoint + CHECKPOINT_EVERY {
                work.save(&self.log, name).await?;
            }
        }
    }
}

/// Gives an event to a handler until it is handled or tried often enough.
pub(super) async fn one<H: Handler>(
    handler: Arc<H>,
    event: Recorded,
) -> (Recorded, Result<(), Failed>) {
    let mut pause = FIRST_PAUSE;
    for attempt in 1.. {
        let span = trace::handling(handler.name(), &event);
        let error = match handler.handle(&event).instrument(span).await {
            Ok(()) => return (event, Ok(())),
            Err(HandlerError::Log(error)) => return (event, Err(Failed::Log(error))),
            Err(HandlerError::Park(error)) => {
                return (event, Err(Failed::Parked { error, attempts: attempt }));
            }
            Err(HandlerError::Later { after, error }) => {
                return (event, Err(Failed::Later { after, error }));
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

pub(super) enum Failed {
    Log(LogError),
    Parked { error: String, attempts: u32 },
    Later { after: Duration, error: String },
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
    /// Events that are to be tried again from then on; their streams count as running.
    resting: Vec<(Instant, Recorded)>,
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
            resting: Vec::new(),
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

    /// An event that has rested.
    fn rested(&mut self) -> Option<Recorded> {
        let now = Instant::now();
        let at = self.resting.iter().position(|(until, _)| *until <= now)?;
        Some(self.resting.swap_remove(at).1)
    }

    /// When to look again while something rests: meanwhile others come in.
    fn rests_until(&self) -> Option<Instant> {
        let first = self.resting.iter().map(|(until, _)| *until).min()?;
        Some(first.min(Instant::now() + LOOK_EVERY))
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
