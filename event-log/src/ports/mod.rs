//! What an engine offers. One contract suite (`tests/contract`) runs against every engine.

mod bus;
mod claims;
mod events;
mod keys;
mod ledger;
mod subscriptions;

pub use bus::*;
pub use claims::*;
pub use events::*;
pub use keys::*;
pub use ledger::*;
pub use subscriptions::*;

use domain::decide::Timestamp;
use uuid::Uuid;

/// Time, as an argument.
pub trait Clock: Send + Sync {
    /// The moment it is.
    fn now(&self) -> Timestamp;
}

/// New identities, as an argument.
pub trait Ids: Send + Sync {
    /// A UUIDv7: time-ordered, so that neighbours in time are neighbours in an index.
    fn next(&self) -> Uuid;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        chrono::Utc::now()
    }
}

/// UUIDv7 from the machine's clock and randomness.
#[derive(Debug, Clone, Copy)]
pub struct SystemIds;

impl Ids for SystemIds {
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}
