//! One connection's way through the log: its position, its filter, and what ends it.

use std::collections::HashSet;
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use domain::ids::JobId;
use event_log::LogError;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval_at};
use web::access::Caller;
use web::guard::Guard;

use super::hub::Hub;
use super::view::Viewer;

/// Silence after which a heartbeat tells that the line is alive.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// What a connection asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Events about this job and its applications only.
    pub job: Option<JobId>,
    /// Events of these types only; none: of every type.
    pub types: HashSet<String>,
}

/// A connection's way through the log.
pub struct Follower {
    hub: Hub,
    guard: Guard,
    caller: Caller,
    viewer: Viewer,
    filter: Filter,
    at: u64,
    head: watch::Receiver<u64>,
    access: watch::Receiver<u64>,
    stop: watch::Receiver<bool>,
    beat: Interval,
    _counted: Counted,
}

/// A connection, for as long as it is counted as one.
struct Counted;

impl Counted {
    fn one() -> Self {
        metrics::gauge!("hiresphere_live_connections").increment(1);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("hiresphere_live_connections").decrement(1);
    }
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// An event. Everything before it was told or was not for this connection.
    Event {
        /// Its position.
        position: u64,
        /// The message, as JSON.
        text: Utf8Bytes,
    },
    /// Nothing for a while; everything up to here was told.
    Heartbeat(u64),
    /// The end, and why.
    End(End),
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum End {
    /// The token was revoked, or the person erased. Coming back with the same token is refused.
    Revoked,
    /// The server goes down; come back behind the last position.
    GoingAway,
    /// The reader did not keep reading; come back behind the last position.
    TooSlow,
    /// The server failed; come back behind the last position, and wait longer each time.
    #[serde(rename = "INTERNAL")]
    Failed,
}

impl End {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Revoked, Self::TooSlow, Self::GoingAway, Self::Failed];

    /// WebSocket close code: 1001 and 1011 of RFC 6455, 4000 and above are ours.
    pub fn close_code(self) -> u16 {
        match self {
            Self::Revoked => 4401,
            Self::TooSlow => 4408,
            Self::GoingAway => 1001,
            Self::Failed => 1011,
        }
    }

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Revoked => "REVOKED",
            Self::GoingAway => "GOING_AWAY",
            Self::TooSlow => "TOO_SLOW",
            Self::Failed => "INTERNAL",
        }
    }
}

impl Follower {
    /// Follows from behind a position.
    pub fn new(
        hub: Hub,
        guard: Guard,
        (caller, viewer): (Caller, Viewer),
        filter: Filter,
        after: u64,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let mut beat = interval_at(tokio::time::Instant::now() + HEARTBEAT, HEARTBEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (head, access) = (hub.head(), guard.tokens().changes());
        let _counted = Counted::one();
        Self { hub, guard, caller, viewer, filter, at: after, head, access, stop, beat, _counted }
    }

    /// Everything up to here was told.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// What comes next; all of what is there already, at most one batch.
    pub async fn next(&mut self) -> Vec<Next> {
        match self.step().await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, "a live connection failed");
                vec![Next::End(End::Failed)]
            }
        }
    }

    async fn step(&mut self) -> Result<Vec<Next>, LogError> {
        loop {
            if *self.stop.borrow() {
                return Ok(vec![Next::End(End::GoingAway)]);
            }
            if self.access.has_changed().unwrap_or(false)
                && let Some(end) = self.revoked().await
            {
                return Ok(vec![Next::End(end)]);
            }
            self.head.mark_unchanged();
            let events = self.hub.after(self.at).await?;
            if let Some(last) = events.last().map(|kept| kept.event.position) {
                let mut told = Vec::new();
                for kept in &events {
                    if self.viewer.ends_with(&kept.event) {
                        told.push(Next::End(End::Revoked));
                        return Ok(told);
                    }
                    // The viewer first: what they may see can change with an event that the filter keeps back.
                    if let Some(text) = kept.message(&mut self.viewer)?
                        && self.wanted(&kept.event).await?
                    {
                        told.push(Next::Event { position: kept.event.position, text });
                    }
                }
                self.at = last;
                if !told.is_empty() {
                    self.beat.reset();
                    return Ok(told);
                }
                continue;
            }
            let silent = tokio::select! {
                // A sender that is gone: the server goes down.
                gone = self.head.changed() => {
                    if gone.is_err() {
                        return Ok(vec![Next::End(End::GoingAway)]);
                    }
                    false
                }
                _ = self.access.changed() => {
                    self.access.mark_changed();
                    false
                }
                _ = self.stop.wait_for(|stop| *stop) => false,
                _ = self.beat.tick() => true,
            };
            if silent {
                // An applicant's right ends with their key, which no file of tokens tells.
                let ended = self.revoked().await.map(Next::End);
                return Ok(vec![ended.unwrap_or(Next::Heartbeat(self.at))]);
            }
        }
    }

    /// Resolves when the caller may no longer stay.
    pub async fn until_revoked(&mut self) -> End {
        loop {
            if self.access.changed().await.is_err() {
                return End::GoingAway;
            }
            if let Some(end) = self.revoked().await {
                return end;
            }
        }
    }

    /// Why the caller may no longer stay, if so.
    async fn revoked(&mut self) -> Option<End> {
        self.access.mark_unchanged();
        // A question that cannot be answered lets nobody stay.
        let stands = self.guard.stands(&self.caller).await.unwrap_or(false);
        (!stands).then_some(End::Revoked)
    }

    async fn wanted(&self, event: &event_log::Recorded) -> Result<bool, LogError> {
        if !self.filter.types.is_empty() && !self.filter.types.contains(&event.kind) {
            return Ok(false);
        }
        match self.filter.job {
            None => Ok(true),
            Some(job) => Ok(self.hub.job_of(event).await? == Some(job)),
        }
    }
}
