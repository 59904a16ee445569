//! Slack: messages in Block Kit, through an incoming webhook or by a bot, whose messages about one application are a thread.
//!
//! Slack cannot tell by anything that it has a message already: one that may have got through is sent once more, marked.

use std::time::Duration;

use domain::ids::ApplicationId;
use event_log::LogError;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde_json::{Value, json};

use super::content::slack_message;
use super::webhook::failed;
use super::{Channels, Sent, retry_after};
use crate::settings::{SettingsError, SlackSettings};
use crate::store::Queued;

const API: &str = "https://slack.com/api";
/// How long Slack may take to answer.
const ANSWER: Duration = Duration::from_secs(15);
/// What a bot is told when a message is wrong for what it is; it never gets through.
const WRONG_MESSAGE: [&str; 6] = [
    "invalid_blocks",
    "invalid_blocks_format",
    "msg_too_long",
    "no_text",
    "too_many_attachments",
    "invalid_arguments",
];

/// Posts messages.
pub(super) struct Slack {
    client: Client,
    settings: SlackSettings,
}

impl Slack {
    pub(super) fn new(settings: &SlackSettings) -> Result<Self, SettingsError> {
        let client = Client::builder()
            .timeout(ANSWER)
            .redirect(Policy::none())
            .user_agent(concat!("HireSphere/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| SettingsError(format!("Slack: {e}")))?;
        Ok(Self { client, settings: settings.clone() })
    }

    /// Posts a message to a channel by the bot, or without one to the incoming webhook's.
    pub(super) async fn send(
        &self,
        channels: &Channels,
        channel: Option<&str>,
        personal: bool,
        message: &Queued,
    ) -> Result<Sent, LogError> {
        let name = match (personal, message.said.candidate) {
            (true, Some(candidate)) => channels.known.candidate(candidate).await?,
            _ => None,
        };
        let job = match message.said.job {
            Some(job) => Some(channels.known.job_title(job).await?),
            None => None,
        };
        let name = name.and_then(|person| person.name);
        let said = slack_message(message, name.as_deref(), job.as_deref(), &channels.settings);
        match channel {
            Some(channel) => self.by_bot(channels, channel, said, message).await,
            None => Ok(self.by_hook(said).await),
        }
    }

    async fn by_hook(&self, said: Value) -> Sent {
        let Some(url) = &self.settings.hook_url else {
            return no_settings("NO_SLACK_HOOK");
        };
        let answer = match self.client.post(url.as_str()).json(&said).send().await {
            Ok(answer) => answer,
            Err(error) => return failed(&error),
        };
        match answer.status() {
            status if status.is_success() => Sent::Yes,
            StatusCode::BAD_REQUEST => {
                Sent::Refused { reason: code(&answer.text().await.unwrap_or_default()) }
            }
            _ => later(&answer),
        }
    }

    async fn by_bot(
        &self,
        channels: &Channels,
        channel: &str,
        mut said: Value,
        message: &Queued,
    ) -> Result<Sent, LogError> {
        let Some(token) = &self.settings.bot_token else {
            return Ok(no_settings("NO_SLACK_BOT"));
        };
        said["channel"] = json!(channel);
        let lane = message.lane();
        let thread = match message.of.application {
            Some(_) => channels.store.thread(&lane).await?,
            None => None,
        };
        if let Some(thread) = &thread {
            said["thread_ts"] = json!(thread);
        }
        let api = self.settings.api_url.as_deref().unwrap_or(API);
        let request = self.client.post(format!("{api}/chat.postMessage")).bearer_auth(token);
        let answer = match request.json(&said).send().await {
            Ok(answer) if answer.status().is_success() => answer,
            Ok(answer) => return Ok(later(&answer)),
            Err(error) => return Ok(failed(&error)),
        };
        let headers = answer.headers().clone();
        let Ok(answer) = answer.json::<Value>().await else {
            // It was posted, or not: nobody knows.
            let reason = "MALFORMED_ANSWER".into();
            return Ok(Sent::Failed { reason, asked: None, uncertain: true });
        };
        if answer["ok"] != json!(true) {
            return Ok(not_ok(&answer, &headers));
        }
        if let (None, Some(_), Some(ts)) = (&thread, message.of.application, answer["ts"].as_str())
        {
            channels.store.set_thread(&lane, ts).await?;
        }
        Ok(Sent::Yes)
    }
}

/// What a bot's answer that is not ok means.
fn not_ok(answer: &Value, headers: &HeaderMap) -> Sent {
    let error = answer["error"].as_str().unwrap_or("unknown");
    if WRONG_MESSAGE.contains(&error) {
        return Sent::Refused { reason: code(error) };
    }
    // Everything else is the channel's or the token's, and can be mended over there.
    let asked = retry_after(headers, chrono::Utc::now());
    Sent::Failed { reason: code(error), asked, uncertain: false }
}

fn later(answer: &Response) -> Sent {
    let asked = match answer.status() {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            retry_after(answer.headers(), chrono::Utc::now())
        }
        _ => None,
    };
    let reason = format!("HTTP_{}", answer.status().as_u16());
    Sent::Failed { reason, asked, uncertain: false }
}

fn no_settings(reason: &str) -> Sent {
    Sent::Failed { reason: reason.into(), asked: None, uncertain: false }
}

/// Slack's word for what is wrong, as one of our codes.
fn code(error: &str) -> String {
    let word: String = error
        .chars()
        .take(60)
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    format!("SLACK_{word}")
}

/// Answers those who click in Slack.
#[derive(Clone)]
pub struct ClickAnswers {
    client: Client,
    api: Option<Url>,
}

impl ClickAnswers {
    /// # Errors
    /// When the settings cannot work.
    pub fn new(settings: &SlackSettings) -> Result<Self, SettingsError> {
        let Slack { client, .. } = Slack::new(settings)?;
        let api = settings.api_url.as_deref().map(Url::parse).transpose();
        let api = api.map_err(|e| SettingsError(format!("Slack's api_url: {e}")))?;
        Ok(Self { client, api })
    }

    /// Says something to whoever clicked, and to nobody else there; `undo` offers to take it back. That it did not get through is
    /// no harm: what was clicked is done, and can be seen.
    pub async fn answer(&self, url: &str, text: &str, undo: Option<ApplicationId>) {
        // What comes from outside leads to Slack and nowhere else.
        let Some(url) = Url::parse(url).ok().filter(|url| self.is_slacks(url)) else {
            tracing::warn!("a click is answered nowhere: its URL is not Slack's");
            return;
        };
        let mut blocks = vec![json!({
            "type": "section", "text": { "type": "plain_text", "text": text },
        })];
        if let Some(application) = undo {
            blocks.push(json!({ "type": "actions", "elements": [{
                "type": "button", "action_id": "unshortlist", "value": application.to_string(),
                "text": { "type": "plain_text", "text": "Undo" },
            }] }));
        }
        let said = json!({
            "response_type": "ephemeral", "replace_original": false, "text": text, "blocks": blocks,
        });
        if let Err(error) = self.client.post(url).json(&said).send().await {
            tracing::debug!(error = %error.without_url(), "a click was not answered");
        }
    }

    fn is_slacks(&self, url: &Url) -> bool {
        let slacks = url.scheme() == "https" && url.host_str() == Some("hooks.slack.com");
        let own = self.api.as_ref().is_some_and(|api| api.origin() == url.origin());
        slacks || own
    }
}
