//! A PostgreSQL server: how it is connected to, and what its failures mean.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::{Dialect, Pool};
use crate::error::LogError;

/// How long somebody waits for a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// A connection that was used within this is taken to be alive: a server takes longer to end and to begin again.
const A_MOMENT: Duration = Duration::from_millis(250);
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
    /// `DATABASE_SETTINGS` when it is no such URL.
    pub fn at(url: &str) -> Result<Self, LogError> {
        // Not what is wrong with it, which could quote the password.
        let wrong = |_| LogError::Settings("the database's URL is not one of a PostgreSQL".into());
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

    /// A pool of connections. One that nobody has used for a moment is looked at first, so that a server that was
    /// restarted is noticed by nobody but whoever was waiting for it just then.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `DATABASE_SETTINGS`, `IO`.
    pub async fn pool(&self, connections: u32) -> Result<Pool, LogError> {
        let role = self.role;
        PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(CONNECT)
            .test_before_acquire(false)
            .before_acquire(|connection, used| {
                Box::pin(
                    async move { Ok(used.idle_for < A_MOMENT || connection.ping().await.is_ok()) },
                )
            })
            .after_connect(move |connection, _| Box::pin(become_role(connection, role)))
            .connect_with(self.options.clone())
            .await
            .map(Pool::Postgres)
            .map_err(of_postgres)
    }

    /// One connection of its own.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `DATABASE_SETTINGS`, `IO`.
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

/// What a failure means, on either engine.
///
/// `DATABASE_UNAVAILABLE` is one that may be gone in a moment: a server that is away, ends, starts or is
/// overloaded, two transactions in each other's way, a pool that was closed to be replaced. Beside it there are
/// `DATA_DAMAGED`, also for a table that must be there and is not, `DATABASE_SETTINGS`, `DISK_FULL` and `IO`.
pub fn failed(dialect: Dialect, error: sqlx::Error) -> LogError {
    match (dialect, &error) {
        (_, sqlx::Error::PoolClosed) => LogError::Unavailable(error.to_string()),
        (Dialect::Sqlite, _) => crate::sqlite::failed(error),
        // A table, a column or a schema that was dropped by hand.
        (Dialect::Postgres, sqlx::Error::Database(db))
            if matches!(db.code().as_deref(), Some("42P01" | "42703" | "3F000")) =>
        {
            LogError::Damaged(db.message().to_owned())
        }
        (Dialect::Postgres, sqlx::Error::BeginFailed) => LogError::Unavailable(error.to_string()),
        (Dialect::Postgres, _) => crate::postgres::failed(error),
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
