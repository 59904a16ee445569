//! What stands beside the write side: what people are shown, what can be read, who scores, and sweeping.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use command_api::http::Beside;
use domain::application::Seen;
use domain::ids::{ApplicationId, SubscriptionId};
use event_log::LogError;
use projections::api::QueryApi;
use projections::models::ranked_pool;

use crate::engine::Engine;

/// How long an erasure waits for the read models.
const SWEEPING: Duration = Duration::from_secs(10);

/// The other roles of this process.
pub(super) struct Roles {
    pub(super) engine: Arc<Engine>,
    pub(super) queries: QueryApi,
}

#[async_trait]
impl Beside for Roles {
    async fn shown(&self, application: ApplicationId) -> Result<Option<Seen>, LogError> {
        let tables = self.engine.read.pool().await;
        let (row, position) = ranked_pool::one_at(&tables, application).await?;
        Ok(row.map(|row| Seen { position, run: row.run, rank: row.rank }))
    }

    fn readable(&self, bytes: &[u8]) -> Option<String> {
        scorers::reading::readable(bytes).map(str::to_owned)
    }

    fn scoring(&self) -> (String, String) {
        self.engine.grading.shown()
    }

    fn signing_secret(&self, subscription: SubscriptionId, generation: u32) -> String {
        notifier::signing_secret(&self.engine.log.vault, subscription, generation)
    }

    fn slack_signing_secret(&self) -> Option<String> {
        self.engine.notifications.slack.signing_secret.clone()
    }

    fn answer_in_slack(&self, url: &str, text: &str, undo: Option<ApplicationId>) {
        // Slack wants its own answer within three seconds.
        let (answers, url, text) = (self.engine.clicks.clone(), url.to_owned(), text.to_owned());
        tokio::spawn(async move { answers.answer(&url, &text, undo).await });
    }

    async fn erased(&self, position: Option<u64>) -> Result<(), LogError> {
        self.queries.forget_folds();
        let swept = async {
            // Not numbered yet, and so not in the tables for a while: the next start sweeps.
            self.engine.read.wait_for(position.unwrap_or(u64::MAX)).await;
            // Somebody may be reading an older copy at this very moment.
            while let Err(error) = self.engine.read.forget_older_copies().await {
                tracing::debug!(%error, "sweeping goes on");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(SWEEPING, swept).await.is_err() {
            // The key is gone and the rows are swept or will be; the file follows at the next start.
            tracing::warn!("older copies of the read models are swept at the next start");
        }
        Ok(())
    }
}
