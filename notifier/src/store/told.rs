//! Whom to tell of what: subscriptions and members' preferences, folded from their events.

use domain::decide::Timestamp;
use domain::ids::{MemberId, SubscriptionId};
use domain::member::{MemberEvent, Preferences};
use domain::subscription::{DisabledBecause, Filter, SubscriptionEvent, Target};
use event_log::sql::{Row, Transaction, query};
use event_log::{LogError, Recorded};
use serde::Serialize;

use super::{Store, from_json, json, number, parsed, parsed_if_any, signed, time};

/// A subscription.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct SubscriptionRow {
    /// Its id.
    pub subscription: SubscriptionId,
    /// What it is called.
    pub name: String,
    /// Which system.
    pub target: Target,
    /// What it is told of.
    pub filter: Filter,
    /// Why it is told of nothing, when it is.
    pub disabled: Option<DisabledBecause>,
    /// Which secret signs what it is told: 1, 2, 3...
    pub generation: u32,
    /// The position behind which it is told of events.
    pub since: u64,
    /// Version of its stream: what a change to it expects.
    pub version: u64,
    #[serde(skip)]
    #[schemars(skip)]
    pub(crate) rotated_at: Option<Timestamp>,
}

/// Everybody who could be told of something.
pub(crate) struct Followers {
    pub(crate) subscriptions: Vec<SubscriptionRow>,
    pub(crate) members: Vec<(MemberId, Preferences)>,
}

impl Store {
    /// Everybody who could be told of something, by who they are when the transaction reads it.
    pub(crate) async fn followers(tx: &mut Transaction) -> Result<Followers, LogError> {
        let sql = "SELECT * FROM subscriptions WHERE disabled IS NULL ORDER BY subscription";
        let rows = query(sql).fetch_all(&mut *tx).await?;
        let subscriptions = rows.iter().map(subscription).collect::<Result<_, _>>()?;
        let rows = query("SELECT member, preferences FROM members ORDER BY member");
        let rows = rows.fetch_all(tx).await?;
        let member = |row: &Row| Ok((parsed(row, "member")?, from_json(row, "preferences")?));
        let members = rows.iter().map(member).collect::<Result<_, LogError>>()?;
        Ok(Followers { subscriptions, members })
    }

    /// The subscriptions, by when they were made.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn subscriptions(&self) -> Result<Vec<SubscriptionRow>, LogError> {
        let sql = "SELECT * FROM subscriptions ORDER BY since, subscription";
        query(sql).fetch_all(&self.pool).await?.iter().map(subscription).collect()
    }

    /// A subscription, when there is one.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn subscription(
        &self,
        id: SubscriptionId,
    ) -> Result<Option<SubscriptionRow>, LogError> {
        let sql = "SELECT * FROM subscriptions WHERE subscription = $1";
        let row = query(sql).bind(id.to_string()).fetch_optional(&self.pool).await?;
        row.as_ref().map(subscription).transpose()
    }

    /// A member's preferences, as they stand.
    pub(crate) async fn preferences(&self, member: MemberId) -> Result<Preferences, LogError> {
        let sql = "SELECT preferences FROM members WHERE member = $1";
        let row = query(sql).bind(member.to_string()).fetch_optional(&self.pool).await?;
        row.as_ref().map_or(Ok(Preferences::default()), |row| from_json(row, "preferences"))
    }
}

