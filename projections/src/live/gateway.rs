//! The live feed's endpoint: WebSocket and server-sent events at one address, and the tickets for it.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message as Frame, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chrono::{DateTime, Utc};
use domain::application::{Application, ApplicationEvent};
use event_log::{Dispatcher, Log};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt as _, Stream, StreamExt as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::openapi::OpenApi;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::Problem;
use web::access::Caller;
use web::extract::Params;
use web::guard::Guard;

use super::contract::Notice;
use super::follower::{End, Filter, Follower, Next};
use super::hub::Hub;
use super::tickets::{GOOD_FOR, Tickets};
use super::view::Viewer;

/// A reader that takes longer than this over one message is let go.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of a message from a client; there is nothing to say.
const INCOMING_BYTES: usize = 4096;

/// The live feed of one server.
#[derive(Clone)]
pub struct Live {
    hub: Hub,
    guard: Guard,
    dispatcher: Dispatcher,
    tickets: Tickets,
    origins: Vec<String>,
    stop: watch::Receiver<bool>,
}

impl Live {
    /// A live feed; pages of `origins` may connect beside those of the server's own.
    pub fn new(
        hub: Hub,
        guard: Guard,
        log: &Log,
        origins: Vec<String>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let (dispatcher, tickets) = (log.dispatcher(), Tickets::default());
        Self { hub, guard, dispatcher, tickets, origins, stop }
    }
}

fn routes() -> OpenApiRouter<Live> {
    OpenApiRouter::new().routes(routes!(issue_ticket)).routes(routes!(follow))
}

/// The endpoints of the live feed.
pub fn router(live: Live) -> OpenApiRouter {
    routes().with_state(live)
}

/// What the endpoints say of themselves.
pub fn document() -> OpenApi {
    routes().into_openapi()
}

/// A one-time ticket.
#[derive(Debug, Serialize, ToSchema)]
struct Ticket {
    /// Give it as `ticket` to `GET /v1/live`.
    ticket: String,
    /// When it is no longer good.
    expires_at: DateTime<Utc>,
    /// The log's position now: give it as `after` to miss nothing from here on.
    position: u64,
}

/// Get a ticket for the live feed
///
/// Good for one connection within 30 seconds: for browsers, which cannot send a token with a WebSocket.
#[utoipa::path(post, path = "/v1/live/tickets", tag = "live feed", operation_id = "issueTicket",
    responses((status = 201, body = Ticket)))]
async fn issue_ticket(
    State(live): State<Live>,
    Extension(caller): Extension<Caller>,
) -> Result<(StatusCode, Json<Ticket>), Problem> {
    let busy = || {
        let detail = "too many tickets wait to be used; try again in half a minute";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_TICKETS", detail)
    };
    let position = *live.hub.head().borrow();
    let ticket = live.tickets.issue(caller, Instant::now()).ok_or_else(busy)?;
    let expires_at = Utc::now() + GOOD_FOR;
    Ok((StatusCode::CREATED, Json(Ticket { ticket, expires_at, position })))
}

/// What a client of the feed asks for.
#[derive(Debug, Clone, Deserialize, JsonSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedParams {
    /// A one-time ticket (`POST /v1/live/tickets`), instead of a bearer token: for browsers.
    ticket: Option<String>,
    /// Resume behind this position; without it, from now on. 0 is from the very beginning.
    #[param(maximum = 9007199254740991u64)]
    after: Option<u64>,
    /// Events about this job and its applications only.
    job: Option<Uuid>,
    /// Events of these types only: wire names, separated by commas.
    #[serde(rename = "type")]
    #[param(example = "application.submitted.v1,application.score_recorded.v1")]
    types: Option<String>,
}

/// Follow the live feed
///
/// WebSocket, or server-sent events with `Accept: text/event-stream`. Every event is one message,
/// `{position, event_id, type, stream, at, actor, data}`; resume behind the last one with `after` (or
/// `Last-Event-ID`). Refused: ORIGIN_NOT_ALLOWED, TICKET_USED, UPGRADE_REQUIRED, BAD_PARAMETER.
#[utoipa::path(get, path = "/v1/live", tag = "live feed", operation_id = "followFeed",
    params(FeedParams),
    responses(
        (status = 101, description = "WebSocket"),
        (status = 200, description = "Server-sent events", content_type = "text/event-stream", body = String),
        (status = 426, description = "UPGRADE_REQUIRED", body = web::Problem, content_type = "application/problem+json"),
    ))]
