//! Members' tokens: 256 random bits each, kept as SHA-256 in `DATA/access.sqlite`.
//!
//! A token is random over its whole length, so a plain hash of it cannot be guessed. The file is apart
//! from the log and not under the data folder's lock: tokens are issued and revoked while the server
//! runs, and the server notices.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use event_log::LogError;
use event_log::sqlite::{failed, pool};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, SqlitePool};
use tokio::sync::watch;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Role;

const PREFIX: &str = "hst_";
/// How often the file is asked whether somebody changed it.
const LOOK_EVERY: Duration = Duration::from_millis(200);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS tokens (
        id         TEXT PRIMARY KEY,
        name       TEXT NOT NULL,
        role       TEXT NOT NULL,
        hash       BLOB NOT NULL UNIQUE,
        issued_at  TEXT NOT NULL,
        revoked_at TEXT,
        issued_by  TEXT UNIQUE
    ) WITHOUT ROWID;";

/// Members' tokens.
#[derive(Clone)]
pub struct Tokens {
    pool: SqlitePool,
    changed: watch::Sender<u64>,
}

/// A token, as its row tells; never the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TokenRow {
    /// Its id, by which events name whoever used it.
    pub id: Uuid,
    /// What it is for, in words.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A fresh token: the only time its secret is shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Issued {
    /// Its id.
    pub id: Uuid,
    /// The bearer token.
    pub token: String,
}

impl Tokens {
    /// Opens the tokens of a data folder, making the file when there is none.
    ///
    /// # Errors
    /// `DATA_DAMAGED`, `DISK_FULL`, `IO`.
    pub async fn open(data: &Path) -> Result<Self, LogError> {
        let pool = pool(&data.join("access.sqlite"), 4).await?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await.map_err(failed)?;
        Ok(Self { pool, changed: watch::Sender::new(0) })
    }

    /// Issues a token.
    ///
    /// # Errors
    /// `DISK_FULL`, `IO`.
    pub async fn issue(&self, role: Role, name: &str) -> Result<Issued, LogError> {
        let issued = self.issue_once(role, name, None).await?;
        // Without a key there is nothing to be the same as.
        issued.map_err(|id| LogError::Damaged(format!("token {id} was issued without being asked")))
    }

    /// Issues a token under a key; under a key that was used, the id of the token that was issued then.
    ///
    /// # Errors
    /// `DISK_FULL`, `IO`.
    pub async fn issue_once(
        &self,
        role: Role,
        name: &str,
        key: Option<&str>,
    ) -> Result<Result<Issued, Uuid>, LogError> {
        let mut secret = [0u8; 32];
        getrandom::fill(&mut secret)
            .map_err(|e| LogError::Io { doing: "draw random bytes", problem: e.to_string() })?;
        let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(secret));
        let id = Uuid::now_v7();
        let sql = "INSERT INTO tokens (id, name, role, hash, issued_at, issued_by) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (issued_by) DO NOTHING";
        let done = sqlx::query(sql)
            .bind(id.to_string())
            .bind(name)
            .bind(role.as_str())
            .bind(hash(&token))
            .bind(Utc::now().to_rfc3339())
            .bind(key)
            .execute(&self.pool)
            .await
            .map_err(failed)?;
        if done.rows_affected() == 1 {
            return Ok(Ok(Issued { id, token }));
        }
        let known: String = sqlx::query_scalar("SELECT id FROM tokens WHERE issued_by = $1")
            .bind(key)
            .fetch_one(&self.pool)
            .await
            .map_err(failed)?;
        let known = known.parse().map_err(|e| LogError::Damaged(format!("a token's row: {e}")))?;
        Ok(Err(known))
    }

    /// Issues the first token there ever is; `None` when there was one.
    ///
    /// # Errors
    /// `DISK_FULL`, `IO`.
    pub async fn bootstrap(&self) -> Result<Option<Issued>, LogError> {
        let known: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM tokens WHERE role = 'admin'")
            .fetch_one(&self.pool)
            .await
            .map_err(failed)?;
        if known > 0 { Ok(None) } else { self.issue(Role::Admin, "first admin").await.map(Some) }
    }

    /// Who holds a token that is not revoked.
    ///
    /// # Errors
    /// `IO`.
    pub async fn verify(&self, token: &str) -> Result<Option<(Uuid, Role)>, LogError> {
        if !token.starts_with(PREFIX) {
            return Ok(None);
        }
        let sql = "SELECT * FROM tokens WHERE hash = $1 AND revoked_at IS NULL";
        let row = sqlx::query(sql).bind(hash(token)).fetch_optional(&self.pool).await;
        let row = row.map_err(failed)?;
        row.map(|row| token_row(&row).map(|t| (t.id, t.role))).transpose()
    }

    /// Whether a token still stands.
    ///
    /// # Errors
    /// `IO`.
    pub async fn stands(&self, id: Uuid) -> Result<bool, LogError> {
        let sql = "SELECT 1 FROM tokens WHERE id = $1 AND revoked_at IS NULL";
        let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(&self.pool).await;
        Ok(row.map_err(failed)?.is_some())
    }

    /// Revokes a token; says whether there was one that stood.
    ///
    /// # Errors
    /// `DISK_FULL`, `IO`.
    pub async fn revoke(&self, id: Uuid) -> Result<bool, LogError> {
        let sql = "UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
        let done = sqlx::query(sql)
            .bind(id.to_string())
            .bind(Utc::now().to_rfc3339())
            .execute(&self.pool)
            .await
            .map_err(failed)?;
        self.changed.send_modify(|n| *n += 1);
        Ok(done.rows_affected() == 1)
    }

    /// Every token, oldest first.
    ///
    /// # Errors
    /// `IO`.
    pub async fn list(&self) -> Result<Vec<TokenRow>, LogError> {
        let rows = sqlx::query("SELECT * FROM tokens ORDER BY id").fetch_all(&self.pool).await;
        rows.map_err(failed)?.iter().map(token_row).collect()
    }

    /// Changes whenever a token may have been revoked, here or by another process; a hint.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Looks for what other processes change; whoever serves polls [`FileWatch::run`].
    ///
    /// # Errors
    /// `IO`.
    pub async fn watch_file(&self) -> Result<FileWatch, LogError> {
        // The pragma tells of other connections' commits only, so one is kept for asking.
        let connection = self.pool.acquire().await.map_err(failed)?;
        let mut watch = FileWatch { connection, seen: None, changed: self.changed.clone() };
        watch.look().await?;
        Ok(watch)
    }
}

