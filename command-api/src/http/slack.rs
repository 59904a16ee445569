//! Buttons that people click in Slack: each click is a command of the member whose id in Slack it is.
//!
//! Slack signs what it sends ("Verifying requests from Slack"): `v0=` and HMAC-SHA256 over `v0:timestamp:body` under the app's
//! signing secret, in hexadecimal. What is older than five minutes is refused, so that nobody sends it again later.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::TimeDelta;
use domain::actor::{Actor, ActorKind};
use domain::application::{Application, ApplicationCommand};
use domain::decide::{Timestamp, names};
use domain::ids::ApplicationId;
use event_log::{DispatchError, Envelope};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::{Problem, Role};

use super::CommandApi;

/// How old a click may be.
const FRESH: TimeDelta = TimeDelta::minutes(5);

pub(super) fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(interaction))
}

/// What Slack sends.
#[derive(Deserialize, ToSchema)]
struct SlackForm {
    /// The click, as JSON.
    payload: String,
}

/// What Slack tells of a click ("block_actions payloads").
#[derive(Deserialize)]
struct Click {
    user: ClickedBy,
    #[serde(default)]
    actions: Vec<Action>,
    #[serde(default)]
    response_url: Option<String>,
}

#[derive(Deserialize)]
struct ClickedBy {
    id: String,
}

#[derive(Deserialize)]
struct Action {
    action_id: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    action_ts: String,
}

/// Take a click in Slack
///
/// For Slack alone: the request URL of the app's interactivity. The member whose id in Slack it is shortlists the application, or
/// takes that back; they are answered in Slack. Refused: BAD_SIGNATURE, NOT_SET_UP.
#[utoipa::path(post, path = "/v1/slack/interactions", tag = "notifications", operation_id = "slackInteraction",
    request_body(content = SlackForm, content_type = "application/x-www-form-urlencoded",
        example = json!({ "payload": "{\"type\":\"block_actions\",\"user\":{\"id\":\"U0123456789\"},\"actions\":[]}" })),
    responses((status = 200, description = "Taken; the answer is given in Slack"),
        (status = 401, description = "BAD_SIGNATURE", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "NOT_SET_UP", body = Problem, content_type = "application/problem+json")))]
async fn interaction(
    State(api): State<CommandApi>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let Some(secret) = api.beside.slack_signing_secret() else {
        let detail = "no signing secret of Slack is in the settings";
        return Err(Problem::new(StatusCode::NOT_FOUND, "NOT_SET_UP", detail));
    };
    let now = api.dispatcher.log().clock.now();
    if !is_signed(&secret, &headers, &body, now) {
        let detail = "the request is not signed by Slack, or is older than five minutes";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "BAD_SIGNATURE", detail));
    }
    let bad = |_| Problem::bad_request("INVALID_PAYLOAD", "the body is not a click of Slack's");
    let form: SlackForm = serde_urlencoded::from_bytes(&body).map_err(|_| bad(()))?;
    let click: Click = serde_json::from_str(&form.payload).map_err(|_| bad(()))?;
    for action in &click.actions {
        // Whatever else is clicked, a link say, is Slack's own.
        let shortlists = match action.action_id.as_str() {
            "shortlist" => true,
            "unshortlist" => false,
            _ => continue,
        };
        let application = action.value.parse().map(ApplicationId).map_err(|_| bad(()))?;
        let said = api.clicked(&click.user.id, action, application, shortlists).await?;
        if let Some(url) = &click.response_url {
            api.beside.answer_in_slack(url, &said, shortlists.then_some(application));
        }
    }
    Ok(StatusCode::OK)
}

impl CommandApi {
    /// The name under which a member's id in Slack is known.
    pub(super) fn slack_index(&self, user: &str) -> String {
        self.dispatcher.log().vault.blind("slack-user", user.as_bytes())
    }

    /// Does what was clicked, and says how it went.
    async fn clicked(
        &self,
        user: &str,
        action: &Action,
        application: ApplicationId,
        shortlists: bool,
    ) -> Result<String, Problem> {
        let name = names::slack_user(&self.slack_index(user));
        let Some(member) = self.dispatcher.log().store.holder(&name).await? else {
            return Ok(
                "HireSphere does not know you yet: say there what your id in Slack is.".into()
            );
        };
        let member: Uuid = member.id;
        match self.tokens.role(member).await? {
            Some(Role::Admin | Role::Recruiter) => {}
            _ => return Ok("This is for recruiters.".into()),
        }
        let seen = self.beside.shown(application).await?;
        let order = match shortlists {
            true => ApplicationCommand::Shortlist { seen },
            false => ApplicationCommand::Unshortlist {},
        };
        let actor = Actor::new(ActorKind::Member, member.to_string());
        // A click that comes twice is one.
        let key = format!("slack:{user}:{application}:{}:{}", action.action_id, action.action_ts);
        let mut envelope = Envelope::new(application, order, actor).once(key);
        envelope.body = format!("{application} {shortlists}").into_bytes();
        match self.dispatcher.dispatch::<Application>(envelope).await {
            Ok(_) if shortlists => Ok("Shortlisted.".into()),
            Ok(_) => Ok("Taken off the short list.".into()),
            Err(DispatchError::Refused(refusal)) => Ok(format!("Not done: {refusal}")),
            Err(DispatchError::Log(error)) => Err(error.into()),
        }
    }
}

fn is_signed(secret: &str, headers: &HeaderMap, body: &[u8], now: Timestamp) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let at = text("x-slack-request-timestamp").and_then(|at| at.parse::<i64>().ok());
    let signature = text("x-slack-signature").and_then(|s| from_hex(s.strip_prefix("v0=")?));
    let (Some(at), Some(signature)) = (at, signature) else { return false };
    let fresh = (now.timestamp() - at).abs() <= FRESH.num_seconds();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(format!("v0:{at}:").as_bytes());
    mac.update(body);
    // In constant time.
    mac.verify_slice(&signature).is_ok() && fresh
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    digits.chunks(2).map(|pair| Some(pair.first()? << 4 | pair.get(1)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Slack's own documentation.
    #[test]
    fn slacks_own_example_is_signed() {
        let secret = "8f742231b10e8888abcd99yyyzzz85a5";
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
                    &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
                    &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
                    &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let mut headers = HeaderMap::new();
        let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
        headers.insert("x-slack-request-timestamp", "1531420618".parse().unwrap());
        headers.insert("x-slack-signature", signature.parse().unwrap());
        let at = |seconds| Timestamp::from_timestamp(seconds, 0).unwrap();
        assert!(is_signed(secret, &headers, body.as_bytes(), at(1_531_420_618)));
        assert!(is_signed(secret, &headers, body.as_bytes(), at(1_531_420_918)));
        assert!(!is_signed(secret, &headers, body.as_bytes(), at(1_531_420_919)), "too old");
        assert!(!is_signed(secret, &headers, &body.as_bytes()[1..], at(1_531_420_618)));
        assert!(!is_signed("another", &headers, body.as_bytes(), at(1_531_420_618)));
        headers.insert("x-slack-signature", "v0=zz".parse().unwrap());
        assert!(!is_signed(secret, &headers, body.as_bytes(), at(1_531_420_618)));
    }
}
