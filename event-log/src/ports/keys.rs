//! The port of the key store: people's wrapped keys, kept apart from the events, and the blind
//! indexes that die with them.

use std::time::Duration;

use async_trait::async_trait;
use domain::ids::CandidateId;

use crate::error::LogError;

/// The state of a person's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// There never was one.
    NeverExisted,
    /// Wrapped by the master key.
    Live(Vec<u8>),
    /// Destroyed: what it sealed is noise.
    Destroyed,
}

/// People's wrapped keys and blind indexes.
#[async_trait]
pub trait KeyStore: Send + Sync + 'static {
    /// How long a key that was looked up may be used without asking again: other processes may destroy it
    /// meanwhile. `None`: for ever, this process is alone.
    fn believed_for(&self) -> Option<Duration> {
        None
    }

    /// The state of a person's key.
    async fn get(&self, person: CandidateId) -> Result<KeyState, LogError>;

    /// The wrapped keys of those of some people whose key is live.
    async fn get_live(
        &self,
        people: &[CandidateId],
    ) -> Result<Vec<(CandidateId, Vec<u8>)>, LogError> {
        let mut live = Vec::with_capacity(people.len());
        for person in people {
            if let KeyState::Live(wrapped) = self.get(*person).await? {
                live.push((*person, wrapped));
            }
        }
        Ok(live)
    }

    /// Stores a wrapped key unless there is one or was one; answers the state that then holds.
    async fn put_if_absent(
        &self,
        person: CandidateId,
        wrapped: Vec<u8>,
    ) -> Result<KeyState, LogError>;

    /// Destroys a person's key and their blind index entries. Destroyed already is fine.
    async fn destroy(&self, person: CandidateId) -> Result<(), LogError>;

    /// Notes that a person has a value (by its keyed hash) and answers who had it before, in the
    /// order in which they were noted.
    async fn index(
        &self,
        scope: &str,
        blind: &str,
        person: CandidateId,
    ) -> Result<Vec<CandidateId>, LogError>;

    /// Who has a value, in the order in which they were noted.
    async fn find(&self, scope: &str, blind: &str) -> Result<Vec<CandidateId>, LogError>;
}
