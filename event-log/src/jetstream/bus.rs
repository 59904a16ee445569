//! The port of the bus, on JetStream.

use std::sync::Arc;

use async_trait::async_trait;

use super::{JetStream, feed, queue};
use crate::error::LogError;
use crate::ports::{Bus, Claims, EventStore, Feed, Queue};

/// A bus over a log and its bus stream.
pub struct JetStreamBus {
    bus: JetStream,
    store: Arc<dyn EventStore>,
    claims: Option<Arc<dyn Claims>>,
}

impl JetStreamBus {
    /// A bus over a log and a connection to its bus stream. It reads only: a [`Relay`](super::Relay) fills it.
    pub fn new(bus: JetStream, store: Arc<dyn EventStore>) -> Self {
        Self { bus, store, claims: None }
    }

    /// With queues, for whom claims decide who works on what; without, everybody reads the log by themselves.
    #[must_use]
    pub fn with_claims(mut self, claims: Arc<dyn Claims>) -> Self {
        self.claims = Some(claims);
        self
    }
}

#[async_trait]
impl Bus for JetStreamBus {
    async fn follow(&self, after: u64) -> Result<Box<dyn Feed>, LogError> {
        Ok(Box::new(feed::start(self.bus.clone(), self.store.clone(), after)))
    }

    fn is_shared(&self) -> bool {
        self.claims.is_some()
    }

    async fn queue(
        &self,
        subscription: &str,
        kinds: &[String],
        in_flight: usize,
    ) -> Result<Option<Box<dyn Queue>>, LogError> {
        let Some(claims) = &self.claims else { return Ok(None) };
        let (bus, store) = (self.bus.clone(), self.store.clone());
        Ok(Some(Box::new(queue::open(bus, store, claims.clone(), subscription, kinds, in_flight))))
    }
}
