//! What members are told in the program itself.

use domain::decide::Timestamp;
use domain::ids::MemberId;
use domain::notification::Rule;
use event_log::LogError;
use event_log::sql::{Row, Transaction, query};
use serde::Serialize;

use super::{Store, from_json, json, number, parsed, signed, time};
use crate::rules::{Notice, Said};

/// What somebody was told.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct InboxRow {
    /// The position of the event.
    pub position: u64,
    /// Why it is told.
    pub rule: Rule,
    /// A heading.
    pub title: &'static str,
    /// When it happened.
    pub at: Timestamp,
    /// Whether it was read.
    pub read: bool,
    /// What it says and is about.
    #[serde(flatten)]
    pub said: Said,
}

impl Store {
    /// What somebody was told, the last first, from before a position.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn inbox(
        &self,
        member: MemberId,
        before: Option<(u64, String)>,
        unread: bool,
        most: u32,
    ) -> Result<Vec<InboxRow>, LogError> {
        let (position, rule) = before.unwrap_or((i64::MAX as u64, String::new()));
        let sql = "SELECT i.*, COALESCE(m.read_up_to, 0) AS read_up_to FROM inbox i \
                   LEFT JOIN members m ON m.member = i.member \
                   WHERE i.member = $1 AND (i.position < $2 OR (i.position = $2 AND i.rule < $3)) \
                   AND ($4 = 0 OR i.position > COALESCE(m.read_up_to, 0)) \
                   ORDER BY i.position DESC, i.rule DESC LIMIT $5";
        let rows = query(sql)
            .bind(member.to_string())
            .bind(signed(position))
            .bind(rule)
            .bind(i64::from(unread))
            .bind(i64::from(most))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(row).collect()
    }

    /// How much of it was not read.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn unread(&self, member: MemberId) -> Result<u64, LogError> {
        let sql = "SELECT COUNT(*) AS n FROM inbox WHERE member = $1 AND position > \
                   COALESCE((SELECT read_up_to FROM members WHERE member = $1), 0)";
        number(&query(sql).bind(member.to_string()).fetch_one(&self.pool).await?, "n")
    }
}

/// Puts a notice in somebody's inbox, once.
pub(super) async fn put(
    member: MemberId,
    notice: &Notice,
    tx: &mut Transaction,
) -> Result<(), LogError> {
    let sql = "INSERT INTO inbox VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (member, position, rule) DO NOTHING";
    query(sql)
        .bind(member.to_string())
        .bind(signed(notice.position))
        .bind(notice.rule.as_str())
        .bind(time(notice.at))
        .bind(json(&notice.said)?)
        .execute(tx)
        .await?;
    Ok(())
}

fn row(row: &Row) -> Result<InboxRow, LogError> {
    let (position, rule) = (number(row, "position")?, parsed::<Rule>(row, "rule")?);
    Ok(InboxRow {
        position,
        rule,
        title: rule.title(),
        at: parsed(row, "at")?,
        read: position <= number(row, "read_up_to")?,
        said: from_json(row, "said")?,
    })
}
