//! Connections: as whom, where, how long they may take, and what their failures mean.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Executor as _, PgPool};

use crate::error::LogError;

/// How long one waits for a connection: a request is refused rather than kept waiting.
const ACQUIRE: Duration = Duration::from_secs(3);
/// How long one statement may take.
const STATEMENT: &str = "15s";
/// How long a statement waits for a lock.
const LOCK: &str = "5s";

/// With whose rights a connection works. The session user may have more; it puts them down where it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Appends, reads, subscribes.
    App,
    /// Gives positions.
    Sequencer,
    /// Holds people's keys.
    Keys,
    /// Owns the read models.
    Read,
    /// The session user's own: makes tables.
    Owner,
}

impl Role {
    /// The database role's name.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::App => Some("hiresphere_app"),
            Self::Sequencer => Some("hiresphere_sequencer"),
            Self::Keys => Some("hiresphere_keys"),
            Self::Read => Some("hiresphere_read"),
            Self::Owner => None,
        }
    }
}

/// Connection options of a URL, with this schema in front.
///
/// # Errors
/// `DATABASE_SETTINGS`.
pub(super) fn options(url: &str, schema: &str) -> Result<PgConnectOptions, LogError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        let problem = "the database's URL does not begin with postgres://";
        return Err(LogError::Settings(problem.into()));
    }
    let options = PgConnectOptions::from_str(url)
        .map_err(|e| LogError::Settings(format!("the database's URL: {e}")))?;
    Ok(options.application_name("hiresphere").options([
        ("search_path", schema),
        ("statement_timeout", STATEMENT),
        ("lock_timeout", LOCK),
        // Whatever a failing process leaves open holds nobody up for long.
        ("idle_in_transaction_session_timeout", STATEMENT),
    ]))
}

/// A pool of connections with a role's rights.
///
/// # Errors
/// `DATABASE_UNAVAILABLE`, `DATABASE_SETTINGS`.
pub async fn pool(
    url: &str,
    schema: &str,
    role: Role,
    connections: u32,
) -> Result<PgPool, LogError> {
    PgPoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        // A connection that has gone is noticed by whoever uses it; asking first would double every round trip.
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                if let Some(name) = role.name() {
                    let sql = format!(
                        "SELECT set_config('role', '{name}', false) FROM pg_roles \
                         WHERE rolname = '{name}' AND pg_has_role(session_user, oid, 'MEMBER')"
                    );
                    connection.execute(sql.as_str()).await?;
                }
                Ok(())
            })
        })
        .connect_with(options(url, schema)?)
        .await
        .map_err(failed)
}

/// What a failure of PostgreSQL means. Codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub fn failed(error: sqlx::Error) -> LogError {
    match &error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => return LogError::Unavailable(error.to_string()),
        // What is left of an answer when the server went away in the middle of it.
        sqlx::Error::Protocol(_) => return LogError::Unavailable(error.to_string()),
        sqlx::Error::Database(db) => {
            let code = db.code().unwrap_or_default();
            let away = code.starts_with("08")   // connection exception
                || code.starts_with("57P")      // shut down, crashed, starting up
                || matches!(&*code, "53300" | "55P03" | "57014" | "25006" | "40001" | "40P01");
            if away {
                return LogError::Unavailable(db.message().to_owned());
            }
            match &*code {
                "53100" => return LogError::DiskFull(db.message().to_owned()),
                "42501" => {
                    return LogError::Settings(format!("the database's rights: {}", db.message()));
                }
                "28P01" | "28000" | "3D000" => return LogError::Settings(db.message().to_owned()),
                "XX001" | "XX002" => return LogError::Damaged(db.message().to_owned()),
                _ => {}
            }
        }
        _ => {}
    }
    LogError::Io { doing: "use the database", problem: error.to_string() }
}

/// The five-character code of a failure that the server told.
pub(super) fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|e| e.code()).map(|c| c.into_owned())
}
