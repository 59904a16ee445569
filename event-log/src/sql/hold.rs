//! Holding a name, so that of several processes one does the work.

use std::time::Duration;

use sqlx::PgConnection;

use super::Server;
use super::server::{close, of_postgres};
use crate::error::LogError;

/// How long an answer may take before the connection is given up.
const ANSWER: Duration = Duration::from_secs(5);

/// A name that one process at a time holds, for as long as its connection lives. A hint, not a fence: somebody may
/// go on a moment after losing it.
pub struct Hold {
    place: Option<(Server, String)>,
    session: Option<PgConnection>,
    held: bool,
}

impl Hold {
    /// A name to be held among those who use a server's database.
    pub fn among(server: Server, name: impl Into<String>) -> Self {
        // What is waited for here is other processes, not statements.
        Self { place: Some((server, name.into())), session: None, held: false }
    }

    /// A name that nobody else could hold.
    pub fn alone() -> Self {
        Self { place: None, session: None, held: true }
    }

    /// Whether this process holds the name; takes it when nobody does.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE` when that cannot be known, and the name is not held any more; `IO`.
    pub async fn mine(&mut self) -> Result<bool, LogError> {
        let Some((server, name)) = &self.place else { return Ok(true) };
        let asked = tokio::time::timeout(ANSWER, async {
            let session = match &mut self.session {
                Some(session) => session,
                none => none.insert(server.session().await?),
            };
            let sql = match self.held {
                true => "SELECT $1 = $1",
                false => "SELECT pg_try_advisory_lock(hashtextextended($1, 0))",
            };
            let mine = sqlx::query_scalar(sql).bind(name).fetch_one(session).await;
            mine.map_err(of_postgres)
        });
        let asked = match asked.await {
            Ok(asked) => asked,
            Err(_) => Err(LogError::Unavailable("the server does not answer".into())),
        };
        self.held = matches!(asked, Ok(true));
        if asked.is_err() {
            self.session = None;
        }
        asked
    }

    /// Lets go, at once.
    pub async fn release(mut self) {
        if let Some(session) = self.session.take() {
            close(session).await;
        }
    }
}
