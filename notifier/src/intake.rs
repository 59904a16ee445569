//! What an event means to whom: folds it into the notifier's tables and puts what is to be sent into the outbox, at once.

use chrono::TimeDelta;
use domain::application::{Application, ApplicationEvent};
use domain::decide::Timestamp;
use domain::ids::{ApplicationId, JobId, StreamKind};
use domain::interview::{Interview, InterviewEvent, InterviewStatus};
use domain::job::Job;
use domain::member::{Member, Preferences};
use domain::notification::Rule;
use domain::subscription::{Subscription, SubscriptionEvent, Target};
use event_log::sql::Transaction;
use event_log::subscribe::HandlerError;
use event_log::{LogError, Recorded};
use serde_json::Value;

use crate::rules::{Audience, Notice, Said, notices_of};
use crate::store::{Followers, Queued, Reminder, ReminderOf, Store, SubscriptionRow};
use crate::{NAME, Notifier};

/// How long before an interview it is told of again.
const BEFORE_INTERVIEW: TimeDelta = TimeDelta::hours(24);
/// Events of the past that are read at once.
const BATCH: u32 = 256;
/// Reminders that are told at once.
const REMINDERS: u32 = 64;

/// What is done in one transaction.
#[derive(Default)]
struct Change {
    notices: Vec<Notice>,
    /// The event itself, for webhooks.
    told: Option<Recorded>,
    reminder: Option<Remind>,
    /// Reminders whose time has come.
    done: Vec<Reminder>,
}

/// What an event means for reminders.
enum Remind {
    Of(Reminder),
    NotOf(ReminderOf),
}

async fn note(reminder: &Remind, tx: &mut Transaction) -> Result<(), LogError> {
    match reminder {
        Remind::Of(reminder) => Store::set_reminder(reminder, tx).await,
        Remind::NotOf(of) => Store::forget_reminder(of, tx).await,
    }
}

impl Notifier {
    /// The position up to which nobody is told anything.
    async fn begun(&self) -> Result<u64, LogError> {
        self.begun.get_or_try_init(|| self.begin()).await.copied()
    }

    /// Where tables that are new begin: behind what was handled before, of which only whom to tell is taken in. A notifier that
    /// has handled nothing yet has nothing behind it: all of the log is news.
    async fn begin(&self) -> Result<u64, LogError> {
        if let Some(position) = self.store.begun().await? {
            return Ok(position);
        }
        let log = self.dispatcher.log();
        let (handled, now) = (log.subscriptions.checkpoint(NAME).await?, log.clock.now());
        let mut at = 0;
        while at < handled {
            let limit = u32::try_from(handled - at).unwrap_or(BATCH).min(BATCH);
            let batch = log.store.read_all(at, limit).await?;
            let Some(last) = batch.last() else { break };
            at = last.position;
            // Interviews are still to come; whatever has waited for too long was told before.
            let interviews =
                batch.iter().filter(|event| event.stream.kind == StreamKind::Interview);
            let mut reminders = Vec::new();
            for event in interviews {
                reminders.extend(self.reminder(event).await?);
            }
            let mut tx = self.store.begin_change().await?;
            for event in &batch {
                Store::fold(event, now, &mut tx).await?;
            }
            for reminder in &reminders {
                note(reminder, &mut tx).await?;
            }
            tx.commit().await?;
        }
        self.store.begin(handled).await?;
        Ok(handled)
    }

    pub(crate) async fn take_in(&self, event: &Recorded) -> Result<(), HandlerError> {
        let mut notices = notices_of(event)?;
        for notice in &mut notices {
            self.complete(&mut notice.said).await?;
        }
        for notice in &notices {
            self.sink(notice).await?;
        }
        let news = event.position > self.begun().await?;
        let change = Change {
            notices: if news { notices } else { vec![] },
            told: news.then(|| event.clone()),
            reminder: self.reminder(event).await?,
            done: vec![],
        };
        self.change(change, Some(event)).await?;
        if let Some(range) = replayed(event)? {
            self.replay(event, range).await?;
        }
        Ok(())
    }

    /// Gives a notice to the sinks, of scores only outstanding ones.
    async fn sink(&self, notice: &Notice) -> Result<(), HandlerError> {
        if notice.said.total.is_some_and(|total| total < OUTSTANDING) {
            return Ok(());
        }
        for sink in &self.sinks {
            crate::sink::tell(self.dispatcher.log(), &**sink, notice).await?;
        }
        Ok(())
    }

