//! The pool: children that parse, and what becomes of a file that kills one.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::attempt::{Attempt, Outcome};
use super::child::{Kind, Worker};
use super::layers::{Layer, Missing, Sandbox};
use crate::reading::sniff;
use crate::reading::{Extraction, Failure, Limits, Reading};
use crate::steps::Step;

/// How to start workers, and how many.
#[derive(Debug, Clone)]
pub struct PoolConfig {
    /// The program to run; as a rule this same one.
    pub program: PathBuf,
    /// Arguments that make it call [`worker_main`](super::worker_main).
    pub args: Vec<OsString>,
    /// Workers at work at once, and so files parsed at once. At least one.
    pub workers: usize,
    /// What one file may cost.
    pub limits: Limits,
    /// Files after which a worker is replaced, so that what leaks stays small.
    pub files_per_worker: u32,
    /// How long a new worker may take to say that it is ready.
    pub start_time: Duration,
    /// How long a worker that reads pictures is kept with nothing to do.
    pub seeing_idle: Duration,
    /// How much of the sandbox there must be.
    pub sandbox: Sandbox,
    /// Layers to do without, as on a machine that does not have them.
    pub without: Vec<Layer>,
}

impl PoolConfig {
    /// As many workers as there are processors, with the default limits.
    pub fn new(program: PathBuf, args: Vec<OsString>) -> Self {
        Self {
            program,
            args,
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            limits: Limits::default(),
            files_per_worker: 200,
            start_time: Duration::from_secs(10),
            seeing_idle: Duration::from_secs(60),
            sandbox: Sandbox::default(),
            without: Vec::new(),
        }
    }
}

/// No worker could be started: this says nothing about the file, which can be tried again.
#[derive(Debug, thiserror::Error)]
#[error("failed to start a reading worker: {0}")]
pub struct Unavailable(#[source] io::Error);

/// Reads files in child processes. Clones share the same children.
#[derive(Debug, Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: PoolConfig,
    permits: Semaphore,
    idle: Mutex<Vec<Worker>>,
    /// Those that read pictures. They are heavy, and so released when there was nothing for them for a while.
    seeing: Mutex<Vec<(Instant, Worker)>>,
}

impl Pool {
    /// A pool that starts workers as they are needed and keeps them.
    #[must_use]
    pub fn new(config: PoolConfig) -> Self {
        let permits = Semaphore::new(config.workers.max(1));
        let (idle, seeing) = (Mutex::default(), Mutex::default());
        Self { shared: Arc::new(Shared { config, permits, idle, seeing }) }
    }

