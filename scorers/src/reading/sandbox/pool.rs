//! The pool: children that parse, and what becomes of a file that kills one.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::attempt::{Attempt, Outcome};
use super::layers::{Layer, Missing, Sandbox};
use super::protocol::{HELLO, LARGEST_ANSWER, Orders, receive, send};
use crate::reading::sniff;
use crate::reading::{Failure, Limits, Reading};

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
}

impl Pool {
    /// A pool that starts workers as they are needed and keeps them.
    #[must_use]
    pub fn new(config: PoolConfig) -> Self {
        let permits = Semaphore::new(config.workers.max(1));
        Self { shared: Arc::new(Shared { config, permits, idle: Mutex::default() }) }
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
        let idle = self.idle().pop();
        let worker = match idle {
            Some(worker) => worker,
            None => Worker::start(&self.shared.config, None).await.map_err(Unavailable)?,
        };
        let missing = worker.missing.clone();
        self.idle().push(worker);
        Ok(missing)
    }

    /// Has a worker of its own try what no worker must be able to do.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if no worker could be started.
    pub async fn try_forbidden(&self, attempt: Attempt) -> Result<Outcome, Unavailable> {
        let config = &self.shared.config;
        let mut worker = Worker::start(config, Some(attempt)).await.map_err(Unavailable)?;
        let deadline = Instant::now() + config.start_time;
        let answer = timeout_at(deadline, receive(&mut worker.output, 4_096)).await;
        if let Ok(Ok(answer)) = answer {
            return serde_json::from_slice(&answer).map_err(|e| Unavailable(e.into()));
        }
        match worker.end().await.and_then(signal) {
            Some(FORBIDDEN) => Ok(Outcome::Killed),
            _ => Err(Unavailable(io::Error::other("the worker did not say what became of it"))),
        }
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
        let _permit = self.shared.permits.acquire().await;
        let deadline = Instant::now() + config.limits.wall_time;
        let idle = self.idle().pop();
        if let Some(worker) = idle {
            match self.attempt(worker, bytes, deadline).await {
                // What earlier files left behind may have had a part in it; a new worker decides.
                Reading { result: Err(unread), .. }
                    if matches!(unread.failure, Failure::Crashed | Failure::OutOfMemory) => {}
                reading => return Ok(reading),
            }
        }
        let worker = Worker::start(config, None).await.map_err(Unavailable)?;
        Ok(self.attempt(worker, bytes, deadline).await)
    }

    async fn attempt(&self, mut worker: Worker, bytes: &[u8], deadline: Instant) -> Reading {
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
            self.idle().push(worker);
        }
        reading
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Worker>> {
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One child process. Dropping it kills it.
#[derive(Debug)]
struct Worker {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    complaints: JoinHandle<Vec<u8>>,
    missing: Vec<Missing>,
    files: u32,
}

impl Worker {
    async fn start(config: &PoolConfig, attempt: Option<Attempt>) -> io::Result<Self> {
        let mut command = Command::new(&config.program);
        command
            .args(&config.args)
            .env_clear()
            // One heap: a thread's own would reserve address space that counts as used.
            .env("MALLOC_ARENA_MAX", "1")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(pdfium) = std::env::var_os(PDFIUM) {
            command.env(PDFIUM, pdfium);
        }
        let mut child = command.spawn()?;
        let missing = || io::Error::other("a pipe to the worker is missing");
        let input = child.stdin.take().ok_or_else(missing)?;
        let output = child.stdout.take().ok_or_else(missing)?;
        let mut stderr = child.stderr.take().ok_or_else(missing)?;
        // Its last words tell running out of memory from other deaths. They are not kept.
        let complaints = tokio::spawn(async move {
            let mut said = Vec::new();
            let mut buf = [0; 512];
            while let Ok(count @ 1..) = stderr.read(&mut buf).await {
                said.extend_from_slice(&buf[..count]);
                let excess = said.len().saturating_sub(1024);
                said.drain(..excess);
            }
            said
        });
        let mut worker = Self { child, input, output, complaints, missing: Vec::new(), files: 0 };
        let orders =
            Orders { limits: config.limits.clone(), without: config.without.clone(), attempt };
        let ready = async {
            let hello = receive(&mut worker.output, HELLO.len()).await?;
            if hello != HELLO {
                return Err(io::Error::other("the program is not a reading worker"));
            }
            send(&mut worker.input, &serde_json::to_vec(&orders)?).await?;
            let missing = receive(&mut worker.output, 4_096).await?;
            worker.missing = serde_json::from_slice(&missing)?;
            Ok(())
        };
        timeout_at(Instant::now() + config.start_time, ready).await??;
        if config.sandbox == Sandbox::Strict && !worker.missing.is_empty() {
            return Err(io::Error::other(incomplete(&worker.missing)));
        }
        Ok(worker)
    }

    async fn ask(&mut self, bytes: &[u8], media_type: &mut Option<String>) -> io::Result<Reading> {
        self.files += 1;
        send(&mut self.input, bytes).await?;
        let sniffed = receive(&mut self.output, 256).await?;
        *media_type = Some(String::from_utf8_lossy(&sniffed).into_owned());
        let answer = receive(&mut self.output, LARGEST_ANSWER).await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// The layers that it is not behind.
    fn without(&self) -> Vec<Layer> {
        self.missing.iter().map(|missing| missing.layer).collect()
    }

    /// Why a worker stopped answering.
    async fn post_mortem(self) -> Failure {
        let (status, said) = self.end_and_words().await;
        if status.and_then(signal) == Some(FORBIDDEN) {
            tracing::warn!(
                "a file made a reading worker do what no parser does; it was ended for it"
            );
        }
        if status.and_then(signal) == Some(rustix::process::Signal::XCPU.as_raw()) {
            Failure::TimedOut
        } else if said.windows(OUT_OF_MEMORY.len()).any(|window| window == OUT_OF_MEMORY) {
            Failure::OutOfMemory
        } else {
            Failure::Crashed
        }
    }

    /// How it ended.
    async fn end(self) -> Option<ExitStatus> {
        self.end_and_words().await.0
    }

    async fn end_and_words(mut self) -> (Option<ExitStatus>, Vec<u8>) {
        // One that broke off its answer is dying, or alive and talking nonsense.
        let died = tokio::time::timeout(DYING, self.child.wait()).await;
        let status = match died {
            Ok(status) => status.ok(),
            Err(_) => {
                let _ = self.child.start_kill();
                self.child.wait().await.ok()
            }
        };
        (status, self.complaints.await.unwrap_or_default())
    }
}

/// What is said of a sandbox that is not whole.
fn incomplete(missing: &[Missing]) -> String {
    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
    format!("the sandbox is not whole, without {}", missing.join(" and "))
}

/// How long a worker that broke off may take to die by itself.
const DYING: Duration = Duration::from_millis(500);

/// The signal of a process that made a forbidden system call.
const FORBIDDEN: i32 = rustix::process::Signal::SYS.as_raw();

/// Where libpdfium is, for workers as for the program.
const PDFIUM: &str = "HIRESPHERE_PDFIUM";

/// How Rust's runtime complains before it aborts for want of memory.
const OUT_OF_MEMORY: &[u8] = b"memory allocation of ";

fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}
