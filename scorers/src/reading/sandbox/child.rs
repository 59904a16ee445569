//! A child: one reading process, from its start to its end.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::attempt::{Attempt, Outcome};
use super::layers::{Layer, Missing, Sandbox};
use super::pool::PoolConfig;
use super::protocol::{HELLO, LARGEST_ANSWER, Networks, Orders, receive, send};
use crate::reading::{Failure, Limits, Reading, fetched};

/// What a worker can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// Reads pictures, too.
    Seeing,
}

impl Kind {
    pub(super) fn wall_time(self, limits: &Limits) -> Duration {
        match self {
            Self::Plain => limits.wall_time,
            Self::Seeing => limits.ocr_wall_time,
        }
    }
}

/// One child process. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    complaints: JoinHandle<Vec<u8>>,
    /// Layers that it is not behind, and why.
    pub(super) missing: Vec<Missing>,
    /// How many it was asked to read.
    pub(super) files: u32,
}

impl Worker {
    pub(super) async fn start(
        config: &PoolConfig,
        kind: Kind,
        attempt: Option<Attempt>,
    ) -> io::Result<Self> {
        let mut command = Command::new(&config.program);
        command
            .args(&config.args)
            .env_clear()
            // One heap: a thread's own would reserve address space that counts as used.
            .env("MALLOC_ARENA_MAX", "1")
            // Files are read side by side by several workers, not one file by several threads.
            .env("RTEN_NUM_THREADS", "1")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // It has no other way to know: neither the folders' names nor a home.
        if let Some(pdfium) = fetched::pdfium() {
            command.env(fetched::PDFIUM, pdfium);
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
        let orders = Orders {
            limits: Limits { wall_time: kind.wall_time(&config.limits), ..config.limits.clone() },
            without: config.without.clone(),
            eyes: (kind == Kind::Seeing).then(Networks::best),
            attempt,
        };
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

    pub(super) async fn ask(
        &mut self,
        bytes: &[u8],
        media_type: &mut Option<String>,
    ) -> io::Result<Reading> {
        self.files += 1;
        send(&mut self.input, bytes).await?;
        let sniffed = receive(&mut self.output, 256).await?;
        *media_type = Some(String::from_utf8_lossy(&sniffed).into_owned());
        let answer = receive(&mut self.output, LARGEST_ANSWER).await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// The layers that it is not behind.
    pub(super) fn without(&self) -> Vec<Layer> {
        self.missing.iter().map(|missing| missing.layer).collect()
    }

    /// Why a worker stopped answering.
    pub(super) async fn post_mortem(self) -> Failure {
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

    /// What became of what it was ordered to attempt.
    pub(super) async fn outcome(&mut self) -> io::Result<Outcome> {
        let answer = receive(&mut self.output, 4_096).await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// Whether it was ended for a forbidden system call.
    pub(super) async fn was_ended_for_it(self) -> bool {
        let (status, _) = self.end_and_words().await;
        status.and_then(signal) == Some(FORBIDDEN)
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

/// How Rust's runtime complains before it aborts for want of memory.
const OUT_OF_MEMORY: &[u8] = b"memory allocation of ";

fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}
