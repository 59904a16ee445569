//! The notifier's own tables: whom to tell of what, what waits to be told, and what became of it.
//!
//! In `DATA/notifier.sqlite`, or in the schema `hiresphere_notifier` of a PostgreSQL. Nothing personal is in them: addresses
//! and names are looked up when a message is made, and gone with the person. They are no read model and never rebuilt; of
//! tables that are lost, those that are made anew tell nothing of the past.

mod inbox;
mod outbox;
mod reminders;
mod told;

use std::path::Path;
use std::sync::Arc;

use chrono::SecondsFormat;
use domain::decide::Timestamp;
use domain::ids::MemberId;
use event_log::LogError;
use event_log::sql::{Hold, Own, Pool, Row, Server, Transaction, query};
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::rules::Notice;

pub use inbox::InboxRow;
pub use outbox::{DeliveryFilter, DeliveryRow, DeliveryState};
pub(crate) use outbox::{Finished, Outcome, Queued};
pub(crate) use reminders::{Reminder, ReminderOf};
pub(crate) use told::Followers;
pub use told::SubscriptionRow;

/// The schema of a server; also the name that the notifier at work holds.
const NAME: &str = "hiresphere_notifier";
const CONNECTIONS: u32 = 4;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS begun (
        one      BIGINT PRIMARY KEY,
        position BIGINT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS subscriptions (
        subscription TEXT   PRIMARY KEY,
        recipient    TEXT   NOT NULL,
        name         TEXT   NOT NULL,
        target       TEXT   NOT NULL,
        filter       TEXT   NOT NULL,
        generation   BIGINT NOT NULL,
        rotated_at   TEXT,
        disabled     TEXT,
        since        BIGINT NOT NULL,
        version      BIGINT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS subscriptions_by_recipient ON subscriptions (recipient);
    CREATE TABLE IF NOT EXISTS members (
        member      TEXT   PRIMARY KEY,
        preferences TEXT   NOT NULL,
        read_up_to  BIGINT NOT NULL,
        version     BIGINT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS outbox (
        id          TEXT   PRIMARY KEY,
        position    BIGINT NOT NULL,
        event       TEXT   NOT NULL,
        channel     TEXT   NOT NULL,
        recipient   TEXT   NOT NULL,
        lane        TEXT   NOT NULL,
        target      TEXT   NOT NULL,
        rule        TEXT,
        said        TEXT   NOT NULL,
        application TEXT,
        digest      BIGINT NOT NULL,
        state       TEXT   NOT NULL,
        attempts    BIGINT NOT NULL,
        uncertain   BIGINT NOT NULL,
        queued_at   TEXT   NOT NULL,
        due         TEXT   NOT NULL,
        finished_at TEXT,
        reason      TEXT,
        recorded    BIGINT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS outbox_open ON outbox (due, position) WHERE state IN ('queued', 'sending');
    CREATE INDEX IF NOT EXISTS outbox_lanes ON outbox (lane, position, id) WHERE state IN ('queued', 'sending');
    CREATE INDEX IF NOT EXISTS outbox_targets ON outbox (target, position, id) WHERE state IN ('queued', 'sending');
    CREATE INDEX IF NOT EXISTS outbox_unrecorded ON outbox (recorded) WHERE recorded = 0;
    CREATE INDEX IF NOT EXISTS outbox_listed ON outbox (position, id);
    CREATE INDEX IF NOT EXISTS outbox_by_application ON outbox (application, position, id);
    CREATE INDEX IF NOT EXISTS outbox_by_recipient ON outbox (recipient, position, id);
    CREATE INDEX IF NOT EXISTS outbox_by_state ON outbox (state, position, id);
    CREATE TABLE IF NOT EXISTS targets (
        target        TEXT   PRIMARY KEY,
        paused_until  TEXT   NOT NULL,
        failing_since TEXT   NOT NULL,
        failures      BIGINT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS threads (
        lane   TEXT PRIMARY KEY,
        thread TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS inbox (
        member   TEXT   NOT NULL,
        position BIGINT NOT NULL,
        rule     TEXT   NOT NULL,
        at       TEXT   NOT NULL,
        said     TEXT   NOT NULL,
        PRIMARY KEY (member, position, rule)
    );
    CREATE TABLE IF NOT EXISTS reminders (
        reminder TEXT   PRIMARY KEY,
        due      TEXT   NOT NULL,
        event    TEXT   NOT NULL,
        position BIGINT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS reminders_by_due ON reminders (due);";

/// Whoever appends also asks what became of notifications. The role is made by the log's migrations.
const GRANTS: &str = "
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'hiresphere_app') THEN
            GRANT USAGE ON SCHEMA hiresphere_notifier TO hiresphere_app;
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA hiresphere_notifier TO hiresphere_app;
        END IF;
    END $$;";

const OWN: Own =
    Own { name: NAME, tables: SCHEMA, last: "reminders", grants: GRANTS, connections: CONNECTIONS };

/// The tables. A clone is the same tables.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    server: Option<Server>,
    /// Something was put into the outbox here.
    pub(crate) queued: Arc<Notify>,
}

impl Store {
    /// Opens the tables of a data folder, making them when there are none.
    ///
    /// # Errors
    /// `DATA_DAMAGED`, `DISK_FULL`, `IO`.
    pub async fn open(data: &Path) -> Result<Self, LogError> {
        let pool = OWN.open(&data.join("notifier.sqlite")).await?;
        Ok(Self { pool, server: None, queued: Arc::default() })
    }

    /// Opens the tables in the PostgreSQL at a URL, making their schema when it is missing; several processes may do so at
    /// once.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `DATABASE_SETTINGS`, `DISK_FULL`, `IO`.
    pub async fn connect(url: &str) -> Result<Self, LogError> {
        let server = Server::at(url)?;
        let pool = OWN.connect(&server).await?;
        Ok(Self { pool, server: Some(server), queued: Arc::default() })
    }

    pub(crate) async fn begin_change(&self) -> Result<Transaction, LogError> {
        self.pool.begin().await
    }

    pub(crate) async fn put_in_inbox(
        member: MemberId,
        notice: &Notice,
        tx: &mut Transaction,
    ) -> Result<(), LogError> {
        inbox::put(member, notice, tx).await
    }

    pub(crate) async fn put_in_outbox(
        queued: &[Queued],
        tx: &mut Transaction,
    ) -> Result<(), LogError> {
        for queued in queued {
            outbox::put(queued, tx).await?;
        }
        Ok(())
    }

    pub(crate) async fn requeue(
        notification: Uuid,
        now: Timestamp,
        tx: &mut Transaction,
    ) -> Result<(), LogError> {
        outbox::requeue(notification, now, tx).await
    }

    /// The name that the one at work holds, of several processes that could be.
    pub fn at_work(&self) -> Hold {
        match &self.server {
            Some(server) => Hold::among(server.clone(), NAME),
            None => Hold::alone(),
        }
    }

    /// The position up to which nobody is told anything, once that is known.
    pub(crate) async fn begun(&self) -> Result<Option<u64>, LogError> {
        let row = query("SELECT position FROM begun").fetch_optional(&self.pool).await?;
        row.map(|row| number(&row, "position")).transpose()
    }

    /// Notes the position up to which nobody is told anything.
    pub(crate) async fn begin(&self, position: u64) -> Result<(), LogError> {
        let sql = "INSERT INTO begun VALUES (1, $1) ON CONFLICT (one) DO NOTHING";
        query(sql).bind(signed(position)).execute(&self.pool).await.map(drop)
    }
}

/// A time as it is stored, in the order of time.
fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn number(row: &Row, name: &str) -> Result<u64, LogError> {
    let value: i64 = row.get(name)?;
    u64::try_from(value).map_err(|_| damaged(name, "is negative"))
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    row: &Row,
    name: &str,
) -> Result<T, LogError> {
    row.get::<&str>(name)?.parse().map_err(|e| damaged(name, e))
}

fn parsed_if_any<T: std::str::FromStr<Err: std::fmt::Display>>(
    row: &Row,
    name: &str,
) -> Result<Option<T>, LogError> {
    let text: Option<&str> = row.get(name)?;
    text.map(|text| text.parse().map_err(|e| damaged(name, e))).transpose()
}

fn from_json<T: DeserializeOwned>(row: &Row, name: &str) -> Result<T, LogError> {
    serde_json::from_str(row.get(name)?).map_err(|e| damaged(name, e))
}

fn json(value: &impl serde::Serialize) -> Result<String, LogError> {
    serde_json::to_string(value)
        .map_err(|e| LogError::Io { doing: "write a notification", problem: e.to_string() })
}

fn damaged(column: &str, problem: impl std::fmt::Display) -> LogError {
    LogError::Damaged(format!("the notifier's `{column}`: {problem}"))
}
