//! The bus stream: how it must be, how it stands to the log, and making it anew.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{DeleteStreamErrorKind, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, Info, RawMessageErrorKind, StorageType};
use std::collections::HashMap;
use std::time::Duration;

use super::message::{self, SUBJECTS};
use super::{JetStream, LogError};
use crate::ports::EventStore;

/// The name of the bus stream.
pub const STREAM: &str = "hiresphere";
/// The stream's metadata that names the log.
const LOG: &str = "hiresphere-log";
/// Messages are told apart by the expected last sequence for ever; the server need not remember ids for long.
const DUPLICATES: Duration = Duration::from_secs(10);

/// How the bus stream stands to the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// There is none.
    Missing,
    /// It does not hold this log's events, or more than the log has.
    Other(String),
    /// It holds this log's events.
    Ours {
        /// The first sequence it may still hold.
        first: u64,
        /// The last position that was published to it.
        last: u64,
    },
}

impl JetStream {
    /// Compares the bus stream with the log: whose it is, how far it is, and whether its last message is the log's
    /// event.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE` when the bus does not answer, or a failure of the log.
    pub async fn compare(&self, store: &dyn EventStore) -> Result<Standing, LogError> {
        let stream = match self.context.get_stream(STREAM).await {
            Ok(stream) => stream,
            Err(error) => {
                return match error.kind() {
                    GetStreamErrorKind::JetStream(e)
                        if e.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                    {
                        Ok(Standing::Missing)
                    }
                    _ => Err(Self::unavailable(error)),
                };
            }
        };
        let info = stream.cached_info();
        if let Some(difference) = self.difference(&info.config) {
            return Ok(Standing::Other(difference));
        }
        let (first, last) = (info.state.first_sequence, info.state.last_sequence);
        // Asked after the bus was: what is published is in the log before.
        let head = store.head().await?;
        if last > head {
            return Ok(Standing::Other(format!("it is at {last}, the log at {head}")));
        }
        let holds = info.state.messages;
        if holds > 0 && holds != last + 1 - first {
            return Ok(Standing::Other(format!(
                "it holds {holds} messages from {first} to {last}"
            )));
        }
        if holds > 0 {
            let published = match stream.get_raw_message(last).await {
                Ok(message) => Some(message),
                Err(e) if e.kind() == RawMessageErrorKind::NoMessageFound => None,
                Err(error) => return Err(Self::unavailable(error)),
            };
            let event = store.read_all(last - 1, 1).await?;
            if let (Some(published), Some(event)) = (published, event.first()) {
                let id = event.event_id.to_string();
                if message::message_id(&published.headers) != Some(id.as_str()) {
                    return Ok(Standing::Other(format!("it holds another event at {last}")));
                }
            }
        }
        self.adjust(info).await?;
        Ok(Standing::Ours { first, last })
    }

    /// Makes the bus stream, empty, so that its next message is the one at `first`. What was there under its name is
    /// deleted: it can be made anew from its log.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`.
    pub(super) async fn make(&self, first: u64, instead: bool) -> Result<(), LogError> {
        if instead && let Err(error) = self.context.delete_stream(STREAM).await {
            let gone = matches!(error.kind(), DeleteStreamErrorKind::JetStream(e)
                if e.error_code() == ErrorCode::STREAM_NOT_FOUND);
            if !gone {
                return Err(Self::unavailable(error));
            }
        }
        let config = Config { first_sequence: Some(first), ..self.config() };
        self.context.create_stream(config).await.map_err(Self::unavailable)?;
        Ok(())
    }

    fn config(&self) -> Config {
        Config {
            name: STREAM.to_owned(),
            subjects: vec![SUBJECTS.to_owned()],
            description: Some("The events of a HireSphere log, by position".to_owned()),
            max_messages: self.keep(),
            max_bytes: -1,
            max_messages_per_subject: -1,
            max_consumers: -1,
            storage: StorageType::File,
            num_replicas: self.options.replicas.clamp(1, 5),
            duplicate_window: DUPLICATES,
            metadata: HashMap::from([(LOG.to_owned(), self.identity.to_string())]),
            ..Config::default()
        }
    }

    fn keep(&self) -> i64 {
        i64::try_from(self.options.keep.max(1)).unwrap_or(i64::MAX)
    }

    /// In what a stream is not the bus stream of this log.
    fn difference(&self, found: &Config) -> Option<String> {
        let log = found.metadata.get(LOG).map(String::as_str);
        if log != Some(self.identity.to_string().as_str()) {
            return Some(format!("it holds the events of the log `{}`", log.unwrap_or("?")));
        }
        (found.subjects != [SUBJECTS])
            .then(|| format!("it takes the subjects {}", found.subjects.join(", ")))
    }

    /// Brings what may change in the stream's configuration to what is configured.
    async fn adjust(&self, info: &Info) -> Result<(), LogError> {
        if info.config.max_messages == self.keep() {
            return Ok(());
        }
        let config = Config { max_messages: self.keep(), ..info.config.clone() };
        self.context.update_stream(config).await.map_err(Self::unavailable)?;
        Ok(())
    }
}