async fn follow(
    State(live): State<Live>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    params: Result<Params<FeedParams>, Problem>,
) -> Result<Response, Problem> {
    let caller = live.admit(caller, uri.query())?;
    let Params(params) = params?;
    check_origin(&headers, &live.origins)?;
    let head = live.dispatcher.log().store.head().await?;
    let after = last_event_id(&headers)?.or(params.after).unwrap_or(head);
    if after > head {
        let problem = format!("is beyond the end of the log, which is at {head}");
        return Err(Params::<FeedParams>::refuse("after", &problem));
    }
    let types = params.types.as_deref().map(types).transpose()?.unwrap_or_default();
    let FeedParams { ticket: _redeemed, .. } = &params;
    if upgrade.is_err() && !accepts_events(&headers) {
        let detail = "connect by WebSocket, or ask with Accept: text/event-stream";
        let upgrade = Problem::new(StatusCode::UPGRADE_REQUIRED, "UPGRADE_REQUIRED", detail);
        return Ok(([(header::UPGRADE, "websocket")], upgrade).into_response());
    }
    let filter = Filter { job: params.job.map(Into::into), types };
    let viewer = live.viewer(caller).await?;
    let follower = Follower::new(
        live.hub.clone(),
        live.guard.clone(),
        (caller, viewer),
        filter,
        after,
        live.stop.clone(),
    );
    // The follower hears of what is revoked from now on; a ticket may have waited since before.
    if !live.guard.stands(&caller).await? {
        return Err(Problem::unauthenticated("the token was revoked"));
    }
    match upgrade {
        Ok(upgrade) => Ok(upgrade
            .max_message_size(INCOMING_BYTES)
            .on_upgrade(move |socket| serve_socket(socket, follower))),
        Err(_) => {
            let headers = [(header::CACHE_CONTROL, "no-store")];
            Ok((headers, Sse::new(events(follower))).into_response())
        }
    }
}

impl Live {
    /// Whoever connects: by token, which the guard has looked at, or by ticket.
    fn admit(&self, caller: Caller, query: Option<&str>) -> Result<Caller, Problem> {
        let pairs = query.unwrap_or_default().split('&');
        match pairs.into_iter().find_map(|pair| pair.strip_prefix("ticket=")) {
            None => Ok(caller),
            Some(ticket) => self.tickets.redeem(ticket, Instant::now()).ok_or_else(|| {
                let detail = "the ticket was used, is too old or was never given; get another";
                Problem::unauthenticated(detail).under("TICKET_USED")
            }),
        }
    }

    async fn viewer(&self, caller: Caller) -> Result<Viewer, Problem> {
        match caller {
            Caller::Member { .. } => Ok(Viewer::Member),
            Caller::Applicant { application, candidate } => {
                let mut documents = vec![];
                let stream = self.dispatcher.log().store.read_stream(application.stream(), 0);
                for event in stream.await? {
                    match event.decode::<Application>()? {
                        ApplicationEvent::ApplicationSubmitted { document, .. }
                        | ApplicationEvent::ResumeReplaced { document } => documents.push(document),
                        _ => {}
                    }
                }
                Ok(Viewer::Applicant { application, candidate, documents })
            }
            Caller::Anonymous => Err(Problem::unauthenticated("say who you are")),
        }
    }
}

/// A page may connect when it is the server's own, or one of those that were named at start.
fn check_origin(headers: &HeaderMap, allowed: &[String]) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let own = origin.split_once("://").is_some_and(|(_, rest)| !host.is_empty() && rest == host);
    if own || allowed.iter().any(|a| a == origin) {
        return Ok(());
    }
    let detail =
        "pages of this origin may not follow the feed; start the server with --allow-origin";
    Err(Problem::new(StatusCode::FORBIDDEN, "ORIGIN_NOT_ALLOWED", detail))
}

