//! The port of the bus, on JetStream.

use std::sync::Arc;

use async_trait::async_trait;

use super::{JetStream, feed};
use crate::error::LogError;
use crate::ports::{Bus, EventStore, Feed, Queue};

/// A bus over a log and its bus stream.
pub struct JetStreamBus {
    bus: JetStream,
    store: Arc<dyn EventStore>,
}

impl JetStreamBus {
    /// A bus over a log and a connection to its bus stream. It reads only: a [`Relay`](super::Relay) fills it.
    pub fn new(bus: JetStream, store: Arc<dyn EventStore>) -> Self {
        Self { bus, store }
    }
}

#[async_trait]
impl Bus for JetStreamBus {
    async fn follow(&self, after: u64) -> Result<Box<dyn Feed>, LogError> {
        Ok(Box::new(feed::start(self.bus.clone(), self.store.clone(), after)))
    }

    async fn queue(
        &self,
        _: &str,
        _: &[String],
        _: u64,
        _: usize,
    ) -> Result<Option<Box<dyn Queue>>, LogError> {
        Ok(None)
    }
}