    /// What one file may cost: a caller that streams need not take in more than
    /// [`Limits::bytes`].
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.config.limits
    }

    /// Starts a worker, unless one is idle, and answers which layers of the sandbox are missing.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if no worker could be started; or, when the sandbox is strict, if a layer is missing.
    pub async fn check(&self) -> Result<Vec<Missing>, Unavailable> {
        let idle = self.take(Kind::Plain);
        let worker = match idle {
            Some(worker) => worker,
            None => {
                let config = &self.shared.config;
                Worker::start(config, Kind::Plain, None).await.map_err(Unavailable)?
            }
        };
        let missing = worker.missing.clone();
        self.keep(Kind::Plain, worker);
        Ok(missing)
    }

    /// Has a worker of its own try what no worker must be able to do.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if no worker could be started.
    pub async fn try_forbidden(&self, attempt: Attempt) -> Result<Outcome, Unavailable> {
        let config = &self.shared.config;
        let mut worker =
            Worker::start(config, Kind::Plain, Some(attempt)).await.map_err(Unavailable)?;
        let deadline = Instant::now() + config.start_time;
        if let Ok(Ok(outcome)) = timeout_at(deadline, worker.outcome()).await {
            return Ok(outcome);
        }
        if worker.was_ended_for_it().await {
            return Ok(Outcome::Killed);
        }
        Err(Unavailable(io::Error::other("the worker did not say what became of it")))
    }

    /// Reads one file. It waits for a free worker; time counts from when it has one.
    ///
    /// A pool that cannot start workers reports [`Failure::Crashed`]; use [`Pool::try_read`] to
    /// tell that apart and try again.
    pub async fn read(&self, bytes: Vec<u8>) -> Reading {
        match self.try_read(&bytes).await {
            Ok(reading) => reading,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "reading is unavailable");
                Reading::failed(sniff::head(&bytes).media_type(), Failure::Crashed)
            }
        }
    }

    /// Reads one file.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if no worker could be started.
    pub async fn try_read(&self, bytes: &[u8]) -> Result<Reading, Unavailable> {
        let config = &self.shared.config;
        if bytes.len() as u64 > config.limits.bytes {
            return Ok(Reading::failed(sniff::head(bytes).media_type(), Failure::TooLarge));
        }
        // The semaphore is never closed.
        let _permit = Step::Wait.of(self.shared.permits.acquire()).await;
        let reading = Step::Read.of(self.read_by(Kind::Plain, bytes)).await?;
        if !reading.unseen {
            return Ok(reading);
        }
        let seen = Step::Look.of(self.read_by(Kind::Seeing, bytes)).await?;
        // What pictures cost does not cost the text that there is besides.
        Ok(match (&seen.result, reading) {
            (
                Err(unread),
                Reading { result: Ok(text), sniffed_type, without, doubted: false, .. },
            ) if unread.failure != Failure::EmptyText => {
                let result = Ok(Extraction { truncated: true, ..text });
                Reading { result, sniffed_type, without, unseen: true, doubted: false }
            }
            _ => seen,
        })
    }

    async fn read_by(&self, kind: Kind, bytes: &[u8]) -> Result<Reading, Unavailable> {
        let config = &self.shared.config;
        let deadline = Instant::now() + kind.wall_time(&config.limits);
        let idle = self.take(kind);
        if let Some(worker) = idle {
            match self.attempt(worker, kind, bytes, deadline).await {
                // What earlier files left behind may have had a part in it; a new worker decides.
                Reading { result: Err(unread), .. }
                    if matches!(unread.failure, Failure::Crashed | Failure::OutOfMemory) => {}
                reading => return Ok(reading),
            }
        }
        let worker = Worker::start(config, kind, None).await.map_err(Unavailable)?;
        Ok(self.attempt(worker, kind, bytes, deadline).await)
    }

    async fn attempt(
        &self,
        mut worker: Worker,
        kind: Kind,
        bytes: &[u8],
        deadline: Instant,
    ) -> Reading {
        let mut media_type = None;
        let without = worker.without();
        let reading = match timeout_at(deadline, worker.ask(bytes, &mut media_type)).await {
            Ok(Ok(reading)) => Reading { without, ..reading },
            failed => {
                let failure = match failed {
                    Ok(_) => worker.post_mortem().await,
                    Err(_) => Failure::TimedOut, // Dropping the worker kills it.
                };
                let media_type = media_type.unwrap_or("application/octet-stream".to_owned());
                return Reading { without, ..Reading::failed(media_type, failure) };
            }
        };
        // One that panicked has unwound through parsers that may not expect it.
        let sound = reading.failure() != Some(Failure::Crashed);
        if sound && worker.files < self.shared.config.files_per_worker {
            self.keep(kind, worker);
        }
        reading
    }

    /// One that is idle; of those that see, the one that was at work last, so that the others can go.
    fn take(&self, kind: Kind) -> Option<Worker> {
        match kind {
            Kind::Plain => self.shared.idle().pop(),
            Kind::Seeing => self.shared.seeing().pop().map(|(_, worker)| worker),
        }
    }

    fn keep(&self, kind: Kind, worker: Worker) {
        match kind {
            Kind::Plain => self.shared.idle().push(worker),
            Kind::Seeing => {
                self.shared.seeing().push((Instant::now(), worker));
                let shared = Arc::downgrade(&self.shared);
                let idle = self.shared.config.seeing_idle;
                tokio::spawn(async move {
                    tokio::time::sleep(idle).await;
                    if let Some(shared) = shared.upgrade() {
                        shared.seeing().retain(|(since, _)| since.elapsed() < idle);
                    }
                });
            }
        }
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seeing(&self) -> MutexGuard<'_, Vec<(Instant, Worker)>> {
        self.seeing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
