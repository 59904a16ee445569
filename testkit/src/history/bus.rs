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
    /// A message that belongs to a later position than was asked for.
    ahead: Option<Message>,
    first: u64,
    last: u64,
    pub(super) compared: u64,
}

/// A message: its sequence on the bus, and what it says of itself.
#[derive(Debug, PartialEq, Eq)]
struct Message {
    sequence: u64,
    message_id: String,
    event_id: String,
    position: String,
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
        Self { messages, ahead: None, first, last, compared: 0 }
    }

    /// Whether the message at a position is this event; says what it is instead.
    pub(super) async fn compare(&mut self, position: u64, event: Uuid) -> Option<String> {
        if position < self.first {
            return None; // It keeps the last ones only.
        }
        if position > self.last {
            return Some(format!("{position} is not on the bus, which is at {}", self.last));
        }
        let next = match self.ahead.take() {
            Some(next) => Some(next),
            None => self.next().await,
        };
        let Some(is) = next else {
            self.messages = None;
            return Some(format!("{position} is not on the bus, nor what comes after it"));
        };
        if is.sequence > position {
            self.ahead = Some(is);
            return Some(format!("{position} is not on the bus"));
        }
        self.compared += 1;
        let id = event.to_string();
        let should = Message {
            sequence: position,
            message_id: id.clone(),
            event_id: id,
            position: position.to_string(),
        };
        (is != should).then(|| format!("{is:?} is on the bus, {should:?} in the log"))
    }

    async fn next(&mut self) -> Option<Message> {
        let next = tokio::time::timeout(PATIENCE, self.messages.as_mut()?.next()).await.ok()??;
        let message = next.expect("a message");
        let text = |name: &str| {
            let headers = message.headers.as_ref();
            headers.and_then(|h| h.get(name)).map(|v| v.as_str().to_owned()).unwrap_or_default()
        };
        Some(Message {
            sequence: message.info().expect("a message of the bus").stream_sequence,
            message_id: text("Nats-Msg-Id"),
            event_id: text("ce-id"),
            position: text("ce-sequence"),
        })
    }
}