impl Store {
    /// Folds an event of a subscription.
    pub(crate) async fn fold_subscription(
        event: &SubscriptionEvent,
        recorded: &Recorded,
        tx: &mut Transaction,
    ) -> Result<(), LogError> {
        use SubscriptionEvent as E;
        let id = recorded.stream.id.to_string();
        let version = signed(recorded.version);
        // What was folded before is there already: an event that comes twice changes nothing.
        match event {
            E::SubscriptionCreated { name, target, filter, .. } => {
                let sql = "INSERT INTO subscriptions VALUES ($1, $2, $3, $4, $5, 1, NULL, NULL, $6, $7) \
                           ON CONFLICT (subscription) DO NOTHING";
                query(sql)
                    .bind(id.as_str())
                    .bind(format!("subscription:{id}"))
                    .bind(name.as_str())
                    .bind(json(target)?)
                    .bind(json(filter)?)
                    .bind(signed(recorded.position))
                    .bind(version)
                    .execute(tx)
                    .await?;
            }
            E::SubscriptionChanged { name, filter } => {
                let sql = "UPDATE subscriptions SET name = $3, filter = $4, version = $2 \
                           WHERE subscription = $1 AND version < $2";
                let (name, filter) = (name.as_str(), json(filter)?);
                query(sql).bind(id).bind(version).bind(name).bind(filter).execute(tx).await?;
            }
            E::SubscriptionDisabled { reason } => {
                let sql = "UPDATE subscriptions SET disabled = $3, version = $2 \
                           WHERE subscription = $1 AND version < $2";
                query(sql).bind(id).bind(version).bind(json(reason)?).execute(tx).await?;
            }
            E::SubscriptionEnabled {} => {
                let sql = "UPDATE subscriptions SET disabled = NULL, version = $2 \
                           WHERE subscription = $1 AND version < $2";
                query(sql).bind(id.as_str()).bind(version).execute(&mut *tx).await?;
                // It is tried at once.
                let sql = "DELETE FROM targets WHERE target = $1";
                query(sql).bind(format!("subscription:{id}")).execute(tx).await?;
            }
            E::SecretRotated { generation } => {
                let sql = "UPDATE subscriptions SET generation = $3, rotated_at = $4, version = $2 \
                           WHERE subscription = $1 AND version < $2";
                let at = time(recorded.occurred_at);
                let generation = i64::from(*generation);
                query(sql).bind(id).bind(version).bind(generation).bind(at).execute(tx).await?;
            }
            E::ReplayRequested { .. } => {}
        }
        Ok(())
    }

    /// Folds an event of a member.
    pub(crate) async fn fold_member(
        event: &MemberEvent,
        recorded: &Recorded,
        tx: &mut Transaction,
    ) -> Result<(), LogError> {
        let id = recorded.stream.id.to_string();
        let version = signed(recorded.version);
        let make = "INSERT INTO members VALUES ($1, $2, 0, 0) ON CONFLICT (member) DO NOTHING";
        query(make)
            .bind(id.as_str())
            .bind(json(&Preferences::default())?)
            .execute(&mut *tx)
            .await?;
        match event {
            MemberEvent::ContactChanged { .. } => {}
            MemberEvent::PreferencesChanged { preferences, .. } => {
                let sql = "UPDATE members SET preferences = $3, version = $2 \
                           WHERE member = $1 AND version < $2";
                query(sql).bind(id).bind(version).bind(json(preferences)?).execute(tx).await?;
            }
            MemberEvent::InboxRead { up_to, .. } => {
                let sql = "UPDATE members SET read_up_to = $3, version = $2 \
                           WHERE member = $1 AND version < $2";
                query(sql).bind(id).bind(version).bind(signed(*up_to)).execute(tx).await?;
            }
        }
        Ok(())
    }
}

fn subscription(row: &Row) -> Result<SubscriptionRow, LogError> {
    let disabled: Option<&str> = row.get("disabled")?;
    let generation = number(row, "generation")?;
    Ok(SubscriptionRow {
        subscription: parsed(row, "subscription")?,
        name: row.get("name")?,
        target: from_json(row, "target")?,
        filter: from_json(row, "filter")?,
        disabled: disabled.map(|_| from_json(row, "disabled")).transpose()?,
        generation: u32::try_from(generation).unwrap_or(u32::MAX),
        since: number(row, "since")?,
        version: number(row, "version")?,
        rotated_at: parsed_if_any(row, "rotated_at")?,
    })
}
