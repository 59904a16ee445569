//! Holding a name, so that of several processes one does the work.

use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::sync::Mutex;

use super::Server;
use super::server::{close, of_postgres};
use crate::error::LogError;

/// How long an answer may take before the connection is given up.
const ANSWER: Duration = Duration::from_secs(5);
/// How often the holder's connection says that it lives, also while the work takes long, and the time without a word
/// after which the server ends it: that of a process that is frozen stays open.
const SPEAK_EVERY: Duration = Duration::from_millis(500);
const SILENCE: &str = "SET idle_session_timeout = '3s'";

/// A name that one process at a time holds, for as long as its connection lives and speaks. A hint, not a fence:
/// somebody may go on a moment after losing it.
pub struct Hold {
    place: Option<(Server, String)>,
    session: Session,
    speaks: bool,
    held: bool,
}

type Session = Arc<Mutex<Option<PgConnection>>>;

impl Hold {
    /// A name to be held among those who use a server's database.
    pub fn among(server: Server, name: impl Into<String>) -> Self {
        Self {
            place: Some((server, name.into())),
            session: Arc::default(),
            speaks: false,
            held: false,
        }
    }

    /// A name that nobody else could hold.
    pub fn alone() -> Self {
        Self { place: None, session: Arc::default(), speaks: false, held: true }
    }

    /// Whether others could hold it.
    pub fn is_shared(&self) -> bool {
        self.place.is_some()
    }

    /// Whether this process holds the name; takes it when nobody does.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE` when that cannot be known, and the name is not held any more; `IO`.
    pub async fn mine(&mut self) -> Result<bool, LogError> {
        let Some((server, name)) = &self.place else { return Ok(true) };
        if !self.speaks {
            tokio::spawn(speak(Arc::downgrade(&self.session)));
            self.speaks = true;
        }
        let mut open = self.session.lock().await;
        let held = self.held && open.is_some();
        let asked = tokio::time::timeout(ANSWER, async {
            if open.is_none() {
                let mut session = server.session().await?;
                session.execute(SILENCE).await.map_err(of_postgres)?;
                *open = Some(session);
            }
            let Some(session) = open.as_mut() else { return Ok(false) };
            let sql = match held {
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
            *open = None;
        }
        asked
    }

    /// Whether this process held the name when it last asked, and nothing was heard since of its being lost.
    pub fn lives(&self) -> bool {
        // Whoever has the connection at the moment is speaking over it.
        let open = || self.session.try_lock().map_or(true, |open| open.is_some());
        self.held && (self.place.is_none() || open())
    }

    /// Lets go, at once.
    pub async fn release(self) {
        let session = self.session.lock().await.take();
        if let Some(session) = session {
            close(session).await;
        }
    }
}

/// Keeps the connection of a hold from being silent, until the hold is gone.
async fn speak(session: Weak<Mutex<Option<PgConnection>>>) {
    loop {
        tokio::time::sleep(SPEAK_EVERY).await;
        let Some(session) = session.upgrade() else { return };
        let mut open = session.lock().await;
        if let Some(connection) = open.as_mut()
            && !matches!(tokio::time::timeout(ANSWER, connection.ping()).await, Ok(Ok(())))
        {
            // Ended by the server, or unusable: the name is somebody else's by now.
            *open = None;
        }
    }
}