    /// Whose application it is about, and for which job.
    async fn complete(&self, said: &mut Said) -> Result<(), LogError> {
        let Some(application) = said.application else { return Ok(()) };
        if let Some((candidate, job)) = self.known.application(application).await? {
            (said.candidate, said.job) = (Some(candidate), Some(job));
        }
        Ok(())
    }

    /// Tells the reminders whose time has come, and answers how many there were.
    ///
    /// # Errors
    /// A failure of the machine.
    pub async fn remind(&self) -> Result<usize, HandlerError> {
        let now = self.dispatcher.log().clock.now();
        let due = self.store.due_reminders(now, REMINDERS).await?;
        let count = due.len();
        for reminder in due {
            let mut notices = self.reminded(&reminder, now).await?;
            for notice in &mut notices {
                self.complete(&mut notice.said).await?;
                self.sink(notice).await?;
            }
            let done = vec![reminder];
            self.change(Change { notices, done, ..Change::default() }, None).await?;
        }
        Ok(count)
    }

    async fn change(&self, change: Change, event: Option<&Recorded>) -> Result<(), LogError> {
        let now = self.dispatcher.log().clock.now();
        let about = match &change.told {
            Some(event) => self.about(event).await?,
            None => Said::default(),
        };
        let mut tx = self.store.begin_change().await?;
        if let Some(event) = event {
            Store::fold(event, now, &mut tx).await?;
        }
        let mut queued = Vec::new();
        if change.told.is_some() || !change.notices.is_empty() {
            let followers = Store::followers(&mut tx).await?;
            if let Some(event) = &change.told {
                queued.extend(to_webhooks(&followers, event, &about, now));
            }
            for notice in &change.notices {
                for member in inboxes(&followers, notice) {
                    Store::put_in_inbox(member, notice, &mut tx).await?;
                }
                queued.extend(self.to_send(&followers, notice, now));
            }
        }
        Store::put_in_outbox(&queued, &mut tx).await?;
        if let Some(reminder) = &change.reminder {
            note(reminder, &mut tx).await?;
        }
        for reminder in &change.done {
            Store::reminded(reminder, &mut tx).await?;
        }
        tx.commit().await?;
        self.store.queued.notify_one();
        Ok(())
    }

    /// What an event is about, as far as webhooks ask.
    async fn about(&self, event: &Recorded) -> Result<Said, LogError> {
        let mut said = Said::default();
        match event.stream.kind {
            StreamKind::Application => said.application = Some(ApplicationId(event.stream.id)),
            StreamKind::Interview | StreamKind::Offer => {
                let data: Value = serde_json::from_str(&event.payload).unwrap_or_default();
                said.application = data["application"].as_str().and_then(|id| id.parse().ok());
            }
            StreamKind::Job => said.job = Some(JobId(event.stream.id)),
            _ => {}
        }
        self.complete(&mut said).await?;
        Ok(said)
    }

    /// What a notice leads to through channels that lead out of the program.
    fn to_send(&self, followers: &Followers, notice: &Notice, now: Timestamp) -> Vec<Queued> {
        let event = (notice.event, notice.position);
        let mut queued = Vec::new();
        let email = |recipient: String, at| {
            let rule = Some(notice.rule);
            Queued::new(event, ("email", recipient), rule, notice.said.clone(), at, None)
        };
        if notice.audience == Audience::Recruiters {
            queued.extend(to_slack(followers, notice, now, None));
        }
        if let Audience::Applicant(application) = notice.audience
            && self.settings.email.as_ref().is_some_and(|email| email.applicants)
        {
            queued.push(email(format!("applicant:{application}"), (now, false)));
        }
        if self.settings.email.is_some() {
            for member in inboxes(followers, notice) {
                let preferences = followers.members.iter().find(|(id, _)| *id == member);
                if let Some(at) = preferences.and_then(|(_, p)| p.email_at(now)) {
                    queued.push(email(format!("member:{member}"), at));
                }
            }
        }
        queued
    }

