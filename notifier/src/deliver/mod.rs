//! Sends what is in the outbox, and records in the log what became of it.
//!
//! One process at a time does. Of each lane one message is under way; several lanes are sent at once, but no more to one target
//! than it can take. A message that did not get through is tried again after a pause that grows; so is its target, so that one that
//! is away costs an attempt now and then and nobody else anything.

mod content;
mod email;
mod slack;
mod webhook;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::actor::Actor;
use domain::decide::Timestamp;
use domain::ids::SubscriptionId;
use domain::notification::{Notification, NotificationCommand};
use domain::subscription::{DisabledBecause, Subscription, SubscriptionCommand, Target};
use event_log::{DispatchError, Dispatcher, Envelope, LogError};
use futures::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use slack::ClickAnswers;
pub use webhook::signing_secret;

use self::email::Email;
use self::slack::Slack;
use self::webhook::Webhooks;
use crate::Notifier;
use crate::known::Known;
use crate::settings::{Settings, SettingsError};
use crate::store::{Finished, Outcome, Queued, Store, SubscriptionRow};

/// Messages under way at once.
const AT_ONCE: usize = 64;
/// Likewise, to one target.
const TO_WEBHOOK: usize = 16;
const TO_MAIL: usize = 4;
/// Slack takes about one a second, and what is under way when a process dies may have got through.
const TO_SLACK: usize = 2;
/// Messages that are marked as being sent at once.
const TAKEN: usize = 8;
/// How often a message is tried: with the pauses between, some four hours.
const ATTEMPTS: u32 = 12;
/// The first pause before a message is tried again, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);
/// Likewise, before its target is.
const FIRST_TARGET_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_TARGET_PAUSE: Duration = Duration::from_secs(600);
/// A subscription that nothing got through to for so long is disabled.
const FAILING_FOR: TimeDelta = TimeDelta::hours(24);
/// How often it is looked for what nobody here was told of.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// What is written to the history at once.
const RECORD: u32 = 64;

/// How sending ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The channel took it.
    Yes,
    /// It did not get through. `asked` is a pause that was asked for; `uncertain` when it may have got through nonetheless.
    Failed { reason: String, asked: Option<Duration>, uncertain: bool },
    /// It did not get through and never will, for what it is.
    Refused { reason: String },
    /// There is nobody to tell any more.
    Nobody { reason: String },
    /// The target is gone for good.
    Gone,
}

/// Sends what is in the outbox.
pub struct Deliverer {
    dispatcher: Dispatcher,
    store: Store,
    channels: Arc<Channels>,
}

/// The channels, and what they look up.
struct Channels {
    webhooks: Webhooks,
    slack: Slack,
    email: Option<Email>,
    store: Store,
    known: Known,
    settings: Arc<Settings>,
}

impl Deliverer {
    /// A deliverer of what is in a store.
    ///
    /// # Errors
    /// When the settings cannot work.
    pub fn new(
        dispatcher: Dispatcher,
        store: Store,
        settings: Arc<Settings>,
    ) -> Result<Self, SettingsError> {
        let channels = Channels {
            webhooks: Webhooks::new(dispatcher.log().clone(), settings.private_webhooks)?,
            slack: Slack::new(&settings.slack)?,
            email: settings.email.as_ref().map(Email::new).transpose()?,
            store: store.clone(),
            known: Known::new(dispatcher.clone()),
            settings,
        };
        Ok(Self { dispatcher, store, channels: Arc::new(channels) })
    }

    /// Sends, and reminds, until `stop` becomes true or its sender is gone: what is under way then is waited for.
    ///
    /// # Errors
    /// A failure of the machine.
    pub async fn run(
        &self,
        notifier: &Notifier,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), LogError> {
        let mut work = Work::begin(self).await?;
        loop {
            match notifier.remind().await {
                Ok(_) => {}
                Err(event_log::subscribe::HandlerError::Log(error)) => return Err(error),
                Err(error) => tracing::warn!(%error, "a reminder waits"),
            }
            work.fill().await?;
            work.record().await?;
            tokio::select! {
                ended = work.sending.join_next(), if !work.sending.is_empty() => {
                    work.ended(ended).await?;
                }
                () = self.store.queued.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = asked_to(&mut stop) => break,
            }
        }
        while let Some(ended) = work.sending.join_next().await {
            work.ended(Some(ended)).await?;
        }
        work.record().await
    }

    /// Sends what is due, and what becomes due by that, and answers how many messages there were.
    ///
    /// # Errors
    /// A failure of the machine.
    pub async fn drain(&self) -> Result<u64, LogError> {
        let mut work = Work::begin(self).await?;
        let mut sent = 0;
        loop {
            sent += work.fill().await?;
            let Some(ended) = work.sending.join_next().await else { break };
            work.ended(Some(ended)).await?;
        }
        work.record().await?;
        Ok(sent)
    }
}

