//! The outbox: what waits to be told to somebody through a channel, and what became of it.
//!
//! A row is made in the transaction that notes why, under an id made of what is told, to whom and how: the same is never there
//! twice. Before it is sent it is marked as being sent, so that whoever comes after a crash knows that it may have got
//! through. Of one lane (a recipient and an application) one row is sent at a time, in the log's order.

use std::collections::HashMap;

use domain::decide::Timestamp;
use domain::ids::{ApplicationId, EventId, NotificationId, SubscriptionId};
use domain::notification::{Dispatch, Rule};
use event_log::LogError;
use event_log::sql::{Row, Transaction, query};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Store, from_json, json, number, parsed, parsed_if_any, signed, time};
use crate::rules::Said;

/// What became of a delivery, so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It waits for its turn, or to be tried again.
    Queued,
    /// It is being sent.
    Sending,
    /// The channel took it.
    Sent,
    /// It was given up; it can be requeued.
    Parked,
    /// There is nobody to tell any more.
    Dropped,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Queued, Self::Sending, Self::Sent, Self::Parked, Self::Dropped];

    /// The name used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Parked => "parked",
            Self::Dropped => "dropped",
        }
    }
}

impl std::str::FromStr for DeliveryState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no state: queued, sending, sent, parked, dropped"))
    }
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct DeliveryRow {
    /// Its id, also that of its stream in the history.
    pub notification: NotificationId,
    /// The event that is told.
    pub event: EventId,
    /// Where that event is in the log.
    pub position: u64,
    /// `slack`, `email`, `webhook`.
    pub channel: String,
    /// `subscription:ID`, `member:ID`, or `applicant:ID` of an application.
    pub recipient: String,
    /// Why it is told; a webhook is told the event itself.
    pub rule: Option<Rule>,
    /// The application that it is about.
    pub application: Option<ApplicationId>,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether an attempt may have got through without anybody knowing; the next one is marked as a repeat.
    pub may_repeat: bool,
    /// When it was put there.
    pub queued_at: Timestamp,
    /// When it is tried next.
    pub due: Timestamp,
    /// When it was sent, parked or dropped.
    pub finished_at: Option<Timestamp>,
    /// A code: why it is not sent.
    pub reason: Option<String>,
}

/// Which deliveries are asked for.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// In this state.
    pub state: Option<DeliveryState>,
    /// To this subscription.
    pub subscription: Option<SubscriptionId>,
    /// About this application.
    pub application: Option<ApplicationId>,
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Queued {
    pub(crate) of: Dispatch,
    pub(crate) said: Said,
    /// Together with others that are due then, in one message.
    pub(crate) digest: bool,
    pub(crate) due: Timestamp,
    pub(crate) queued_at: Timestamp,
    pub(crate) attempts: u32,
    /// How many attempts may have got through without anybody knowing.
    pub(crate) uncertain: u32,
}

impl Queued {
    /// Something new to be sent; `again` tells what is sent again on purpose from what was sent before.
    pub(crate) fn new(
        (event, position): (EventId, u64),
        (channel, recipient): (&str, String),
        rule: Option<Rule>,
        said: Said,
        (due, digest): (Timestamp, bool),
        again: Option<EventId>,
    ) -> Self {
        let rule = rule.map(|rule| rule.as_str().to_owned());
        let notification = id_of(event, channel, &recipient, rule.as_deref(), again);
        let application = said.application;
        let channel = channel.to_owned();
        let of = Dispatch { notification, event, position, channel, recipient, rule, application };
        Self { of, said, digest, due, queued_at: due, attempts: 0, uncertain: 0 }
    }

    /// What is kept in order: everything that is told to somebody of one application.
    pub(crate) fn lane(&self) -> String {
        match (&self.of.application, self.of.channel.as_str()) {
            // A person reads one mailbox.
            (_, "email") | (None, _) => self.of.recipient.clone(),
            (Some(application), _) => format!("{}/{application}", self.of.recipient),
        }
    }

    /// What is paused as a whole when it fails or asks for patience: a subscription's end, or the server that takes e-mail.
    pub(crate) fn target(&self) -> &str {
        if self.of.channel == "email" { "email" } else { &self.of.recipient }
    }
}

