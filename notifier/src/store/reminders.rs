//! What somebody is to be told of when its time comes, unless it is otherwise by then.

use domain::decide::Timestamp;
use domain::ids::{ApplicationId, EventId, InterviewId};
use event_log::LogError;
use event_log::sql::{Row, Transaction, query};

use super::{Store, number, parsed, signed, time};

/// A reminder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reminder {
    pub(crate) of: ReminderOf,
    pub(crate) due: Timestamp,
    /// The event that it follows from.
    pub(crate) event: EventId,
    pub(crate) position: u64,
}

/// What it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReminderOf {
    /// An interview is within a day.
    Interview(InterviewId),
    /// An application has been in a stage for as long as it should.
    Stage(ApplicationId),
}

impl std::fmt::Display for ReminderOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Interview(id) => write!(f, "interview:{id}"),
            Self::Stage(id) => write!(f, "stage:{id}"),
        }
    }
}

impl std::str::FromStr for ReminderOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is no reminder");
        let (kind, id) = text.split_once(':').ok_or_else(bad)?;
        match kind {
            "interview" => id.parse().map(Self::Interview).map_err(|_| bad()),
            "stage" => id.parse().map(Self::Stage).map_err(|_| bad()),
            _ => Err(bad()),
        }
    }
}

impl Store {
    /// The reminders whose time has come, the oldest first.
    pub(crate) async fn due_reminders(
        &self,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<Reminder>, LogError> {
        let sql = "SELECT * FROM reminders WHERE due <= $1 ORDER BY due, reminder LIMIT $2";
        let rows = query(sql).bind(time(now)).bind(i64::from(most)).fetch_all(&self.pool).await?;
        rows.iter().map(reminder).collect()
    }

    /// Sets a reminder; there is one of a thing, the last that was set.
    pub(crate) async fn set_reminder(
        reminder: &Reminder,
        tx: &mut Transaction,
    ) -> Result<(), LogError> {
        let sql = "INSERT INTO reminders AS r VALUES ($1, $2, $3, $4) ON CONFLICT (reminder) DO UPDATE \
               SET due = excluded.due, event = excluded.event, position = excluded.position \
               WHERE r.position < excluded.position";
        query(sql)
            .bind(reminder.of.to_string())
            .bind(time(reminder.due))
            .bind(reminder.event.to_string())
            .bind(signed(reminder.position))
            .execute(tx)
            .await?;
        Ok(())
    }

    /// There is nothing to be reminded of any more.
    pub(crate) async fn forget_reminder(
        of: &ReminderOf,
        tx: &mut Transaction,
    ) -> Result<(), LogError> {
        let sql = "DELETE FROM reminders WHERE reminder = $1";
        query(sql).bind(of.to_string()).execute(tx).await.map(drop)
    }

    /// It was told, or is otherwise by now. One that was set anew meanwhile stays.
    pub(crate) async fn reminded(
        reminder: &Reminder,
        tx: &mut Transaction,
    ) -> Result<(), LogError> {
        let sql = "DELETE FROM reminders WHERE reminder = $1 AND position = $2";
        let of = reminder.of.to_string();
        query(sql).bind(of).bind(signed(reminder.position)).execute(tx).await?;
        Ok(())
    }
}

fn reminder(row: &Row) -> Result<Reminder, LogError> {
    Ok(Reminder {
        of: parsed(row, "reminder")?,
        due: parsed(row, "due")?,
        event: parsed(row, "event")?,
        position: number(row, "position")?,
    })
}
