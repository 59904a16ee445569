//! The bus on NATS JetStream: one bus stream whose sequence is the log's position.
//!
//! The log is the truth and the bus only carries it: whatever the bus has lost, doubled or got from somebody
//! else, those who follow it read from the log instead. [`Relay`] fills the bus stream, [`JetStreamBus`] is
//! the port through which events are read from it.

mod bus;
mod feed;
mod message;
mod queue;
mod relay;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{Context, context::ContextBuilder};
use async_nats::{ConnectOptions, Event, ServerAddr};
use tokio::sync::watch;
use uuid::Uuid;

pub use self::bus::JetStreamBus;
pub use self::message::{SUBJECTS, Unfit, decode, encode, source, subject};
pub use self::relay::{RELAY, Relay, Step};
pub use self::stream::{STREAM, Standing};

use crate::error::LogError;

/// How long an answer of the server is waited for.
const ANSWER: Duration = Duration::from_secs(3);
/// Pauses between attempts to reach the server: the first and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How the bus is reached and what it keeps.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the server is: `nats://host:4222` or `tls://...`, several with commas; a user and password, or a
    /// token, may be in it.
    pub url: String,
    /// How many of the last events the bus keeps. Readers further behind read the log.
    pub keep: u64,
    /// How many copies of the bus stream a cluster holds, 1 to 5.
    pub replicas: usize,
    /// How long somebody who works on an event may be silent before it is given to somebody else.
    pub patience: Duration,
}

impl Options {
    /// The usual: the last million events, one copy, half a minute of patience.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), keep: 1_000_000, replicas: 1, patience: Duration::from_secs(30) }
    }
}

/// A connection to the bus of one log. Clones share it.
#[derive(Clone)]
pub struct JetStream {
    context: Context,
    options: Arc<Options>,
    identity: Uuid,
    /// What the messages of this log say they come from.
    source: Arc<str>,
    /// Changes whenever the connection was lost: what was on its way then may never be answered.
    lost: watch::Receiver<u64>,
}

impl JetStream {
    /// Connects to the bus of the log with this identity. A server that cannot be reached is tried for as long as
    /// it takes, in the background.
    ///
    /// # Errors
    /// `IO` when the URL cannot be used.
    pub async fn connect(options: Options, identity: Uuid) -> Result<Self, LogError> {
        let unusable = |problem: String| LogError::Io { doing: "connect to the bus", problem };
        let (losing, lost) = watch::channel(0_u64);
        let servers =
            options.url.split(',').map(str::parse).collect::<Result<Vec<ServerAddr>, _>>();
        let servers = servers.map_err(|e| unusable(e.to_string()))?;
        let client = credentials(&servers)
            .name("hiresphere")
            .retry_on_initial_connect()
            .max_reconnects(None)
            .reconnect_delay_callback(|attempt| pause(u32::try_from(attempt).unwrap_or(u32::MAX)))
            .connection_timeout(ANSWER)
            .request_timeout(Some(ANSWER))
            .ping_interval(Duration::from_secs(5))
            .event_callback(move |event| {
                match event {
                    Event::Connected => tracing::info!("connected to the bus"),
                    Event::Disconnected => {
                        tracing::warn!("the connection to the bus was lost");
                        losing.send_modify(|times| *times += 1);
                    }
                    other => tracing::debug!(%other, "bus"),
                }
                async {}
            })
            .connect(servers)
            .await
            .map_err(|e| unusable(e.to_string()))?;
        let context = ContextBuilder::new().timeout(ANSWER).ack_timeout(ANSWER).build(client);
        let source = source(identity).into();
        Ok(Self { context, options: Arc::new(options), identity, source, lost })
    }

    /// The identity of the log whose events it carries.
    pub fn identity(&self) -> Uuid {
        self.identity
    }

    /// The connection's JetStream, for those who look at the bus by themselves.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// What the server cannot be asked, or does not answer as it should.
    fn unavailable(error: impl std::fmt::Display) -> LogError {
        LogError::Unavailable(format!("the bus: {error}"))
    }
}

/// Options with the user and password, or the token, of the first address that has them: the client itself would read
/// over them.
fn credentials(servers: &[ServerAddr]) -> ConnectOptions {
    let options = ConnectOptions::new();
    let found = servers.iter().find_map(|server| Some((server.username()?, server.password())));
    match found {
        Some((user, Some(password))) => options.user_and_password(user.into(), password.into()),
        Some((token, None)) => options.token(token.into()),
        None => options,
    }
}

/// The pause before attempt `n` (0, 1, 2...): growing, with an end.
fn pause(attempt: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempt.min(16))).min(LONGEST_PAUSE)
}
