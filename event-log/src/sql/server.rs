//! A PostgreSQL server: how it is connected to, and what its failures mean.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgPoolOptions};
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::{Dialect, Pool};
use crate::error::LogError;

/// How long somebody waits for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one statement may take, unless [`Server::patience`] says otherwise.
const STATEMENT: Duration = Duration::from_secs(30);

/// A database of a server, and how this part of the system uses it. Nothing is connected yet.
#[derive(Clone)]
pub struct Server {
    options: PgConnectOptions,
    role: Option<&'static str>,
}

impl Server {
    /// The database at a URL: `postgres://user:password@host:port/database`.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE` when it is no such URL.
    pub fn at(url: &str) -> Result<Self, LogError> {
        // Not what is wrong with it, which could quote the password.
        let wrong = |_| LogError::Unavailable("this is not the URL of a PostgreSQL".into());
        let options = PgConnectOptions::from_str(url).map_err(wrong)?;
        let options = options.application_name("hiresphere").options([
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "60s"),
            // A client that is gone without a word is noticed within some ten seconds.
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "2"),
            ("tcp_keepalives_count", "3"),
            // Statements are short, and asked again and again.
            ("jit", "off"),
        ]);
        Ok(Self { options, role: None }.patience(STATEMENT))
    }

    /// Names without a schema are in this one. It need not exist yet.
    #[must_use]
    pub fn schema(mut self, schema: &str) -> Self {
        self.options = self.options.options([("search_path", schema)]);
        self
    }

    /// Works as this role, and so owns what the role owns, where there is such a role, whoever connects is a member
    /// of it, and it may create schemas here.
    #[must_use]
    pub fn role(mut self, role: &'static str) -> Self {
        self.role = Some(role);
        self
    }

    /// How long one statement may take; for ever when it is zero.
    #[must_use]
    pub fn patience(mut self, statement: Duration) -> Self {
        let limit = format!("{}ms", statement.as_millis());
        self.options = self.options.options([("statement_timeout", limit)]);
        self
    }

    /// A pool of connections. Each is looked at before it is used, so that a server that was restarted is
    /// noticed by nobody but whoever was waiting for it just then.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `IO`.
    pub async fn pool(&self, connections: u32) -> Result<Pool, LogError> {
        let role = self.role;
        PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(CONNECT)
            .after_connect(move |connection, _| Box::pin(become_role(connection, role)))
            .connect_with(self.options.clone())
            .await
            .map(Pool::Postgres)
            .map_err(of_postgres)
    }

    /// One connection of its own.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `IO`.
    pub(super) async fn session(&self) -> Result<PgConnection, LogError> {
        let connecting = async {
            let mut connection = PgConnection::connect_with(&self.options).await?;
            become_role(&mut connection, self.role).await?;
            Ok(connection)
        };
        match tokio::time::timeout(CONNECT, connecting).await {
            Ok(connected) => connected.map_err(of_postgres),
            Err(_) => Err(LogError::Unavailable("the server does not answer".into())),
        }
    }

    /// Runs a statement that must stand alone, outside of any transaction, on a connection of its own.
    ///
    /// # Errors
    /// Those of [`failed`].
    pub async fn alone(&self, statement: &str) -> Result<(), LogError> {
        let mut connection = self.session().await?;
        let done = (&mut connection).execute(statement).await;
        done.map(drop).map_err(of_postgres)
    }
}

async fn become_role(
    connection: &mut PgConnection,
    role: Option<&'static str>,
) -> Result<(), sqlx::Error> {
    let Some(role) = role else { return Ok(()) };
    let sql = "SELECT set_config('role', rolname, false) FROM pg_roles WHERE rolname = $1 \
               AND pg_has_role(session_user, oid, 'MEMBER') \
               AND has_database_privilege(oid, current_database(), 'CREATE')";
    sqlx::query(sql).bind(role).execute(connection).await.map(drop)
}

/// What a failure means. Codes of PostgreSQL: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
///
/// `DATABASE_UNAVAILABLE` is one that may be gone in a moment: a server that is away, ends, starts or is
/// overloaded, two transactions in each other's way, a pool that was closed to be replaced. Beside it there are
/// `DATA_DAMAGED`, `DISK_FULL` and `IO`.
pub fn failed(dialect: Dialect, error: sqlx::Error) -> LogError {
    if matches!(error, sqlx::Error::PoolClosed) {
        return LogError::Unavailable(error.to_string());
    }
    if dialect == Dialect::Sqlite {
        return crate::sqlite::failed(error);
    }
    let sqlx::Error::Database(db) = &error else {
        return match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => LogError::Unavailable(error.to_string()),
            error => LogError::Io { doing: "use the database", problem: error.to_string() },
        };
    };
    let code = db.try_downcast_ref::<PgDatabaseError>().map_or("", PgDatabaseError::code);
    match code {
        // A disk that is full, before the rest of its class.
        "53100" => LogError::DiskFull(db.message().to_owned()),
        // Something that must be there was dropped by hand, or is not what it was.
        "42P01" | "42703" | "3F000" | "XX001" | "XX002" => {
            LogError::Damaged(db.message().to_owned())
        }
        // A statement or a lock that took too long, and whoever was cancelled for somebody else.
        "57014" | "55P03" | "40001" | "40P01" => LogError::Unavailable(db.message().to_owned()),
        _ if ["08", "53", "57P"].iter().any(|class| code.starts_with(class)) => {
            LogError::Unavailable(db.message().to_owned())
        }
        // A password, a right or a database that is missing: found by whoever sets it up.
        _ => LogError::Io { doing: "use the database", problem: error.to_string() },
    }
}

/// Closes a connection without waiting for the server.
pub(super) async fn close(connection: PgConnection) {
    let _ = tokio::time::timeout(CONNECT, connection.close()).await;
}

pub(super) fn of_sqlite(error: sqlx::Error) -> LogError {
    failed(Dialect::Sqlite, error)
}

pub(super) fn of_postgres(error: sqlx::Error) -> LogError {
    failed(Dialect::Postgres, error)
}
