//! The log: every fact, in one order, for ever.
//!
//! [`ports`] says what an engine offers; [`sqlite`] is the embedded engine behind them, [`postgres`] the
//! distributed one, and [`sql`] a way to ask both. On top of the ports, the same for every engine: [`dispatch`] (a command becomes events), [`subscribe`] (an event
//! reaches its handlers), [`vault`] (personal data is sealed under the person's key), [`documents`]
//! (sealed bytes), [`erase`], and [`trace`] (what belongs together, across processes).

pub mod dispatch;
pub mod distributed;
pub mod documents;
pub mod erase;
pub mod error;
pub mod event;
pub mod folder;
pub mod jetstream;
pub mod master_key;
pub mod ports;
pub mod postgres;
pub mod sql;
pub mod sqlite;
pub mod subscribe;
pub mod trace;
pub mod vault;

pub use dispatch::{DispatchError, Dispatcher, Envelope, Outcome};
pub use documents::Documents;
pub use error::LogError;
pub use event::{NewEvent, Recorded};
pub use vault::Vault;

use std::sync::Arc;

/// Everything a part of the system needs of an engine.
#[derive(Clone)]
pub struct Log {
    /// Events, reservations and idempotency keys.
    pub store: Arc<dyn ports::EventStore>,
    /// Checkpoints and parked events.
    pub subscriptions: Arc<dyn ports::Subscriptions>,
    /// What was spent on engines that cost money.
    pub ledger: Arc<dyn ports::Ledger>,
    /// How events reach those who wait for them.
    pub bus: Arc<dyn ports::Bus>,
    /// Personal data.
    pub vault: Vault,
    /// Sealed bytes.
    pub documents: Documents,
    /// Time.
    pub clock: Arc<dyn ports::Clock>,
    /// New identities.
    pub ids: Arc<dyn ports::Ids>,
}

impl Log {
    /// A dispatcher of commands onto this log.
    pub fn dispatcher(&self) -> Dispatcher {
        Dispatcher::new(self.clone())
    }
}
