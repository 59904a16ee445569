//! Follows the live feed over WebSocket through hang-ups and ends of the server, always from where it stopped, and
//! holds it to its promise: positions 1, 2, 3... without a gap or a double.

use std::sync::Arc;

use futures::StreamExt as _;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

use super::{Place, Site};

/// A connection to the feed.
pub(crate) type Line = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connects to a server's feed behind a position.
pub(crate) async fn connect(address: &str, token: &str, after: u64) -> Result<Line, Error> {
    let url = format!("ws://{address}/v1/live?after={after}");
    let mut request = url.into_client_request()?;
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).expect("a token");
    request.headers_mut().insert(header::AUTHORIZATION, bearer);
    connect_async(request).await.map(|(line, _)| line)
}

/// An event as the feed told it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) stream: String,
    pub(crate) data: Value,
}

/// What a follower heard.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Every event, in the order of positions from 1 on.
    pub(crate) told: Vec<Told>,
    /// Times it came back after it had hung up itself.
    pub(crate) hung_up: usize,
    /// Times it came back because the line had broken.
    pub(crate) cut_off: usize,
}

impl Heard {
    /// The events of one type.
    pub(crate) fn of(&self, kind: &str) -> Vec<&Told> {
        self.told.iter().filter(|told| told.kind == kind).collect()
    }
}

/// Somebody who follows the feed from its beginning.
pub(crate) struct Follower {
    site: watch::Receiver<Site>,
    token: Arc<str>,
    heard: Heard,
    scored: usize,
}

impl Follower {
    pub(crate) fn new(place: &Place) -> Self {
        Self::at(place.site(), place.token())
    }

    /// Follows whoever is there, with a token.
    pub(crate) fn at(site: watch::Receiver<Site>, token: Arc<str>) -> Self {
        Self { site, token, heard: Heard::default(), scored: 0 }
    }

    /// Follows until so many scores were recorded; hangs up and comes back after each of `hang_ups` (positions, in
    /// order), and counts what it hears into `seen`.
    pub(crate) async fn until_scored(
        self,
        scores: usize,
        hang_ups: Vec<u64>,
        seen: watch::Sender<u64>,
    ) -> Heard {
        self.until(watch::channel(scores).1, hang_ups, seen).await
    }

    /// As [`Self::until_scored`], where it is said later how many there are.
    pub(crate) async fn until(
        mut self,
        scores: watch::Receiver<usize>,
        hang_ups: Vec<u64>,
        seen: watch::Sender<u64>,
    ) -> Heard {
        let mut hang_ups = hang_ups.into_iter().peekable();
        let mut tried = 0;
        while self.scored < *scores.borrow() {
            let next = self.site.wait_for(|s| s.start > tried && s.address.is_some()).await;
            let Site { start, address } = next.expect("a server").clone();
            let at = self.heard.told.len() as u64;
            let line = connect(&address.expect("an address"), &self.token, at).await;
            let mut line = match line {
                Ok(line) => line,
                // Its database is away: asked again, until it is not.
                Err(Error::Http(refused)) if refused.status() == 503 => continue,
                Err(Error::Http(refused)) => panic!("refused behind {at}: {refused:?}"),
                Err(_) => {
                    tried = start;
                    continue;
                }
            };
            while self.scored < *scores.borrow() {
                let Some(Ok(frame)) = line.next().await else {
                    // Whoever was there may be there still.
                    self.heard.cut_off += 1;
                    break;
                };
                let Message::Text(text) = frame else { continue };
                if !self.hear(&text) {
                    continue;
                }
                seen.send_modify(|seen| *seen += 1);
                let at = self.heard.told.len() as u64;
                if hang_ups.next_if(|position| *position <= at).is_some() {
                    // Without a word, as a line breaks.
                    self.heard.hung_up += 1;
                    break;
                }
            }
        }
        self.heard
    }

    /// Takes a message; says whether it was an event.
    fn hear(&mut self, text: &str) -> bool {
        let message: Value = serde_json::from_str(text).expect("JSON");
        let field = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        let (kind, stream) = (field("type"), field("stream"));
        if kind == "heartbeat" {
            return false;
        }
        let expected = self.heard.told.len() as u64 + 1;
        assert_eq!(message["position"].as_u64(), Some(expected), "no gap, no double: {text}");
        self.scored += usize::from(kind == "application.score_recorded.v1");
        let id = message["event_id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        self.heard.told.push(Told { id, kind, stream, data: message["data"].clone() });
        true
    }
}