    /// Puts events of the past into the outbox again, as somebody asked.
    async fn replay(&self, asked: &Recorded, (from, to): (u64, u64)) -> Result<(), LogError> {
        let log = self.dispatcher.log();
        let now = log.clock.now();
        // Not what came after somebody asked: that is told anyway.
        let to = to.min(asked.position.saturating_sub(1));
        let mut at = from.saturating_sub(1);
        while at < to {
            let limit = u32::try_from(to - at).unwrap_or(BATCH).min(BATCH);
            let batch = log.store.read_all(at, limit).await?;
            let Some(last) = batch.last() else { break };
            at = last.position;
            let Some(row) = self.store.subscription(asked.stream.id.into()).await? else { break };
            let followers = Followers { subscriptions: vec![row], members: vec![] };
            let mut queued = Vec::new();
            for event in batch.iter().filter(|event| !event.kind.starts_with("notification.")) {
                let about = self.about(event).await?;
                let webhooks = to_webhooks(&anew(&followers), event, &about, now);
                queued.extend(webhooks.into_iter().map(|q| again(q, asked)));
                for mut notice in notices_of(event)? {
                    self.complete(&mut notice.said).await?;
                    if notice.audience == Audience::Recruiters {
                        queued.extend(to_slack(&followers, &notice, now, Some(asked)));
                    }
                }
            }
            let mut tx = self.store.begin_change().await?;
            Store::put_in_outbox(&queued, &mut tx).await?;
            tx.commit().await?;
            self.store.queued.notify_one();
        }
        Ok(())
    }

    /// The reminder that an event sets; or of what it leaves none.
    async fn reminder(&self, event: &Recorded) -> Result<Option<Remind>, LogError> {
        let at = |of, due: Option<Timestamp>| match due {
            Some(due) => {
                Remind::Of(Reminder { of, due, event: event.event_id, position: event.position })
            }
            None => Remind::NotOf(of),
        };
        match event.stream.kind {
            StreamKind::Interview => {
                let (InterviewEvent::InterviewScheduled { slot, .. }
                | InterviewEvent::InterviewRescheduled { to: slot, .. }) =
                    event.decode::<Interview>()?
                else {
                    return Ok(None);
                };
                let due = slot.start - BEFORE_INTERVIEW;
                // Whoever arranges one for today needs no reminder.
                let due = Some(due).filter(|due| *due > event.occurred_at);
                Ok(Some(at(ReminderOf::Interview(event.stream.id.into()), due)))
            }
            StreamKind::Application => {
                let stage = match event.decode::<Application>()? {
                    ApplicationEvent::ApplicationSubmitted { .. } => None,
                    ApplicationEvent::StageChanged { to, .. } => Some(to.id),
                    _ => return Ok(None),
                };
                let id = ApplicationId(event.stream.id);
                let Some((_, job)) = self.known.application(id).await? else { return Ok(None) };
                let days = self.allowed(job, stage.as_deref()).await?;
                let due = days.map(|days| event.occurred_at + TimeDelta::days(days.into()));
                Ok(Some(at(ReminderOf::Stage(id), due)))
            }
            _ => Ok(None),
        }
    }

    /// The days that an application may stay in a stage; `None` as a stage is the first one.
    async fn allowed(&self, job: JobId, stage: Option<&str>) -> Result<Option<u32>, LogError> {
        let (job, _) = self.dispatcher.load::<Job>(job.0).await?;
        let found = match stage {
            Some(id) => job.pipeline.iter().find(|stage| stage.id == id),
            None => job.pipeline.first(),
        };
        Ok(found.and_then(|stage| stage.sla_days))
    }

    /// What is told when a reminder's time has come; nothing, when it is otherwise by now.
    async fn reminded(&self, reminder: &Reminder, now: Timestamp) -> Result<Vec<Notice>, LogError> {
        let notice = |audience, rule, said: Said| Notice {
            event: reminder.event,
            position: reminder.position,
            at: now,
            audience,
            rule,
            said,
        };
        match reminder.of {
            ReminderOf::Interview(id) => {
                let (interview, _) = self.dispatcher.load::<Interview>(id.0).await?;
                let (Some(known), Some(slot)) = (interview.known, interview.slot) else {
                    return Ok(vec![]);
                };
                let stands = interview.status == InterviewStatus::Scheduled
                    && slot.start - BEFORE_INTERVIEW == reminder.due
                    && now < slot.start;
                if !stands {
                    return Ok(vec![]);
                }
                let at = slot.start.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
                let said = Said {
                    text: format!("interview {id} of application {} is at {at}", known.application),
                    application: Some(known.application),
                    when: Some(slot.start),
                    ..Said::default()
                };
                let everybody = interview.panel.iter().map(|member| Audience::Member(*member));
                let everybody = everybody.chain([Audience::Applicant(known.application)]);
                Ok(everybody
                    .map(|who| notice(who, Rule::InterviewTomorrow, said.clone()))
                    .collect())
            }
            ReminderOf::Stage(id) => {
                let (application, _) = self.dispatcher.load::<Application>(id.0).await?;
                let standing = &application.standing;
                if !standing.status.is_active() || standing.on_hold {
                    return Ok(vec![]);
                }
                // A reminder of another stage was replaced when it moved on.
                let stage = standing.stage.as_ref().map_or("the first stage", |stage| &stage.id);
                let text =
                    format!("application {id} has been in {stage} for longer than it should");
                let said = Said { text, application: Some(id), ..Said::default() };
                Ok(vec![notice(Audience::Recruiters, Rule::SlaBreached, said)])
            }
        }
    }
}

