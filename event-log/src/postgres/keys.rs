//! The key store on PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use domain::ids::CandidateId;
use sqlx::Executor as _;
use uuid::Uuid;

use super::PostgresKeys;
use super::connect::failed;
use crate::error::LogError;
use crate::ports::{KeyState, KeyStore};

const FIND: &str = "SELECT person FROM blind_index WHERE scope = $1 AND blind = $2 ORDER BY entry";
/// A key is asked for again after this long, since another process may have destroyed it.
const BELIEVED: Duration = Duration::from_secs(1);

#[async_trait]
impl KeyStore for PostgresKeys {
    fn believed_for(&self) -> Option<Duration> {
        Some(BELIEVED)
    }

    async fn get(&self, person: CandidateId) -> Result<KeyState, LogError> {
        let found: Option<Option<Vec<u8>>> =
            sqlx::query_scalar("SELECT wrapped FROM keys WHERE person = $1")
                .bind(person.0)
                .fetch_optional(&self.pool)
                .await
                .map_err(failed)?;
        Ok(match found {
            None => KeyState::NeverExisted,
            Some(None) => KeyState::Destroyed,
            Some(Some(wrapped)) => KeyState::Live(wrapped),
        })
    }

    async fn get_live(
        &self,
        people: &[CandidateId],
    ) -> Result<Vec<(CandidateId, Vec<u8>)>, LogError> {
        let people: Vec<Uuid> = people.iter().map(|person| person.0).collect();
        let sql = "SELECT person, wrapped FROM keys WHERE person = ANY($1) AND wrapped IS NOT NULL";
        let found: Vec<(Uuid, Vec<u8>)> =
            sqlx::query_as(sql).bind(people).fetch_all(&self.pool).await.map_err(failed)?;
        Ok(found.into_iter().map(|(person, wrapped)| (CandidateId(person), wrapped)).collect())
    }

    async fn put_if_absent(
        &self,
        person: CandidateId,
        wrapped: Vec<u8>,
    ) -> Result<KeyState, LogError> {
        sqlx::query("INSERT INTO keys (person, wrapped) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(person.0)
            .bind(wrapped)
            .execute(&self.pool)
            .await
            .map_err(failed)?;
        self.get(person).await
    }

    async fn destroy(&self, person: CandidateId) -> Result<(), LogError> {
        let mut tx = self.pool.begin().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO keys AS k (person, destroyed_at) VALUES ($1, clock_timestamp()) \
             ON CONFLICT (person) DO UPDATE SET wrapped = NULL, destroyed_at = excluded.destroyed_at \
             WHERE k.wrapped IS NOT NULL",
        )
        .bind(person.0)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        sqlx::query("DELETE FROM blind_index WHERE person = $1")
            .bind(person.0)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        // The old version of the row is dead, not gone. Only the tables' owner may sweep it at once; for anybody else
        // it is a warning, and autovacuum does it later.
        self.pool.execute("VACUUM keys, blind_index").await.map_err(failed)?;
        Ok(())
    }

    async fn index(
        &self,
        scope: &str,
        blind: &str,
        person: CandidateId,
    ) -> Result<Vec<CandidateId>, LogError> {
        let mut tx = self.pool.begin().await.map_err(failed)?;
        // One after the other: of two who come at once, the second must see the first.
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 4858))")
            .bind(scope)
            .bind(blind)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        let sql = "INSERT INTO blind_index (scope, blind, person) VALUES ($1, $2, $3) \
                   ON CONFLICT DO NOTHING";
        sqlx::query(sql)
            .bind(scope)
            .bind(blind)
            .bind(person.0)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        let people: Vec<Uuid> = sqlx::query_scalar(FIND)
            .bind(scope)
            .bind(blind)
            .fetch_all(&mut *tx)
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(people.into_iter().map(CandidateId).take_while(|other| *other != person).collect())
    }

    async fn find(&self, scope: &str, blind: &str) -> Result<Vec<CandidateId>, LogError> {
        let people: Vec<Uuid> = sqlx::query_scalar(FIND)
            .bind(scope)
            .bind(blind)
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        Ok(people.into_iter().map(Into::into).collect())
    }
}