async fn asked_to(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same as one that says so.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What is under way.
struct Work<'d> {
    of: &'d Deliverer,
    sending: JoinSet<(Vec<Queued>, Sent)>,
    /// How much is under way to each target, and how much may be.
    busy: HashMap<String, (usize, usize)>,
}

impl<'d> Work<'d> {
    async fn begin(of: &'d Deliverer) -> Result<Self, LogError> {
        let uncertain = of.store.take_over().await?;
        if uncertain > 0 {
            tracing::info!(
                uncertain,
                "was being sent when the one before ended; sent again, marked"
            );
        }
        Ok(Self { of, sending: JoinSet::new(), busy: HashMap::new() })
    }

    /// Begins to send what may be sent, and answers how much that is.
    async fn fill(&mut self) -> Result<u64, LogError> {
        let mut begun = 0;
        while self.sending.len() < AT_ONCE {
            let most = (AT_ONCE - self.sending.len()).min(TAKEN);
            let most = u32::try_from(most).unwrap_or(1);
            let now = self.of.dispatcher.log().clock.now();
            let taken = self.of.store.take(now, &self.busy, room, most).await?;
            if taken.is_empty() {
                break;
            }
            for messages in taken {
                let Some(first) = messages.first() else { continue };
                let busy = self.busy.entry(first.target().to_owned());
                busy.or_insert((0, room(first))).0 += 1;
                begun += 1;
                let channels = self.of.channels.clone();
                self.sending.spawn(async move {
                    let sent = channels.send(&messages).await;
                    (messages, sent)
                });
            }
        }
        Ok(begun)
    }

    /// Takes note of how one, and every other that is done by now, ended.
    async fn ended(
        &mut self,
        first: Option<Result<(Vec<Queued>, Sent), tokio::task::JoinError>>,
    ) -> Result<(), LogError> {
        let mut finished = Vec::new();
        let mut next = first;
        while let Some(ended) = next {
            let (messages, sent) = ended.map_err(|e| LogError::Io {
                doing: "send a notification",
                problem: e.to_string(),
            })?;
            if let Some(first) = messages.first() {
                if let Some((count, _)) = self.busy.get_mut(first.target()) {
                    *count = count.saturating_sub(1);
                }
                let outcome = self.outcome(first, sent).await?;
                count_outcome(first, &outcome);
                let ids = messages.iter().map(|m| m.of.notification).collect();
                finished.push(Finished { ids, target: first.target().to_owned(), outcome });
            }
            next = self.sending.try_join_next();
        }
        self.busy.retain(|_, (count, _)| *count > 0);
        let now = self.of.dispatcher.log().clock.now();
        self.of.store.finish(&finished, now).await
    }

    /// What follows from how sending ended, for the message and its target.
    async fn outcome(&self, message: &Queued, sent: Sent) -> Result<Outcome, LogError> {
        let (store, now) = (&self.of.store, self.of.dispatcher.log().clock.now());
        let target = message.target();
        Ok(match sent {
            Sent::Yes => Outcome::Sent,
            Sent::Nobody { reason } => Outcome::Dropped { reason },
            Sent::Refused { reason } => Outcome::Parked { reason },
            Sent::Gone => {
                self.disable(message, DisabledBecause::Gone).await?;
                Outcome::Parked { reason: "GONE".into() }
            }
            Sent::Failed { reason, asked, uncertain } => {
                let failures = store.failures(target).await?;
                let pause = match asked {
                    // Whoever asks for none gets some.
                    Some(asked) => asked.max(FIRST_TARGET_PAUSE),
                    None => growing(FIRST_TARGET_PAUSE, failures, LONGEST_TARGET_PAUSE),
                };
                let since = store.pause(target, now + pause, now).await?;
                if now - since >= FAILING_FOR {
                    self.disable(message, DisabledBecause::Failing).await?;
                }
                // Twice over is enough where the other side cannot tell.
                let too_often = uncertain && message.uncertain > 0 && !remembers(message);
                if too_often {
                    Outcome::Parked { reason: "OUTCOME_UNKNOWN".into() }
                } else if message.attempts >= ATTEMPTS && asked.is_none() {
                    Outcome::Parked { reason }
                } else {
                    let after = growing(FIRST_PAUSE, message.attempts - 1, LONGEST_PAUSE);
                    Outcome::Again { reason, after: asked.map_or(after, |_| pause), uncertain }
                }
            }
        })
    }

    /// Disables a subscription that nothing gets through to.
    async fn disable(&self, message: &Queued, reason: DisabledBecause) -> Result<(), LogError> {
        let Some(id) = subscription_of(message) else { return Ok(()) };
        let order = SubscriptionCommand::DisableSubscription { reason };
        let envelope = Envelope::new(id, order, Actor::system("notifier"));
        dispatched(self.of.dispatcher.dispatch::<Subscription>(envelope).await)
    }

