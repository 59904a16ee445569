//! The key store on SQLite.

use async_trait::async_trait;
use domain::ids::CandidateId;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::row::uuid;
use super::{SqliteKeys, bursts, failed};
use crate::error::LogError;
use crate::ports::{KeyState, KeyStore};

#[async_trait]
impl KeyStore for SqliteKeys {
    async fn get(&self, person: CandidateId) -> Result<KeyState, LogError> {
        let row = sqlx::query("SELECT wrapped FROM keys WHERE person = $1")
            .bind(bytes(person))
            .fetch_optional(&self.pool)
            .await
            .map_err(failed)?;
        let Some(row) = row else { return Ok(KeyState::NeverExisted) };
        let wrapped: Option<Vec<u8>> = row.try_get("wrapped").map_err(failed)?;
        Ok(wrapped.map_or(KeyState::Destroyed, KeyState::Live))
    }

    async fn get_live(
        &self,
        people: &[CandidateId],
    ) -> Result<Vec<(CandidateId, Vec<u8>)>, LogError> {
        let people: Vec<String> =
            people.iter().map(|person| format!("\"{}\"", person.0.simple())).collect();
        let sql = "SELECT person, wrapped FROM keys WHERE wrapped IS NOT NULL AND person IN \
                   (SELECT unhex(value) FROM json_each($1))";
        let rows = sqlx::query(sql).bind(format!("[{}]", people.join(","))).fetch(&self.pool);
        let live = |row: &SqliteRow| {
            Ok((CandidateId(uuid(row, "person")?), row.try_get("wrapped").map_err(failed)?))
        };
        bursts::all(rows, live).await
    }

    async fn put_if_absent(
        &self,
        person: CandidateId,
        wrapped: Vec<u8>,
    ) -> Result<KeyState, LogError> {
        let sql = "INSERT INTO keys (person, wrapped) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        sqlx::query(sql)
            .bind(bytes(person))
            .bind(wrapped)
            .execute(&self.pool)
            .await
            .map_err(failed)?;
        self.get(person).await
    }

    async fn destroy(&self, person: CandidateId) -> Result<(), LogError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO keys (person, destroyed_at) VALUES ($1, $2) \
             ON CONFLICT (person) DO UPDATE SET wrapped = NULL, destroyed_at = excluded.destroyed_at \
             WHERE keys.wrapped IS NOT NULL",
        )
        .bind(bytes(person))
        .bind(chrono::Utc::now().timestamp_micros())
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        sqlx::query("DELETE FROM blind_index WHERE person = $1")
            .bind(bytes(person))
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        // `secure_delete` has overwritten the row; the old page may still stand in the WAL.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.pool).await.map_err(failed)?;
        Ok(())
    }

    async fn index(
        &self,
        scope: &str,
        blind: &str,
        person: CandidateId,
    ) -> Result<Vec<CandidateId>, LogError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let sql = "INSERT INTO blind_index (scope, blind, person) VALUES ($1, $2, $3) \
                   ON CONFLICT DO NOTHING";
        sqlx::query(sql)
            .bind(scope)
            .bind(blind)
            .bind(bytes(person))
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        // Those noted before this person, whenever it is asked.
        let rows = sqlx::query(
            "SELECT person FROM blind_index WHERE scope = $1 AND blind = $2 AND entry < \
             (SELECT entry FROM blind_index WHERE scope = $1 AND blind = $2 AND person = $3) \
             ORDER BY entry",
        )
        .bind(scope)
        .bind(blind)
        .bind(bytes(person))
        .fetch_all(&mut *tx)
        .await
        .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        people(&rows)
    }

    async fn find(&self, scope: &str, blind: &str) -> Result<Vec<CandidateId>, LogError> {
        let sql = "SELECT person FROM blind_index WHERE scope = $1 AND blind = $2 ORDER BY entry";
        let rows =
            sqlx::query(sql).bind(scope).bind(blind).fetch_all(&self.pool).await.map_err(failed)?;
        people(&rows)
    }
}

fn bytes(person: CandidateId) -> Vec<u8> {
    person.0.as_bytes().to_vec()
}

fn people(rows: &[SqliteRow]) -> Result<Vec<CandidateId>, LogError> {
    rows.iter().map(|row| uuid(row, "person").map(CandidateId)).collect()
}
