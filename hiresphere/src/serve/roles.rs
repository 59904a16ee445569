//! The roles that work behind the faces: scorers, read models, notifier, live feed, and the look-out for
//! revoked tokens. One that fails, or panics, says so, waits and goes on: a full disk that is cleared needs no
//! restart.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use event_log::{LogError, Recorded};
use futures::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Server;
use super::health::Health;

const PAUSE: Duration = Duration::from_secs(1);
/// How long a role may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// The roles at work.
pub(super) struct Roles {
    tasks: JoinSet<()>,
}

impl Roles {
    /// Waits until they have ended; they were told to by the server's stop.
    pub(super) async fn end(mut self) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tracing::warn!("some work was cut off; it is done again at the next start");
        }
    }
}

/// Starts every role.
pub(super) fn start(
    server: &Server,
    health: &Health,
    seen: impl Fn(&Recorded) + Send + Sync + 'static,
) -> Roles {
    let mut tasks = JoinSet::new();
    let stop = server.stop.subscribe();
    let engine = server.engine.clone();
    let seen = std::sync::Arc::new(seen);

    let (e, s) = (engine.clone(), stop.clone());
    tasks.spawn(keep("scorers", health.clone(), stop.clone(), move || {
        let (engine, stop) = (e.clone(), s.clone());
        async move {
            // What could not be handled last time may be handled now.
            engine.scorers.requeue().await?;
            engine.scorers.run(stop).await
        }
    }));
    let (e, s) = (engine.clone(), stop.clone());
    tasks.spawn(keep("notifier", health.clone(), stop.clone(), move || {
        let (engine, stop) = (e.clone(), s.clone());
        async move {
            engine.notifier.requeue().await?;
            engine.notifier.run(stop).await
        }
    }));
    let s = stop.clone();
    tasks.spawn(keep("read models", health.clone(), stop.clone(), move || {
        let (engine, stop, seen) = (engine.clone(), s.clone(), seen.clone());
        async move { engine.builder.run(&engine.read, stop, |event| seen(event)).await }
    }));
    let (hub, s) = (server.hub.clone(), stop.clone());
    tasks.spawn(keep("live feed", health.clone(), stop.clone(), move || {
        let (hub, mut stop) = (hub.clone(), s.clone());
        async move {
            tokio::select! {
                ended = hub.run() => ended,
                _ = stop.wait_for(|stop| *stop) => Ok(()),
            }
        }
    }));
    let tokens = server.tokens.clone();
    let s = stop.clone();
    tasks.spawn(keep("access", health.clone(), stop, move || {
        let (tokens, mut stop) = (tokens.clone(), s.clone());
        async move {
            let looking = async { tokens.watch_others().await?.run().await };
            tokio::select! {
                ended = looking => ended,
                _ = stop.wait_for(|stop| *stop) => Ok(()),
            }
        }
    }));
    Roles { tasks }
}

/// Runs a role until it ends by itself; a failure is told, and after a pause it goes on.
async fn keep<F>(
    role: &'static str,
    health: Health,
    mut stop: watch::Receiver<bool>,
    run: impl Fn() -> F,
) where
    F: Future<Output = Result<(), LogError>>,
{
    loop {
        // One that died unseen would leave a server that looks well and does half of its work.
        let mut running = std::pin::pin!(AssertUnwindSafe(run()).catch_unwind());
        let ended = tokio::select! {
            ended = &mut running => ended,
            // It works: what it said of itself before no longer holds.
            () = tokio::time::sleep(PAUSE) => {
                health.failing(role, None);
                running.await
            }
        };
        let code = match ended {
            Ok(Ok(())) => return,
            Ok(Err(error)) => {
                let code = error.code();
                tracing::error!(role, code, %error, "failed, and goes on in a moment");
                code
            }
            Err(_) => {
                tracing::error!(role, "panicked, and goes on in a moment");
                "PANICKED"
            }
        };
        health.failing(role, Some(code));
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}
