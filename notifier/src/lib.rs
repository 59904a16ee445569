//! Tells people and other systems what they want to know, each thing once.
//!
//! A subscription of its own follows the log ([`Notifier`]): rules turn events into notices, and whoever wants them is looked up.
//! What is to be sent is put into an outbox, in one transaction with why; [`Deliverer`] sends what is there, marks what may
//! have been sent before, and records what became of it in the log. Rebuilding read models and replaying decisions tell
//! nobody anything. Notices carry ids, codes and numbers; names and addresses are looked up when a message is made.

mod deliver;
mod http;
mod intake;
mod known;
mod rules;
mod settings;
mod sink;
mod store;

use std::sync::Arc;

use async_trait::async_trait;
use event_log::subscribe::{Handler, HandlerError};
use event_log::{Dispatcher, Recorded};

pub use deliver::{ClickAnswers, Deliverer, signing_secret};
pub use http::{NotificationApi, document, router, schemas};
pub use rules::{Audience, Notice, Said, notices_of};
pub use settings::{EmailSettings, Settings, SettingsError, SlackSettings};
pub use sink::{FileSink, LogSink, Sink};
pub use store::{DeliveryFilter, DeliveryRow, DeliveryState, InboxRow, Store, SubscriptionRow};

use known::Known;

/// The subscription's name.
const NAME: &str = "notifier";

/// Takes in events: what they mean to whom, and what is to be sent.
pub struct Notifier {
    dispatcher: Dispatcher,
    store: Store,
    settings: Arc<Settings>,
    sinks: Vec<Arc<dyn Sink>>,
    known: Known,
    /// Up to where nobody is told anything.
    begun: tokio::sync::OnceCell<u64>,
}

impl Notifier {
    /// A notifier that puts what is to be sent into a store, and gives every notice to the sinks.
    pub fn new(
        dispatcher: Dispatcher,
        store: Store,
        settings: Arc<Settings>,
        sinks: Vec<Arc<dyn Sink>>,
    ) -> Self {
        let known = Known::new(dispatcher.clone());
        Self { dispatcher, store, settings, sinks, known, begun: tokio::sync::OnceCell::new() }
    }
}

#[async_trait]
impl Handler for Notifier {
    fn name(&self) -> &'static str {
        NAME
    }

    fn wants(&self, kind: &str) -> bool {
        // What became of notifications is nobody's news, or there would be no end of it.
        !kind.starts_with("notification.") || kind == "notification.requeued.v1"
    }

    async fn handle(&self, event: &Recorded) -> Result<(), HandlerError> {
        self.take_in(event).await
    }
}