fn accepts_events(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|a| a.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|a| a.trim().starts_with("text/event-stream"))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    number.map(Some).ok_or_else(|| Params::<FeedParams>::refuse("Last-Event-ID", "is a position"))
}

/// Types of events, each of which must exist: a mistyped one would wait for ever.
fn types(text: &str) -> Result<HashSet<String>, Problem> {
    let known: HashSet<&str> = domain::wire_names().collect();
    let asked: HashSet<String> =
        text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect();
    if asked.is_empty() {
        return Err(Params::<FeedParams>::refuse("type", "names no type of event"));
    }
    match asked.iter().find(|t| !known.contains(t.as_str())) {
        Some(unknown) => {
            let problem = format!("`{unknown}` is no type of event");
            Err(Params::<FeedParams>::refuse("type", &problem))
        }
        None => Ok(asked),
    }
}

/// The text of a message.
fn text_of(next: &Next) -> Utf8Bytes {
    match next {
        Next::Event { text, .. } => text.clone(),
        Next::Heartbeat(position) => notice(Notice::Heartbeat { position: *position }).into(),
        Next::End(end) => notice(Notice::End { code: *end }).into(),
    }
}

fn notice(notice: Notice) -> String {
    serde_json::to_string(&notice).unwrap_or_default()
}

async fn serve_socket(socket: WebSocket, mut follower: Follower) {
    let (mut out, mut incoming) = socket.split();
    let end = tokio::select! {
        end = tell(&mut out, &mut follower) => end,
        () = listen(&mut incoming) => return,
    };
    let frame = CloseFrame { code: end.close_code(), reason: end.code().into() };
    // Whoever does not take the reason does not get it.
    let closing = async {
        let _ = out.send(Frame::Close(Some(frame))).await;
        listen(&mut incoming).await;
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), closing).await;
}

/// Tells what happens until something ends it.
async fn tell(out: &mut SplitSink<WebSocket, Frame>, follower: &mut Follower) -> End {
    loop {
        let mut told = follower.next().await.into_iter().peekable();
        while let Some(next) = told.next() {
            if let Next::End(end) = next {
                return end;
            }
            let beat = matches!(next, Next::Heartbeat(_));
            let frame = Frame::Text(text_of(&next));
            // Whatever is there already goes out together.
            let last = told.peek().is_none();
            let sending = async {
                if beat {
                    out.feed(Frame::Ping(Default::default())).await?;
                }
                out.feed(frame).await?;
                if last { out.flush().await } else { Ok(()) }
            };
            let sent = tokio::select! {
                sent = tokio::time::timeout(PATIENCE, sending) => sent,
                end = follower.until_revoked() => return end,
            };
            match sent {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return End::GoingAway,
                Err(_) => return End::TooSlow,
            }
        }
    }
}

/// Reads until the other side goes; pings are answered below, the rest says nothing.
async fn listen(incoming: &mut SplitStream<WebSocket>) {
    while let Some(Ok(frame)) = incoming.next().await {
        if matches!(frame, Frame::Close(_)) {
            return;
        }
    }
}

/// The same messages as server-sent events.
fn events(follower: Follower) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold(Some(follower), |follower| async {
        let mut follower = follower?;
        let next = follower.next().await;
        let ended = next.iter().any(|n| matches!(n, Next::End(_)));
        let told: Vec<_> = next.iter().map(|n| Ok(event(n))).collect();
        Some((futures::stream::iter(told), (!ended).then_some(follower)))
    })
    .flatten()
}

fn event(next: &Next) -> Event {
    match next {
        // Without a name, so that `onmessage` gets every event.
        Next::Event { position, text } => {
            Event::default().id(position.to_string()).data(text.as_str())
        }
        Next::Heartbeat(position) => Event::default()
            .id(position.to_string())
            .event("heartbeat")
            .data(text_of(next).as_str()),
        Next::End(_) => Event::default().event("end").data(text_of(next).as_str()),
    }
}
