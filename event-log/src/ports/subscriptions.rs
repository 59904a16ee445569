//! The port of subscriptions: how far each has come, and what it could not handle.

use async_trait::async_trait;
use domain::decide::Timestamp;
use domain::ids::StreamId;

use crate::error::LogError;

/// An event that a subscription could not handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The subscription.
    pub subscription: String,
    /// The event's position.
    pub position: u64,
    /// The event's stream: its later events wait behind it, in this subscription only.
    pub stream: StreamId,
    /// The event's type.
    pub kind: String,
    /// Why it could not be handled, or that it waits behind another.
    pub error: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was parked.
    pub parked_at: Timestamp,
}

/// Checkpoints and the park.
#[async_trait]
pub trait Subscriptions: Send + Sync + 'static {
    /// Every event up to here was handled or parked; 0 at the start.
    async fn checkpoint(&self, subscription: &str) -> Result<u64, LogError>;

    /// Moves the checkpoint if it still stands at `from`; says whether it did.
    async fn advance(&self, subscription: &str, from: u64, to: u64) -> Result<bool, LogError>;

    /// Parks an event; parked already is fine.
    async fn park(&self, parked: Parked) -> Result<(), LogError>;

    /// Everything parked in a subscription, by position.
    async fn parked(&self, subscription: &str) -> Result<Vec<Parked>, LogError>;

    /// How many events are parked in a subscription.
    async fn parked_count(&self, subscription: &str) -> Result<u64, LogError> {
        Ok(self.parked(subscription).await?.len() as u64)
    }

    /// Takes an event out of the park: it counts as handled.
    async fn unpark(&self, subscription: &str, position: u64) -> Result<(), LogError>;

    /// Everything parked in any subscription, by subscription and position.
    async fn parked_everywhere(&self) -> Result<Vec<Parked>, LogError>;

    /// A parked event, if it is parked.
    async fn parked_at(
        &self,
        subscription: &str,
        position: u64,
    ) -> Result<Option<Parked>, LogError> {
        let parked = self.parked(subscription).await?;
        Ok(parked.into_iter().find(|parked| parked.position == position))
    }

    /// Asks whoever runs the subscription to try the stream of a parked event again, in order until an event fails
    /// again; without a position, every stream with a parked event. Answers of how many streams it was asked. May be
    /// asked by another process.
    async fn ask_requeue(&self, subscription: &str, position: Option<u64>)
    -> Result<u64, LogError>;

    /// The streams that are asked for, first come first.
    async fn requeues(&self, subscription: &str) -> Result<Vec<StreamId>, LogError>;

    /// A stream that was asked for was tried.
    async fn requeued(&self, subscription: &str, stream: StreamId) -> Result<(), LogError>;

    /// Drops a parked event: it counts as handled, and what waits behind it is asked for. `false` when it is not
    /// parked. May be done by another process.
    async fn drop_parked(&self, subscription: &str, position: u64) -> Result<bool, LogError>;

    /// Notes an effect on the world by its name; says whether it was not noted before.
    async fn claim_effect(&self, effect: &str) -> Result<bool, LogError>;

    /// Forgets an effect that certainly did not happen.
    async fn release_effect(&self, effect: &str) -> Result<(), LogError>;
}