/// Notices when another process changes the tokens.
pub struct FileWatch {
    connection: PoolConnection<Sqlite>,
    seen: Option<i64>,
    changed: watch::Sender<u64>,
}

impl FileWatch {
    /// Looks once.
    ///
    /// # Errors
    /// `IO`.
    pub async fn look(&mut self) -> Result<(), LogError> {
        let now: i64 = sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(&mut *self.connection)
            .await
            .map_err(failed)?;
        if self.seen.replace(now).is_some_and(|before| before != now) {
            self.changed.send_modify(|n| *n += 1);
        }
        Ok(())
    }

    /// Looks for ever.
    ///
    /// # Errors
    /// `IO`.
    pub async fn run(mut self) -> Result<(), LogError> {
        let mut every = tokio::time::interval(LOOK_EVERY);
        loop {
            every.tick().await;
            self.look().await?;
        }
    }
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn token_row(row: &SqliteRow) -> Result<TokenRow, LogError> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(failed);
    let damaged = |what: String| LogError::Damaged(format!("a token's row: {what}"));
    let time = |text: &str| {
        DateTime::parse_from_rfc3339(text)
            .map(|t| t.with_timezone(&Utc))
            .map_err(|e| damaged(e.to_string()))
    };
    let revoked: Option<String> = row.try_get("revoked_at").map_err(failed)?;
    Ok(TokenRow {
        id: text("id")?.parse().map_err(|e: uuid::Error| damaged(e.to_string()))?,
        name: text("name")?,
        role: text("role")?.parse().map_err(damaged)?,
        issued_at: time(&text("issued_at")?)?,
        revoked_at: revoked.as_deref().map(time).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_works_until_it_is_revoked_by_whoever_holds_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let server = Tokens::open(folder.path()).await.unwrap();
        let first = server.bootstrap().await.unwrap().unwrap();
        assert!(server.bootstrap().await.unwrap().is_none(), "only once");
        assert_eq!(server.verify(&first.token).await.unwrap(), Some((first.id, Role::Admin)));
        assert_eq!(server.verify("hst_other").await.unwrap(), None);

        let other_process = Tokens::open(folder.path()).await.unwrap();
        let issued = other_process.issue(Role::Auditor, "the auditor").await.unwrap();
        assert_eq!(server.verify(&issued.token).await.unwrap(), Some((issued.id, Role::Auditor)));
        let mut watching = server.watch_file().await.unwrap();
        let changes = server.changes();
        watching.look().await.unwrap();
        assert!(!changes.has_changed().unwrap());
        assert!(other_process.revoke(issued.id).await.unwrap());
        watching.look().await.unwrap();
        assert!(changes.has_changed().unwrap());
        assert_eq!(server.verify(&issued.token).await.unwrap(), None);
        assert!(!server.stands(issued.id).await.unwrap());
        assert!(!server.revoke(issued.id).await.unwrap(), "revoked already");
    }

    #[tokio::test]
    async fn no_secret_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(folder.path()).await.unwrap();
        let issued = tokens.issue(Role::Admin, "admin").await.unwrap();
        drop(tokens);
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let secret = issued.token.strip_prefix(PREFIX).unwrap().as_bytes();
            assert!(!bytes.windows(secret.len()).any(|w| w == secret));
        }
    }
}
