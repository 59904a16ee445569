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

    /// Takes an event out of the park.
    async fn unpark(&self, subscription: &str, position: u64) -> Result<(), LogError>;

    /// Notes an effect on the world by its name; says whether it was not noted before.
    async fn claim_effect(&self, effect: &str) -> Result<bool, LogError>;

    /// Forgets an effect that certainly did not happen.
    async fn release_effect(&self, effect: &str) -> Result<(), LogError>;
}
