//! Members' tokens: 256 random bits each, kept as SHA-256 in `DATA/access.sqlite`, or in the schema
//! `hiresphere_access` of a PostgreSQL.
//!
//! A token is random over its whole length, so a plain hash of it cannot be guessed. The file is apart
//! from the log and not under the data folder's lock: tokens are issued and revoked while the server
//! runs, and every server notices.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use event_log::LogError;
use event_log::sql::{Own, Pool, Row, Server, query};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Role;
use super::token_watch::TokenWatch;

const PREFIX: &str = "hst_";
/// The schema of a server; also the channel on which changes are told.
pub(super) const NAME: &str = "hiresphere_access";
const CONNECTIONS: u32 = 4;

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

/// Whoever appends also asks who calls. The role is the whole server's, and made by the log's migrations.
const GRANTS: &str = "
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'hiresphere_app') THEN
            GRANT USAGE ON SCHEMA hiresphere_access TO hiresphere_app;
            GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA hiresphere_access TO hiresphere_app;
        END IF;
    END $$;";

const OWN: Own =
    Own { name: NAME, tables: SCHEMA, last: "tokens", grants: GRANTS, connections: CONNECTIONS };

/// Members' tokens.
#[derive(Clone)]
pub struct Tokens {
    pool: Pool,
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
        let pool = OWN.open(&data.join("access.sqlite")).await?;
        Ok(Self { pool, changed: watch::Sender::new(0) })
    }

    /// Opens the tokens in the PostgreSQL at a URL, making their schema when it is missing; several processes may
    /// do so at once.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `DATABASE_SETTINGS`, `DISK_FULL`, `IO`.
    pub async fn connect(url: &str) -> Result<Self, LogError> {
        let pool = OWN.connect(&Server::at(url)?).await?;
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
        let done = query(sql)
            .bind(id.to_string())
            .bind(name)
            .bind(role.as_str())
            .bind(hash(&token))
            .bind(Utc::now().to_rfc3339())
            .bind(key)
            .execute(&self.pool)
            .await?;
        if done == 1 {
            return Ok(Ok(Issued { id, token }));
        }
        let sql = "SELECT id FROM tokens WHERE issued_by = $1";
        let known: String = query(sql).bind(key).fetch_one(&self.pool).await?.get("id")?;
        let known = known.parse().map_err(|e| LogError::Damaged(format!("a token's row: {e}")))?;
        Ok(Err(known))
    }

    /// Issues the first token there ever is; `None` when there was one.
    ///
    /// # Errors
    /// `DISK_FULL`, `IO`.
    pub async fn bootstrap(&self) -> Result<Option<Issued>, LogError> {
        let sql = "SELECT COUNT(*) AS n FROM tokens WHERE role = 'admin'";
        let known: i64 = query(sql).fetch_one(&self.pool).await?.get("n")?;
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
        let row = query(sql).bind(hash(token)).fetch_optional(&self.pool).await?;
        row.map(|row| token_row(&row).map(|t| (t.id, t.role))).transpose()
    }

    /// Whether a token still stands.
    ///
    /// # Errors
    /// `IO`.
    pub async fn stands(&self, id: Uuid) -> Result<bool, LogError> {
        let sql = "SELECT 1 FROM tokens WHERE id = $1 AND revoked_at IS NULL";
        let row = query(sql).bind(id.to_string()).fetch_optional(&self.pool).await?;
        Ok(row.is_some())
    }

    /// What the holder of a token that stands may do.
    ///
    /// # Errors
    /// `IO`.
    pub async fn role(&self, id: Uuid) -> Result<Option<Role>, LogError> {
        let sql = "SELECT * FROM tokens WHERE id = $1 AND revoked_at IS NULL";
        let row = query(sql).bind(id.to_string()).fetch_optional(&self.pool).await?;
        row.map(|row| token_row(&row).map(|token| token.role)).transpose()
    }

    /// Revokes a token; says whether there was one that stood.
    ///
    /// # Errors
    /// `DISK_FULL`, `IO`.
    pub async fn revoke(&self, id: Uuid) -> Result<bool, LogError> {
        let sql = "UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
        let done = query(sql)
            .bind(id.to_string())
            .bind(Utc::now().to_rfc3339())
            .execute(&self.pool)
            .await?;
        self.changed.send_modify(|n| *n += 1);
        if let Err(error) = self.pool.tell(NAME).await {
            // The others look for themselves, a moment later.
            tracing::debug!(%error, "others were not told");
        }
        Ok(done == 1)
    }

    /// Every token, oldest first.
    ///
    /// # Errors
    /// `IO`.
    pub async fn list(&self) -> Result<Vec<TokenRow>, LogError> {
        let rows = query("SELECT * FROM tokens ORDER BY id").fetch_all(&self.pool).await?;
        rows.iter().map(token_row).collect()
    }

    /// Changes whenever a token may have been revoked, here or by another process; a hint.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Looks for what other processes change; whoever serves polls [`TokenWatch::run`].
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `IO`.
    pub async fn watch_others(&self) -> Result<TokenWatch, LogError> {
        TokenWatch::begin(&self.pool, self.changed.clone()).await
    }
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn token_row(row: &Row) -> Result<TokenRow, LogError> {
    let text = |column: &str| row.get::<String>(column);
    let damaged = |what: String| LogError::Damaged(format!("a token's row: {what}"));
    let time = |text: &str| {
        DateTime::parse_from_rfc3339(text)
            .map(|t| t.with_timezone(&Utc))
            .map_err(|e| damaged(e.to_string()))
    };
    let revoked: Option<String> = row.get("revoked_at")?;
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
    use std::time::{Duration, Instant};

    use testkit::servers::Database;

    use super::*;

    /// A token works until it is revoked, by whoever shares the tokens: `server` and `other` are two processes.
    async fn revoked_by_another(server: Tokens, other: Tokens) {
        let first = server.bootstrap().await.unwrap().unwrap();
        assert!(server.bootstrap().await.unwrap().is_none(), "only once");
        assert_eq!(server.verify(&first.token).await.unwrap(), Some((first.id, Role::Admin)));
        assert_eq!(server.verify("hst_other").await.unwrap(), None);

        let issued = other.issue(Role::Auditor, "the auditor").await.unwrap();
        assert_eq!(server.verify(&issued.token).await.unwrap(), Some((issued.id, Role::Auditor)));
        let mut watching = server.watch_others().await.unwrap();
        let mut changes = server.changes();
        watching.look().await.unwrap();
        assert!(!changes.has_changed().unwrap());
        assert!(other.revoke(issued.id).await.unwrap());
        watching.look().await.unwrap();
        assert!(changes.has_changed().unwrap());
        assert_eq!(server.verify(&issued.token).await.unwrap(), None);
        assert!(!server.stands(issued.id).await.unwrap());
        assert!(!server.revoke(issued.id).await.unwrap(), "revoked already");
        assert_eq!(server.list().await.unwrap().len(), 2);

        let key = Some("a request");
        let once = other.issue_once(Role::Recruiter, "once", key).await.unwrap().unwrap();
        let again = server.issue_once(Role::Recruiter, "once", key).await.unwrap();
        assert_eq!(again.unwrap_err(), once.id);
        watching.look().await.unwrap();
        changes.mark_unchanged();
        let looking = tokio::spawn(watching.run());
        let began = Instant::now();
        other.revoke(once.id).await.unwrap();
        changes.changed().await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        looking.abort();
    }

    #[tokio::test]
    async fn a_token_works_until_it_is_revoked_by_whoever_holds_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let open = async || Tokens::open(folder.path()).await.unwrap();
        revoked_by_another(open().await, open().await).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_token_works_until_it_is_revoked_by_whoever_shares_the_database() {
        let database = Database::make().await;
        let url = database.url().to_owned();
        let at_once: Vec<_> = (0..4)
            .map(|_| {
                let url = url.clone();
                tokio::spawn(async move { Tokens::connect(&url).await.unwrap() })
            })
            .collect();
        let mut opened = vec![];
        for one in at_once {
            opened.push(one.await.unwrap());
        }
        revoked_by_another(opened.remove(0), opened.remove(0)).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_new_folder_opens_every_time() {
        for _ in 0..50 {
            let folder = tempfile::tempdir().unwrap();
            Tokens::open(folder.path()).await.unwrap();
        }
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