/// The id of telling an event to a recipient through a channel.
fn id_of(
    event: EventId,
    channel: &str,
    recipient: &str,
    rule: Option<&str>,
    again: Option<EventId>,
) -> NotificationId {
    let again = again.map(|again| again.to_string()).unwrap_or_default();
    let rule = rule.unwrap_or_default();
    let what = format!("hiresphere/notification/1|{event}|{channel}|{recipient}|{rule}|{again}");
    let digest = Sha256::digest(what);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    // RFC 9562, version 8: made by a rule of our own.
    NotificationId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The channel took it.
    Sent,
    /// It did not get through, or nobody knows whether it did; once more, later.
    Again { reason: String, after: std::time::Duration, uncertain: bool },
    /// It never will.
    Parked { reason: String },
    /// There is nobody to tell any more.
    Dropped { reason: String },
}

/// An attempt that ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) ids: Vec<NotificationId>,
    pub(crate) target: String,
    pub(crate) outcome: Outcome,
}

/// Puts something into the outbox, unless it is or was there.
pub(super) async fn put(queued: &Queued, tx: &mut Transaction) -> Result<(), LogError> {
    let sql = "INSERT INTO outbox VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'queued', 0, 0, $12, \
               $13, NULL, NULL, 1) ON CONFLICT (id) DO NOTHING";
    query(sql)
        .bind(queued.of.notification.to_string())
        .bind(signed(queued.of.position))
        .bind(queued.of.event.to_string())
        .bind(queued.of.channel.as_str())
        .bind(queued.of.recipient.as_str())
        .bind(queued.lane())
        .bind(queued.target())
        .bind(queued.of.rule.as_deref())
        .bind(json(&queued.said)?)
        .bind(queued.of.application.map(|id| id.to_string()))
        .bind(i64::from(queued.digest))
        .bind(time(queued.queued_at))
        .bind(time(queued.due))
        .execute(tx)
        .await?;
    Ok(())
}

impl Store {
    /// What a notifier before this one was sending may have got through: nobody knows.
    pub(crate) async fn take_over(&self) -> Result<u64, LogError> {
        let sql =
            "UPDATE outbox SET state = 'queued', uncertain = uncertain + 1 WHERE state = 'sending'";
        query(sql).execute(&self.pool).await
    }

    /// What may be sent now, marked as being sent: of each lane the first, to nobody who asked for patience, to whoever was
    /// not reached lately one alone, and no more to one target than there is room for. What is due together in one message comes as one.
    pub(crate) async fn take(
        &self,
        now: Timestamp,
        busy: &HashMap<String, (usize, usize)>,
        room: fn(&Queued) -> usize,
        most: u32,
    ) -> Result<Vec<Vec<Queued>>, LogError> {
        let mut tx = self.pool.begin().await?;
        let dialect = tx.dialect();
        let full = busy.iter().filter(|(_, (count, room))| count >= room);
        let full = json(&full.map(|(target, _)| target).collect::<Vec<_>>())?;
        let among = dialect.texts("$3");
        let sql = format!(
            "SELECT o.* FROM outbox o WHERE o.state = 'queued' AND o.due <= $1 \
             AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.lane = o.lane AND e.state IN ('queued', 'sending') \
                 AND (e.position < o.position OR (e.position = o.position AND e.id < o.id))) \
             AND NOT EXISTS (SELECT 1 FROM targets t WHERE t.target = o.target AND t.paused_until > $1) \
             AND NOT EXISTS (SELECT 1 FROM targets t WHERE t.target = o.target AND EXISTS \
                 (SELECT 1 FROM outbox e WHERE e.target = o.target AND (e.state = 'sending' OR (e.state = 'queued' \
                 AND e.due <= $1 AND (e.position < o.position OR (e.position = o.position AND e.id < o.id)))))) \
             AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.disabled IS NOT NULL AND s.recipient = o.recipient) \
             AND o.target NOT IN (SELECT value FROM {among}) \
             ORDER BY o.due, o.position, o.id LIMIT $2"
        );
        let rows = query(&sql).bind(time(now)).bind(i64::from(most)).bind(full);
        let mut taken: Vec<Vec<Queued>> = Vec::new();
        for row in rows.fetch_all(&mut tx).await? {
            let first = queued(&row)?;
            let same = |other: &&Vec<Queued>| other.iter().any(|o| o.target() == first.target());
            let here = busy.get(first.target()).map_or(0, |(count, _)| *count);
            if here + taken.iter().filter(same).count() >= room(&first) {
                continue;
            }
            if !first.digest {
                taken.push(vec![first]);
                continue;
            }
            let sql = "SELECT * FROM outbox WHERE recipient = $1 AND digest = 1 AND state = 'queued' \
                       AND due <= $2 ORDER BY position, id";
            let all = query(sql).bind(first.of.recipient.as_str()).bind(time(now));
            let all = all.fetch_all(&mut tx).await?;
            taken.push(all.iter().map(queued).collect::<Result<_, _>>()?);
        }
        let ids: Vec<String> =
            taken.iter().flatten().map(|q| q.of.notification.to_string()).collect();
        if !ids.is_empty() {
            let (among, ids) = dialect.one_of("id", "$1", &ids);
            let sql = format!(
                "UPDATE outbox SET state = 'sending', attempts = attempts + 1 WHERE {among}"
            );
            query(&sql).bind(ids).execute(&mut tx).await?;
        }
        tx.commit().await?;
        for taken in taken.iter_mut().flatten() {
            taken.attempts += 1;
        }
        Ok(taken)
    }