    /// Writes what ended to the history.
    async fn record(&self) -> Result<(), LogError> {
        loop {
            let ended = self.of.store.unrecorded(RECORD).await?;
            if ended.is_empty() {
                return Ok(());
            }
            let recording = ended.iter().map(|(message, outcome)| {
                let (of, attempts) = (message.of.clone(), message.attempts);
                let order = match outcome {
                    Outcome::Sent => {
                        let repeated = message.uncertain > 0;
                        NotificationCommand::RecordSent { of, attempts, repeated }
                    }
                    Outcome::Again { reason, .. }
                    | Outcome::Parked { reason }
                    | Outcome::Dropped { reason } => {
                        let reason = reason.clone();
                        NotificationCommand::RecordFailed { of, attempts, reason }
                    }
                };
                let actor = Actor::system("notifier");
                let mut envelope = Envelope::new(message.of.notification, order, actor);
                envelope.causation_id = Some(message.of.event);
                self.of.dispatcher.dispatch::<Notification>(envelope)
            });
            for recorded in join_all(recording).await {
                dispatched(recorded)?;
            }
            let ids: Vec<_> = ended.iter().map(|(message, _)| message.of.notification).collect();
            self.of.store.recorded(&ids).await?;
        }
    }
}

impl Channels {
    /// Sends a message, or several in one. Whatever could not be looked up is tried again.
    async fn send(&self, messages: &[Queued]) -> Sent {
        let Some(first) = messages.first() else {
            return Sent::Nobody { reason: "NOTHING_TO_TELL".into() };
        };
        // A process before may have sent it twice by now.
        if first.uncertain > 1 && !remembers(first) {
            return Sent::Refused { reason: "OUTCOME_UNKNOWN".into() };
        }
        match self.try_send(first, messages).await {
            Ok(sent) => sent,
            Err(error) => {
                let reason = error.code().to_owned();
                Sent::Failed { reason, asked: Some(FIRST_PAUSE), uncertain: false }
            }
        }
    }

    async fn try_send(&self, first: &Queued, messages: &[Queued]) -> Result<Sent, LogError> {
        if first.of.channel == "email" {
            let Some(email) = &self.email else {
                return Ok(Sent::Refused { reason: "NO_EMAIL_SETTINGS".into() });
            };
            return email.send(self, messages).await;
        }
        let Some(row) = self.subscription(first).await? else {
            return Ok(Sent::Nobody { reason: "NO_SUBSCRIPTION".into() });
        };
        match &row.target {
            Target::Webhook { url } => self.webhooks.send(url, &row, first).await,
            Target::SlackHook { personal } => self.slack.send(self, None, *personal, first).await,
            Target::SlackChannel { channel, personal } => {
                self.slack.send(self, Some(channel), *personal, first).await
            }
        }
    }

    async fn subscription(&self, message: &Queued) -> Result<Option<SubscriptionRow>, LogError> {
        match subscription_of(message) {
            Some(id) => self.store.subscription(id).await,
            None => Ok(None),
        }
    }
}

fn subscription_of(message: &Queued) -> Option<SubscriptionId> {
    message.of.recipient.strip_prefix("subscription:")?.parse().ok()
}

/// Whether the other side can tell by the message's id that it has it already.
fn remembers(message: &Queued) -> bool {
    message.of.channel == "webhook"
}

/// How much may be under way where a message goes.
fn room(message: &Queued) -> usize {
    match message.of.channel.as_str() {
        "email" => TO_MAIL,
        "slack" => TO_SLACK,
        _ => TO_WEBHOOK,
    }
}

/// A pause that doubles each time.
fn growing(first: Duration, times: u32, longest: Duration) -> Duration {
    first.saturating_mul(1 << times.min(20)).min(longest)
}

fn dispatched<T>(done: Result<T, DispatchError>) -> Result<(), LogError> {
    match done {
        Ok(_) => Ok(()),
        // It is otherwise by now, and the history says so.
        Err(DispatchError::Refused(refusal)) => {
            tracing::warn!(%refusal, "the notifier was refused");
            Ok(())
        }
        Err(DispatchError::Log(error)) => Err(error),
    }
}

fn count_outcome(message: &Queued, outcome: &Outcome) {
    let outcome = match outcome {
        Outcome::Sent => "sent",
        Outcome::Again { .. } => "again",
        Outcome::Parked { .. } => "parked",
        Outcome::Dropped { .. } => "dropped",
    };
    let channel = message.of.channel.clone();
    metrics::counter!("hiresphere_notifications_total", "channel" => channel, "outcome" => outcome)
        .increment(1);
}

/// Seconds of a `Retry-After`, or of the time that it names.
fn retry_after(headers: &reqwest::header::HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(reqwest::header::RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds.min(86_400)));
    }
    let at = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    (at.with_timezone(&chrono::Utc) - now)
        .to_std()
        .ok()
        .map(|pause| pause.min(Duration::from_secs(86_400)))
}
