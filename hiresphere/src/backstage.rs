//! What works behind the distributed engine's log: the sequencer and the relay. Any number of processes may run
//! them; one of each is at work.

use std::sync::Arc;
use std::time::Duration;

use event_log::LogError;
use event_log::jetstream::{JetStream, Relay};
use event_log::postgres::{Lease, Order, PostgresLog, Sequenced, Sequencer};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::engine::sealed_log;
use crate::failure::Failure;
use crate::serve::Role;
use crate::settings::Servers;

/// How often the relay's lease is held on, or tried for.
const RENEW_EVERY: Duration = Duration::from_millis(500);
/// The pause after something could not be reached.
const AGAIN: Duration = Duration::from_millis(500);

/// Both, in the background of one command.
pub(crate) struct Backstage {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Backstage {
    /// Nothing, which is what the embedded engine needs.
    pub(crate) fn none() -> Self {
        Self { stop: watch::Sender::new(false), tasks: JoinSet::new() }
    }

    pub(crate) async fn start(servers: &Servers) -> Result<Self, Failure> {
        let stop = watch::Sender::new(false);
        let mut tasks = JoinSet::new();
        let (store, bus) = sealed_log(servers).await?;
        let (url, stopped) = (servers.database_url.clone(), stop.subscribe());
        tasks.spawn(async move {
            sequence(&url, stopped, |_| {}, |_| {}).await;
        });
        tasks.spawn(relay(store, bus, stop.subscribe(), |_| {}));
        Ok(Self { stop, tasks })
    }

    /// Ends both in order, so that others take over at once.
    pub(crate) async fn end(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Tells whoever watches whether this process is the one at work in a role.
fn holding(role: Role, held: bool) {
    metrics::gauge!("hiresphere_lease_held", "role" => role.name()).set(u8::from(held));
}

/// Numbers events until `stop`; `told` hears what fails, and `None` when it is well; `begun` is given the order to look
/// at, when the database was reached.
pub(crate) async fn sequence(
    url: &str,
    mut stop: watch::Receiver<bool>,
    told: impl Fn(Option<&LogError>) + Send + Sync,
    begun: impl Fn(Order) + Send + Sync,
) {
    holding(Role::Sequencer, false);
    loop {
        match Sequencer::connect(url).await {
            Ok(sequencer) => {
                begun(sequencer.order());
                let stepped = |step: &Result<Sequenced, LogError>| {
                    holding(Role::Sequencer, matches!(step, Ok(Sequenced::Took(..))));
                    if let Ok(Sequenced::Took(events @ 1.., _)) = step {
                        metrics::counter!("hiresphere_sequenced_events_total").increment(*events);
                        metrics::counter!("hiresphere_sequenced_batches_total").increment(1);
                    }
                    told(step.as_ref().err());
                };
                sequencer.run(stop.clone(), stepped).await;
                holding(Role::Sequencer, false);
                return;
            }
            Err(error) => {
                tracing::warn!(%error, "the sequencer cannot start yet");
                told(Some(&error));
            }
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Carries events to the bus until `stop`, while it holds the lease; `told` as for [`sequence`]. A second relay could do no harm, as the bus
/// refuses what comes out of order, but would publish everything in vain.
pub(crate) async fn relay(
    store: Arc<PostgresLog>,
    bus: JetStream,
    mut stop: watch::Receiver<bool>,
    told: impl Fn(Option<&LogError>) + Send + Sync,
) {
    let lease = Lease::new(store.pool().clone(), "relay");
    let hold = async || {
        let held = lease.hold().await;
        told(held.as_ref().err());
        let held = matches!(held, Ok(Some(_)));
        holding(Role::Relay, held);
        held
    };
    while !*stop.borrow() {
        if hold().await {
            // It ends when its sender is gone.
            let (_working, halt) = watch::channel(false);
            let working = Relay::new(bus.clone(), store.clone(), store.clone()).run(halt);
            let held = async {
                loop {
                    tokio::time::sleep(RENEW_EVERY).await;
                    if !hold().await {
                        return;
                    }
                }
            };
            tokio::select! {
                () = working => {}
                () = held => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(RENEW_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
    // Otherwise it runs out by itself.
    let _ = lease.release().await;
    holding(Role::Relay, false);
}
