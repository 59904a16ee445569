//! `hiresphere tail`: a server's live feed in the terminal. It comes back by itself where it stopped.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::cli::TailArgs;
use crate::failure::Failure;
use crate::out;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Silence after which the line counts as dead: heartbeats come more often.
const SILENCE: Duration = Duration::from_secs(45);

pub(crate) async fn run(args: TailArgs) -> Result<(), Failure> {
    let mut after = args.after;
    let mut pause = FIRST_PAUSE;
    loop {
        let before = after;
        let why = follow(&args, &mut after).await?;
        if after != before {
            pause = FIRST_PAUSE;
        }
        out::note(&format!("{why}; coming back in {:.1} s", pause.as_secs_f64()));
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Follows until the line breaks, and says why it did; fails when coming back would not help.
async fn follow(args: &TailArgs, after: &mut Option<u64>) -> Result<String, Failure> {
    let mut request = address(args, *after)?.into_client_request().map_err(|e| {
        Failure::new("URL", format!("`{}`: {e}", args.url), "give it as http://host:port")
    })?;
    let token = HeaderValue::from_str(&format!("Bearer {}", args.token))
        .map_err(|_| Failure::new("TOKEN", "the token is no token", "check --token"))?;
    request.headers_mut().insert(header::AUTHORIZATION, token);
    let mut socket = match connect_async(request).await {
        Ok((socket, _)) => socket,
        Err(Error::Http(response)) => return refused(&response),
        Err(error) => return Ok(format!("cannot reach {}: {error}", args.url)),
    };
    if after.is_none() && !args.json {
        out::note(&format!("following {}", args.url));
    }
    loop {
        let frame = match tokio::time::timeout(SILENCE, socket.next()).await {
            Err(_) => return Ok("the server fell silent".into()),
            Ok(None) => return Ok("the server hung up".into()),
            Ok(Some(Err(error))) => return Ok(format!("the line broke: {error}")),
            Ok(Some(Ok(frame))) => frame,
        };
        match frame {
            Message::Text(text) => {
                let message: Value = serde_json::from_str(&text).unwrap_or_default();
                if let Some(position) = message["position"].as_u64() {
                    *after = Some(position);
                }
                if message["type"] != "heartbeat" {
                    show(args, &text, &message)?;
                }
            }
            Message::Close(Some(frame)) if frame.code == CloseCode::Library(4401) => {
                let message = "the token was revoked";
                return Err(Failure::new(
                    "REVOKED",
                    message,
                    "get another with `hiresphere token issue`",
                ));
            }
            Message::Close(frame) => {
                let why = frame.map(|f| f.reason.to_string()).unwrap_or_default();
                return Ok(format!("the server ended it ({why})"));
            }
            Message::Ping(_) => {
                // Answered below; flushed here.
                let _ = socket.flush().await;
            }
            _ => {}
        }
    }
}

fn address(args: &TailArgs, after: Option<u64>) -> Result<String, Failure> {
    let base = args.url.trim_end_matches('/');
    let base = match (base.strip_prefix("http://"), base.strip_prefix("https://")) {
        (Some(rest), _) => format!("ws://{rest}"),
        (_, Some(_)) => {
            let advice = "tail speaks plain HTTP: use the server's own address, or a tunnel to it";
            return Err(Failure::new("URL", "https is not spoken here", advice));
        }
        _ => {
            return Err(Failure::new(
                "URL",
                format!("`{base}` is no address"),
                "give it as http://host:port",
            ));
        }
    };
    let mut query = Vec::new();
    query.extend(after.map(|a| format!("after={a}")));
    query.extend(args.job.map(|j| format!("job={j}")));
    query.extend(args.types.as_ref().map(|t| format!("type={t}")));
    Ok(format!("{base}/v1/live?{}", query.join("&")))
}

/// A server that answers something else than a feed: some of it passes, the rest is the caller's to mend.
fn refused(
    response: &tokio_tungstenite::tungstenite::http::Response<Option<Vec<u8>>>,
) -> Result<String, Failure> {
    let body = response.body().as_deref().unwrap_or_default();
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = problem["code"].as_str().unwrap_or("REFUSED");
    let detail = problem["detail"].as_str().unwrap_or("the server refused");
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Ok(format!("the server answers {status} {code}"));
    }
    Err(Failure::new(code, detail, "check --url, --token and the filters"))
}

/// One event, for people or for scripts.
fn show(args: &TailArgs, text: &str, message: &Value) -> Result<(), Failure> {
    if args.json {
        return out::print(&format!("{text}\n"));
    }
    out::print(&format!("{}\n", line(message)))
}

/// An event in one line: position, time, type, what it is about, and the numbers in it.
pub(crate) fn line(message: &Value) -> String {
    let text = |field: &str| message[field].as_str().unwrap_or_default();
    let kind = text("type").rsplit_once(".v").map_or(text("type"), |(kind, _)| kind);
    let time = text("at").get(11..19).unwrap_or_default();
    let (stream, id) = text("stream").split_once('-').unwrap_or_default();
    // The last digits of a version 7 id are its random ones.
    let id = id.get(id.len().saturating_sub(6)..).unwrap_or_default();
    let data = &message["data"];
    let mut told = Vec::new();
    for field in ["total", "reason", "status", "category", "rubric", "chars"] {
        match &data[field] {
            Value::String(value) => told.push(format!("{field} {value}")),
            Value::Number(value) => told.push(format!("{field} {value}")),
            _ => {}
        }
    }
    if let Some(to) = data["to"]["id"].as_str() {
        told.push(format!("to {to}"));
    }
    if let Some(title) = data["posting"]["title"].as_str() {
        told.push(title.to_owned());
    }
    let by = message["actor"]["kind"].as_str().unwrap_or_default();
    format!(
        "{:>6}  {time}  {kind:<34} {stream}..{id}  by {by}{}{}",
        message["position"].as_u64().unwrap_or(0),
        if told.is_empty() { "" } else { "  " },
        told.join(", ")
    )
}
