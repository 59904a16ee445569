//! The roles that work behind the faces: scorers, read models, notifier, live feed, and the look-out for
//! revoked tokens. One that fails, or panics, says so, waits and goes on: a full disk that is cleared needs no
//! restart.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use event_log::subscribe::Subscription;
use event_log::{LogError, Recorded};
use futures::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::aside::Aside;
use super::health::Health;
use super::{Role, Server};
use crate::backstage::{relay, sequence};
use crate::engine::{Engine, sealed_log};
use crate::failure::Failure;
use crate::flow::observe;

const PAUSE: Duration = Duration::from_secs(1);
/// How long an offer may outlive its time, until somebody looks.
const EXPIRE_EVERY: Duration = Duration::from_secs(5);
/// How often the one that tells people makes sure that it is the one.
const HOLD_EVERY: Duration = Duration::from_millis(500);
/// How long a role may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// The roles at work.
pub(super) struct Roles {
    tasks: JoinSet<()>,
    aside: Aside,
}

impl Roles {
    /// Starts what somebody waits for.
    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Starts what nobody at an open page waits for.
    fn spawn_aside(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(task, self.aside.handle());
    }

    /// Waits until they have ended; they were told to by the server's stop.
    pub(super) async fn end(mut self) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tracing::warn!("some work was cut off; it is done again at the next start");
        }
    }
}

/// Starts the roles that this server is.
pub(super) async fn start(
    server: &Server,
    health: &Health,
    seen: impl Fn(&Recorded) + Send + Sync + 'static,
) -> Result<Roles, Failure> {
    let mut roles = Roles { tasks: JoinSet::new(), aside: Aside::start()? };
    let stop = || server.stop.subscribe();
    let engine = &server.engine;
    if let Some(servers) = engine.servers() {
        if server.is(Role::Sequencer) {
            let (url, health, stop) = (servers.database_url.clone(), health.clone(), stop());
            roles.spawn(async move {
                let told = |failed: Option<&LogError>| {
                    health.failing("sequencer", failed.map(LogError::code));
                };
                sequence(&url, stop, told, |_| {}).await;
            });
        }
        if server.is(Role::Relay) {
            let (store, bus) = sealed_log(servers).await?;
            let health = health.clone();
            roles.spawn(relay(store, bus, stop(), move |failed: Option<&LogError>| {
                health.failing("relay", failed.map(LogError::code));
            }));
        }
    }
    // Behind the sequencer, since what it appends is to get its place; on a folder it is done already.
    if engine.servers().is_some() && (server.is(Role::Api) || server.is(Role::Scorers)) {
        engine.prepare().await?;
    }
    if server.is(Role::Scorers) {
        let (engine, s) = (engine.clone(), stop());
        roles.spawn_aside(keep("scorers", health.clone(), stop(), move || {
            let (engine, stop) = (engine.clone(), s.clone());
            async move {
                // What could not be handled last time may be handled now.
                engine.scorers.requeue().await?;
                engine.scorers.run(stop).await
            }
        }));
    }
    // Whoever works on from events: what follows from a decision is a command again.
    if server.is(Role::Scorers) {
        let (engine, s) = (engine.clone(), stop());
        roles.spawn_aside(keep("workflow", health.clone(), stop(), move || {
            let (engine, stop) = (engine.clone(), s.clone());
            async move {
                engine.workflow.requeue().await?;
                tokio::try_join!(engine.workflow.run(stop.clone()), expire(&engine, stop)).map(drop)
            }
        }));
    }
    for grader in 0..engine.graders.len() {
        let (engine, s) = (engine.clone(), stop());
        let Some(name) = engine.graders.get(grader).map(Subscription::name) else { continue };
        roles.spawn_aside(keep(name, health.clone(), stop(), move || {
            let (engine, stop) = (engine.clone(), s.clone());
            async move {
                let Some(grader) = engine.graders.get(grader) else { return Ok(()) };
                grader.requeue().await?;
                grader.run(stop).await
            }
        }));
    }
    if server.is(Role::Notifier) {
        let (engine, s) = (engine.clone(), stop());
        roles.spawn_aside(keep("notifier", health.clone(), stop(), move || {
            let (engine, stop) = (engine.clone(), s.clone());
            async move { tell(&engine, stop).await }
        }));
    }
    if server.is(Role::Projections) {
        let (engine, s) = (engine.clone(), stop());
        roles.spawn(keep("read models", health.clone(), stop(), move || {
            let (engine, stop) = (engine.clone(), s.clone());
            async move { engine.builder.run(&engine.read, stop, |_| {}).await }
        }));
    }
    if server.is(Role::LiveFeed) {
        let (hub, s) = (server.hub.clone(), stop());
        roles.spawn(keep("live feed", health.clone(), stop(), move || {
            let (hub, mut stop) = (hub.clone(), s.clone());
            async move {
                tokio::select! {
                    ended = hub.run() => ended,
                    _ = stop.wait_for(|stop| *stop) => Ok(()),
                }
            }
        }));
    }
    if server.is(Role::Api) || server.is(Role::LiveFeed) {
        let (tokens, s) = (server.tokens.clone(), stop());
        roles.spawn(keep("access", health.clone(), stop(), move || {
            let (tokens, mut stop) = (tokens.clone(), s.clone());
            async move {
                let looking = async { tokens.watch_others().await?.run().await };
                tokio::select! {
                    ended = looking => ended,
                    _ = stop.wait_for(|stop| *stop) => Ok(()),
                }
            }
        }));
    }
    let (engine, mut stop) = (engine.clone(), stop());
    let from = *server.hub.head().borrow();
    roles.spawn(async move {
        tokio::select! {
            () = observe(&engine, from, &seen) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    });
    Ok(roles)
}

/// Tells people and systems what they want to know, as long as no other process does.
async fn tell(engine: &Engine, mut stop: watch::Receiver<bool>) -> Result<(), LogError> {
    let mut hold = engine.notices.at_work();
    while !*stop.borrow() {
        if !hold.mine().await? {
            tokio::select! {
                () = tokio::time::sleep(HOLD_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
            continue;
        }
        let (halt, halted) = watch::channel(false);
        let working = async {
            engine.notifier.requeue().await?;
            tokio::try_join!(
                engine.notifier.run(halted.clone()),
                engine.deliverer.run(&engine.reminders, halted),
            )
            .map(drop)
        };
        tokio::pin!(working);
        let held = async {
            loop {
                tokio::time::sleep(HOLD_EVERY).await;
                if !matches!(hold.mine().await, Ok(true)) {
                    return;
                }
            }
        };
        let ended = tokio::select! {
            ended = &mut working => Some(ended),
            // Another goes on: what is under way here is sent again by it, marked.
            () = held => None,
            () = asked_to(&mut stop) => {
                halt.send_replace(true);
                Some(working.await)
            }
        };
        if let Some(ended) = ended {
            hold.release().await;
            return ended;
        }
    }
    hold.release().await;
    Ok(())
}

async fn asked_to(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Ends offers when their time is up, until it is told to stop.
async fn expire(engine: &Engine, mut stop: watch::Receiver<bool>) -> Result<(), LogError> {
    loop {
        command_api::workflow::expire_offers(&engine.dispatcher).await?;
        tokio::select! {
            () = tokio::time::sleep(EXPIRE_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        }
    }
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
