//! Threads of their own for work that nobody waits for at an open page: scoring, and what follows from events. They stand
//! back, so that whoever asks over HTTP does not wait for a resume to be graded.

use tokio::runtime::{Builder, Handle, Runtime};

use crate::failure::Failure;

/// How far they stand back: next to a thread that does not, one of these gets about a third of a processor that both want.
/// Readers of files, which take what they can get, stand further back.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// The threads, as long as this lives.
pub(super) struct Aside {
    runtime: Option<Runtime>,
    handle: Handle,
}

impl Aside {
    /// Starts as many threads as there are processors.
    pub(super) fn start() -> Result<Self, Failure> {
        let runtime = Builder::new_multi_thread()
            .enable_all()
            .thread_name("aside")
            .on_thread_start(stand_back)
            .build()
            .map_err(|e| Failure::io("start threads", &e))?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Where to spawn.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // Dropped among tasks, where nothing may wait: what has not ended by now was told to.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Lets the other threads of this process go first, where a thread can do so for itself.
fn stand_back() {
    #[cfg(target_os = "linux")]
    {
        // A system that refuses leaves it where it is.
        let _ = rustix::process::setpriority_process(None, NICENESS);
    }
}