    /// Notes how attempts ended.
    pub(crate) async fn finish(
        &self,
        finished: &[Finished],
        now: Timestamp,
    ) -> Result<(), LogError> {
        let mut tx = self.pool.begin().await?;
        for Finished { ids, target, outcome } in finished {
            if *outcome == Outcome::Sent {
                // Something got through: it is well.
                let sql = "DELETE FROM targets WHERE target = $1";
                query(sql).bind(target.as_str()).execute(&mut tx).await?;
            }
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            let (among, ids) = tx.dialect().one_of("id", "$1", &ids);
            match outcome {
                Outcome::Again { reason, after, uncertain } => {
                    let sql = format!(
                        "UPDATE outbox SET state = 'queued', due = $2, reason = $3, \
                         uncertain = uncertain + $4 WHERE {among}"
                    );
                    query(&sql)
                        .bind(ids)
                        .bind(time(now + *after))
                        .bind(reason.as_str())
                        .bind(i64::from(*uncertain))
                        .execute(&mut tx)
                        .await?;
                }
                ended => {
                    let (state, reason) = match ended {
                        Outcome::Parked { reason } => ("parked", Some(reason.as_str())),
                        Outcome::Dropped { reason } => ("dropped", Some(reason.as_str())),
                        _ => ("sent", None),
                    };
                    let sql = format!(
                        "UPDATE outbox SET state = $2, reason = $3, finished_at = $4, recorded = 0 \
                         WHERE {among}"
                    );
                    query(&sql)
                        .bind(ids)
                        .bind(state)
                        .bind(reason)
                        .bind(time(now))
                        .execute(&mut tx)
                        .await?;
                }
            }
        }
        tx.commit().await
    }

    /// What ended and is not in the history yet.
    pub(crate) async fn unrecorded(&self, most: u32) -> Result<Vec<(Queued, Outcome)>, LogError> {
        let sql = "SELECT * FROM outbox WHERE recorded = 0 LIMIT $1";
        let rows = query(sql).bind(i64::from(most)).fetch_all(&self.pool).await?;
        let one = |row: &Row| {
            let reason: Option<String> = row.get("reason")?;
            let reason = reason.unwrap_or_default();
            let outcome = match row.get::<&str>("state")? {
                "sent" => Outcome::Sent,
                "dropped" => Outcome::Dropped { reason },
                _ => Outcome::Parked { reason },
            };
            Ok((queued(row)?, outcome))
        };
        rows.iter().map(one).collect()
    }

