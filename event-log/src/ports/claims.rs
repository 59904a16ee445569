//! The port of claims: several processes work on one subscription, and an event is given to one of them.
//!
//! The bus only delivers. Who may work on what, and what was handled, is decided here, by the log's database and
//! its clock: per subscription, the events of a stream are handled in order and never two at once.

use std::time::Duration;

use async_trait::async_trait;
use domain::ids::StreamId;
use uuid::Uuid;

use crate::error::LogError;
use crate::event::Recorded;

/// The right to work on an event, and with it on its stream, until it runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The subscription.
    pub subscription: String,
    /// The event's stream.
    pub stream: StreamId,
    /// The event's position.
    pub position: u64,
    /// Tells this claim from any other, also of the same process.
    pub holder: Uuid,
    /// How often the event was given out, this time included.
    pub attempt: u32,
}

/// Whether an event may be worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// By whoever asked.
    Mine(Claim),
    /// It was handled or parked before.
    Handled,
    /// It was parked now, because an earlier event of its stream is.
    Behind,
    /// Not now: somebody works on its stream, or it rests.
    Busy,
    /// Not now: an earlier event of its stream comes first.
    Earlier,
}

/// Who works on what, in every subscription.
#[async_trait]
pub trait Claims: Send + Sync + 'static {
    /// Asks to work on an event of a subscription to these types, for so long.
    async fn claim(
        &self,
        subscription: &str,
        kinds: &[String],
        event: &Recorded,
        patience: Duration,
    ) -> Result<Verdict, LogError>;

    /// Asks to work on the first parked event of a stream that somebody wants tried again.
    async fn claim_requeued(
        &self,
        subscription: &str,
        patience: Duration,
    ) -> Result<Option<Claim>, LogError>;

    /// Prolongs a claim; `false` when it was lost: then somebody else works on the stream, or has.
    async fn renew(&self, claim: &Claim, patience: Duration) -> Result<bool, LogError>;

    /// Notes the event as handled and lets the claim go; `false`, and nothing, when it was lost.
    async fn finish(&self, claim: &Claim) -> Result<bool, LogError>;

    /// Parks the event and lets the claim go; `false`, and nothing, when it was lost.
    async fn park(
        &self,
        claim: &Claim,
        kind: &str,
        error: &str,
        attempts: u32,
    ) -> Result<bool, LogError>;

    /// Lets the claim go without an outcome; the event rests so long. Whether the attempt counts is up to the caller.
    async fn give_back(
        &self,
        claim: &Claim,
        pause: Duration,
        counts: bool,
    ) -> Result<bool, LogError>;

    /// Moves the subscription's checkpoint up over what is handled without a gap; answers where it then stands.
    async fn sweep(&self, subscription: &str, kinds: &[String]) -> Result<u64, LogError>;

    /// The positions of events behind the checkpoint that are neither handled nor worked on, at most so many, one of
    /// each stream.
    async fn open(
        &self,
        subscription: &str,
        kinds: &[String],
        most: u32,
    ) -> Result<Vec<u64>, LogError>;
}
