//! What the bus holds, message by message.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::pull::{Ordered, OrderedConfig};
use futures::StreamExt as _;
use sqlx::types::Uuid;

/// The stream that the log is published to.
const STREAM: &str = "hiresphere";
/// How long the next message may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The bus stream, read from its first message on.
pub(super) struct Published {
    messages: Option<Ordered>,
    first: u64,
    last: u64,
    pub(super) compared: u64,
}

impl Published {
    pub(super) async fn open(url: &str) -> Self {
        let client = async_nats::connect(url).await.expect("a bus");
        let stream = jetstream::new(client).get_stream(STREAM).await.expect("the bus stream");
        let state = &stream.cached_info().state;
        let (first, last) = (state.first_sequence, state.last_sequence);
        let messages = if state.messages == 0 {
            None
        } else {
            let config = OrderedConfig { headers_only: true, ..OrderedConfig::default() };
            let consumer = stream.create_consumer(config).await.expect("a consumer");
            Some(consumer.messages().await.expect("messages"))
        };
        Self { messages, first, last, compared: 0 }
    }

    /// Whether the message at a position is this event; says what it is instead.
    pub(super) async fn compare(&mut self, position: u64, event: Uuid) -> Option<String> {
        if position < self.first {
            return None; // It keeps the last ones only.
        }
        if position > self.last {
            return Some(format!("{position} is not on the bus, which is at {}", self.last));
        }
        let Some(messages) = &mut self.messages else {
            return Some(format!("{position} is not on the bus any more"));
        };
        let next = tokio::time::timeout(PATIENCE, messages.next()).await;
        let message = next.expect("a message in time").expect("a message").expect("a message");
        self.compared += 1;
        let at = message.info().expect("a message of the bus").stream_sequence;
        let text = |name: &str| {
            let headers = message.headers.as_ref();
            headers.and_then(|h| h.get(name)).map(|v| v.as_str().to_owned()).unwrap_or_default()
        };
        let is = (at, text("Nats-Msg-Id"), text("ce-id"), text("ce-sequence"));
        let id = event.to_string();
        let should = (position, id.clone(), id, position.to_string());
        (is != should).then(|| format!("{position} is {is:?} on the bus, {should:?} in the log"))
    }
}