    /// They are in the history.
    pub(crate) async fn recorded(&self, ids: &[NotificationId]) -> Result<(), LogError> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let (among, ids) = self.pool.dialect().one_of("id", "$1", &ids);
        let sql = format!("UPDATE outbox SET recorded = 1 WHERE {among}");
        query(&sql).bind(ids).execute(&self.pool).await.map(drop)
    }

    /// A target has to be left alone until then, because what was sent did not get through. Answers since when nothing did.
    pub(crate) async fn pause(
        &self,
        target: &str,
        until: Timestamp,
        failed: Timestamp,
    ) -> Result<Timestamp, LogError> {
        let sql = "INSERT INTO targets AS t VALUES ($1, $2, $3, 1) ON CONFLICT (target) DO UPDATE SET \
                   paused_until = CASE WHEN t.paused_until > excluded.paused_until \
                       THEN t.paused_until ELSE excluded.paused_until END, \
                   failures = t.failures + 1 \
                   RETURNING failing_since";
        let row = query(sql)
            .bind(target)
            .bind(time(until))
            .bind(time(failed))
            .fetch_one(&self.pool)
            .await?;
        parsed(&row, "failing_since")
    }

    /// How often in a row nothing got through to a target.
    pub(crate) async fn failures(&self, target: &str) -> Result<u32, LogError> {
        let sql = "SELECT failures FROM targets WHERE target = $1";
        let row = query(sql).bind(target).fetch_optional(&self.pool).await?;
        let failures = row.map_or(Ok(0), |row| number(&row, "failures"))?;
        Ok(u32::try_from(failures).unwrap_or(u32::MAX))
    }

    /// The thread that a lane's messages are in.
    pub(crate) async fn thread(&self, lane: &str) -> Result<Option<String>, LogError> {
        let sql = "SELECT thread FROM threads WHERE lane = $1";
        let row = query(sql).bind(lane).fetch_optional(&self.pool).await?;
        row.map(|row| row.get("thread")).transpose()
    }

    /// Notes the thread that a lane's messages are in from now on.
    pub(crate) async fn set_thread(&self, lane: &str, thread: &str) -> Result<(), LogError> {
        let sql = "INSERT INTO threads VALUES ($1, $2) ON CONFLICT (lane) DO NOTHING";
        query(sql).bind(lane).bind(thread).execute(&self.pool).await.map(drop)
    }

    /// Deliveries, the last event's first, from behind another.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        before: Option<(u64, NotificationId)>,
        most: u32,
    ) -> Result<Vec<DeliveryRow>, LogError> {
        let (position, id) = match before {
            Some((position, id)) => (signed(position), id.to_string()),
            None => (i64::MAX, String::new()),
        };
        let mut sql =
            "SELECT * FROM outbox WHERE (position < $1 OR (position = $1 AND id < $2))".to_owned();
        let mut values = Vec::new();
        let state = filter.state.map(|state| state.as_str().to_owned());
        let recipient = filter.subscription.map(|id| format!("subscription:{id}"));
        let application = filter.application.map(|id| id.to_string());
        for (column, value) in
            [("state", state), ("recipient", recipient), ("application", application)]
        {
            if let Some(value) = value {
                values.push(value);
                sql.push_str(&format!(" AND {column} = ${}", values.len() + 2));
            }
        }
        sql.push_str(&format!(" ORDER BY position DESC, id DESC LIMIT {most}"));
        let asked = query(&sql).bind(position).bind(id);
        let asked = values.into_iter().fold(asked, |asked, value| asked.bind(value));
        asked.fetch_all(&self.pool).await?.iter().map(delivery).collect()
    }

    /// How many deliveries are in each state.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn counts(&self) -> Result<Vec<(DeliveryState, u64)>, LogError> {
        let sql = "SELECT state, COUNT(*) AS n FROM outbox GROUP BY state ORDER BY state";
        let rows = query(sql).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((parsed(row, "state")?, number(row, "n")?))).collect()
    }
}

/// Somebody asks to try again what was given up.
pub(super) async fn requeue(
    id: Uuid,
    now: Timestamp,
    tx: &mut Transaction,
) -> Result<(), LogError> {
    let sql = "UPDATE outbox SET state = 'queued', due = $2, queued_at = $2, attempts = 0, uncertain = 0, \
               finished_at = NULL WHERE id = $1 AND state IN ('parked', 'dropped')";
    query(sql).bind(id.to_string()).bind(time(now)).execute(tx).await?;
    Ok(())
}

fn queued(row: &Row) -> Result<Queued, LogError> {
    let of = Dispatch {
        notification: parsed(row, "id")?,
        event: parsed(row, "event")?,
        position: number(row, "position")?,
        channel: row.get("channel")?,
        recipient: row.get("recipient")?,
        rule: row.get("rule")?,
        application: parsed_if_any(row, "application")?,
    };
    Ok(Queued {
        of,
        said: from_json(row, "said")?,
        digest: number(row, "digest")? == 1,
        due: parsed(row, "due")?,
        queued_at: parsed(row, "queued_at")?,
        attempts: u32::try_from(number(row, "attempts")?).unwrap_or(u32::MAX),
        uncertain: u32::try_from(number(row, "uncertain")?).unwrap_or(u32::MAX),
    })
}

fn delivery(row: &Row) -> Result<DeliveryRow, LogError> {
    let Queued { of, queued_at, due, attempts, uncertain, .. } = queued(row)?;
    Ok(DeliveryRow {
        notification: of.notification,
        event: of.event,
        position: of.position,
        channel: of.channel,
        recipient: of.recipient,
        rule: parsed_if_any(row, "rule")?,
        application: of.application,
        state: parsed(row, "state")?,
        attempts,
        may_repeat: uncertain > 0,
        queued_at,
        due,
        finished_at: parsed_if_any(row, "finished_at")?,
        reason: row.get("reason")?,
    })
}
