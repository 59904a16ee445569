//! Hearing of what other processes change.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Pool, query};
use crate::error::LogError;

/// The pause before a lost connection is made again.
const AGAIN: Duration = Duration::from_millis(250);

/// Hears when somebody tells of a change on a channel. A hint: whoever waits looks for itself, from time to time
/// without having heard anything, too.
pub struct Listening {
    heard: watch::Receiver<u64>,
    task: Option<JoinHandle<()>>,
}

impl Pool {
    /// Hears what is told on a channel of the database. On SQLite nothing is ever told.
    pub fn listen(&self, channel: &str) -> Listening {
        let (told, heard) = watch::channel(0);
        let Self::Postgres(pool) = self else { return Listening { heard, task: None } };
        let (pool, channel) = (pool.clone(), channel.to_owned());
        let task = tokio::spawn(async move {
            loop {
                let listening = async {
                    let mut listener = PgListener::connect_with(&pool).await?;
                    listener.listen(&channel).await?;
                    // Something may have been told while nobody listened.
                    while told.send(0).is_ok() {
                        listener.recv().await?;
                    }
                    Ok::<_, sqlx::Error>(())
                };
                match listening.await {
                    Ok(()) => return,
                    Err(error) => tracing::debug!(channel, %error, "nothing is heard"),
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
        Listening { heard, task: Some(task) }
    }

    /// Tells whoever listens on a channel. On SQLite there is nobody.
    ///
    /// # Errors
    /// Those of [`super::failed`].
    pub async fn tell(&self, channel: &str) -> Result<(), LogError> {
        let Self::Postgres(_) = self else { return Ok(()) };
        query("SELECT pg_notify($1, '')").bind(channel).execute(self).await.map(drop)
    }
}

impl Listening {
    /// Resolves when something was told, or after `within`.
    pub async fn heard(&mut self, within: Duration) {
        let told = async {
            if self.heard.changed().await.is_err() {
                // Nobody will tell any more.
                std::future::pending::<()>().await;
            }
        };
        let _ = tokio::time::timeout(within, told).await;
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
