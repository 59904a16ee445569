//! The numbers that nobody records because they are what is so: asked for when somebody reads them.
//!
//! Asking is bounded in time, and what cannot be asked keeps what it was; a database that is away is told as roles
//! that fail, never as numbers that nobody can read.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use event_log::jetstream::RELAY;
use event_log::ports::{EventStore, Subscriptions};
use event_log::postgres::{Order, PostgresLog};
use event_log::{Log, LogError};
use metrics::{counter, gauge};
use projections::ReadStore;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Role;
use crate::engine::Engine;

/// How long asking may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long answers are good for, however many ask.
const FRESH: Duration = Duration::from_millis(500);
/// The subscriptions whose checkpoints are the log's, beside those of the graders.
const SUBSCRIPTIONS: [&str; 3] = ["scorers", "workflow", "notifier"];

/// Where numbers are asked for.
pub(super) enum Sources {
    /// The log and who follows it.
    Log(Following),
    /// What a sequencer may see.
    Order(Order),
}

/// A log and who follows it.
pub(super) struct Following {
    store: Arc<dyn EventStore>,
    subscriptions: Arc<dyn Subscriptions>,
    /// The graders of this process.
    graders: Vec<&'static str>,
    /// Where this process has read models.
    read: Option<Arc<ReadStore>>,
    /// Whether there is a bus that a relay fills.
    shared: bool,
}

impl Sources {
    /// Those of a process that opens events.
    pub(super) fn of(engine: &Engine) -> Self {
        let Log { store, subscriptions, .. } = engine.log.clone();
        let shared = engine.servers().is_some();
        let graders = engine.graders.iter().map(|grader| grader.name()).collect();
        let read = Some(engine.read.clone());
        Self::Log(Following { store, subscriptions, graders, read, shared })
    }

    /// Those of a process that sees events sealed.
    pub(super) fn sealed(store: &Arc<PostgresLog>) -> Self {
        let (store, subscriptions) = (store.clone(), store.clone());
        Self::Log(Following { store, subscriptions, graders: vec![], read: None, shared: true })
    }

    /// Whether other processes may hold what this one does not.
    fn is_shared(&self) -> bool {
        !matches!(self, Self::Log(Following { shared: false, .. }))
    }

    async fn ask(&self) -> Result<(), LogError> {
        match self {
            Self::Log(log) => log.ask().await,
            Self::Order(order) => {
                let oldest = order.waiting_for().await?;
                told_of_order(order.head().await?, order.waiting().await?, oldest);
                Ok(())
            }
        }
    }
}

fn told_of_order(head: u64, waiting: u64, oldest: Duration) {
    gauge!("hiresphere_log_head_position").set(number(head));
    gauge!("hiresphere_unsequenced_events").set(number(waiting));
    gauge!("hiresphere_unsequenced_oldest_seconds").set(oldest);
}

impl Following {
    async fn ask(&self) -> Result<(), LogError> {
        let mut reached = Vec::new();
        for name in SUBSCRIPTIONS.into_iter().chain(self.graders.iter().copied()) {
            reached.push((name, self.subscriptions.checkpoint(name).await?));
            let parked = self.subscriptions.parked_count(name).await?;
            gauge!("hiresphere_parked_events", "subscription" => name).set(number(parked));
        }
        if let Some(read) = &self.read {
            reached.push((Role::Projections.name(), read.checkpoint().await?));
        }
        for (name, at) in reached {
            let lag = self.lag(at).await?;
            gauge!("hiresphere_subscription_position", "subscription" => name).set(number(at));
            gauge!("hiresphere_subscription_lag_seconds", "subscription" => name).set(lag);
        }
        let (relayed, behind) = match self.shared {
            true => {
                let at = self.subscriptions.checkpoint(RELAY).await?;
                (Some(at), self.lag(at).await?)
            }
            // Without a bus there is nothing to carry.
            false => (None, Duration::ZERO),
        };
        let head = self.store.head().await?;
        gauge!("hiresphere_relay_position").set(number(relayed.unwrap_or(head)));
        gauge!("hiresphere_relay_lag_seconds").set(behind);
        let oldest = self.store.unplaced_for().await?;
        told_of_order(head, self.store.unplaced().await?, oldest);
        Ok(())
    }

    /// How long the first event behind a position is there.
    async fn lag(&self, at: u64) -> Result<Duration, LogError> {
        let next = self.store.read_all(at, 1).await?;
        let age = next.first().map(|event| chrono::Utc::now() - event.recorded_at);
        Ok(age.and_then(|age| age.to_std().ok()).unwrap_or_default())
    }
}

/// The numbers of one process.
pub(super) struct Numbers {
    roles: Vec<Role>,
    sources: OnceLock<Sources>,
    /// When they were last asked for, and whether they were answered.
    last: Mutex<Option<(Instant, bool)>>,
}

impl Numbers {
    pub(super) fn new(roles: &[Role], sources: Option<Sources>) -> Self {
        if roles.contains(&Role::LiveFeed) {
            gauge!("hiresphere_live_connections").increment(0);
        }
        if roles.contains(&Role::Sequencer) {
            counter!("hiresphere_sequenced_events_total").increment(0);
            counter!("hiresphere_sequenced_batches_total").increment(0);
        }
        // A process that is alone holds everything there is to hold.
        if sources.as_ref().is_some_and(|sources| !sources.is_shared()) {
            for role in [Role::Sequencer, Role::Relay, Role::Projections] {
                gauge!("hiresphere_lease_held", "role" => role.name()).set(1);
            }
        }
        let sources = sources.map_or_else(OnceLock::new, OnceLock::from);
        Self { roles: roles.to_vec(), sources, last: Mutex::default() }
    }

    pub(super) fn watch(&self, sources: Sources) {
        let _ = self.sources.set(sources);
    }

    /// Brings the numbers up to date; `failing` are the parts of this process that fail.
    pub(super) async fn gather(&self, failing: &BTreeMap<&'static str, String>) {
        let answered = self.ask().await;
        for role in &self.roles {
            let fails = failing.keys().any(|part| role.has_part(part));
            let fails = u8::from(fails || !answered);
            gauge!("hiresphere_role_failing", "role" => role.name()).set(fails);
        }
    }

    /// Asks, unless somebody just did; whether there was an answer.
    async fn ask(&self) -> bool {
        let Some(sources) = self.sources.get() else { return true };
        let mut last = self.last.lock().await;
        if let Some((at, answered)) = *last
            && at.elapsed() < FRESH
        {
            return answered;
        }
        let answered = match tokio::time::timeout(PATIENCE, sources.ask()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(code = error.code(), %error, "numbers could not be gathered");
                false
            }
            Err(_) => {
                tracing::warn!("numbers could not be gathered in time");
                false
            }
        };
        *last = Some((Instant::now(), answered));
        answered
    }
}

impl Role {
    /// Whether a part of the server, as health names it, is this role's.
    fn has_part(self, part: &str) -> bool {
        match part {
            "read models" => self == Self::Projections,
            "live feed" => self == Self::LiveFeed,
            "access" => matches!(self, Self::Api | Self::LiveFeed),
            "workflow" => self == Self::Scorers,
            part if part.starts_with("grader-") => self == Self::Scorers,
            role => self.name() == role,
        }
    }
}

/// A position or a count as a number; exact up to 2^53.
#[allow(clippy::cast_precision_loss, reason = "no log gets there")]
fn number(n: u64) -> f64 {
    n as f64
}