/// A total from which sinks are told.
const OUTSTANDING: f64 = 80.0;

/// The positions that somebody asked to be told again.
fn replayed(event: &Recorded) -> Result<Option<(u64, u64)>, LogError> {
    if event.stream.kind != StreamKind::Subscription {
        return Ok(None);
    }
    Ok(match event.decode::<Subscription>()? {
        SubscriptionEvent::ReplayRequested { from, to } => Some((from, to)),
        _ => None,
    })
}

/// A subscription as if it had been there from the beginning.
fn anew(followers: &Followers) -> Followers {
    let since = |row: &SubscriptionRow| SubscriptionRow { since: 0, ..row.clone() };
    Followers {
        subscriptions: followers.subscriptions.iter().map(since).collect(),
        members: vec![],
    }
}

fn again(queued: Queued, asked: &Recorded) -> Queued {
    let Queued { of, said, due, .. } = queued;
    let to = (of.channel.as_str(), of.recipient);
    Queued::new((of.event, of.position), to, None, said, (due, false), Some(asked.event_id))
}

fn to_webhooks(
    followers: &Followers,
    event: &Recorded,
    about: &Said,
    now: Timestamp,
) -> Vec<Queued> {
    let wanted = followers.subscriptions.iter().filter(|row| {
        matches!(row.target, Target::Webhook { .. })
            && row.since < event.position
            && row.filter.wants_event(&event.kind)
            && row.filter.job.is_none_or(|job| about.job == Some(job))
            // What the system says of itself is for whoever asks for it by name.
            && event.stream.kind != StreamKind::Notification
    });
    let queued = wanted.map(|row| {
        let recipient = format!("subscription:{}", row.subscription);
        let event = (event.event_id, event.position);
        Queued::new(event, ("webhook", recipient), None, about.clone(), (now, false), None)
    });
    queued.collect()
}

fn to_slack(
    followers: &Followers,
    notice: &Notice,
    now: Timestamp,
    asked: Option<&Recorded>,
) -> Vec<Queued> {
    let wanted = followers.subscriptions.iter().filter(|row| {
        let filter = &row.filter;
        let total = notice.said.total.zip(filter.min_score);
        matches!(row.target, Target::SlackHook { .. } | Target::SlackChannel { .. })
            && (asked.is_some() || row.since < notice.position)
            && filter.wants_rule(notice.rule)
            && filter.job.is_none_or(|job| notice.said.job == Some(job))
            && total.is_none_or(|(total, least)| total >= f64::from(least))
    });
    let queued = wanted.map(|row| {
        let recipient = format!("subscription:{}", row.subscription);
        let event = (notice.event, notice.position);
        let said = notice.said.clone();
        let again = asked.map(|asked| asked.event_id);
        Queued::new(event, ("slack", recipient), Some(notice.rule), said, (now, false), again)
    });
    queued.collect()
}

/// Who is told of a notice in the program.
fn inboxes(followers: &Followers, notice: &Notice) -> Vec<domain::ids::MemberId> {
    match notice.audience {
        Audience::Member(member) => vec![member],
        Audience::Applicant(_) => vec![],
        Audience::Recruiters => {
            let follows = |(_, p): &&(_, Preferences)| {
                let Said { job, total, .. } = notice.said;
                p.follow.contains(&notice.rule)
                    && (p.jobs.is_empty() || job.is_some_and(|job| p.jobs.contains(&job)))
                    && total.zip(p.min_score).is_none_or(|(total, least)| total >= f64::from(least))
            };
            followers.members.iter().filter(follows).map(|(member, _)| *member).collect()
        }
    }
}

impl Store {
    /// Folds what an event says of whom to tell.
    async fn fold(event: &Recorded, now: Timestamp, tx: &mut Transaction) -> Result<(), LogError> {
        match event.stream.kind {
            StreamKind::Subscription => {
                let happened = event.decode::<Subscription>()?;
                Self::fold_subscription(&happened, event, tx).await
            }
            StreamKind::Member => {
                let happened = event.decode::<Member>()?;
                Self::fold_member(&happened, event, tx).await
            }
            StreamKind::Notification => Self::requeue(event.stream.id, now, tx).await,
            _ => Ok(()),
        }
    }
}
