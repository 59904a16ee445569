//! What messages say, in Slack and by e-mail.

use std::fmt::Write as _;

use chrono_tz::Tz;
use domain::decide::Timestamp;
use domain::member::Preferences;
use domain::notification::Rule;
use serde_json::{Value, json};

use crate::settings::Settings;
use crate::store::Queued;

/// An e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) plain: String,
    pub(super) html: String,
}

/// A message that may have got through before.
const MAY_REPEAT: &str = "You may have had this message before.";

/// A message in Block Kit. `name` is the candidate's, where it may be told.
pub(super) fn slack_message(
    message: &Queued,
    name: Option<&str>,
    job: Option<&str>,
    settings: &Settings,
) -> Value {
    let title = rule_of(message).map_or("Notice", Rule::title);
    let mut head = format!("*{}*", mrkdwn(title));
    if let Some(total) = message.said.total {
        let _ = write!(head, "  *{total:.1}* of 100");
    }
    if let Some(name) = name {
        let _ = write!(head, "\n{}", mrkdwn(name));
    }
    if let Some(job) = job {
        let _ = write!(head, "\n{}", mrkdwn(job));
    }
    let mut blocks = vec![json!({
        "type": "section", "text": { "type": "mrkdwn", "text": head },
    })];
    if !message.said.parts.is_empty() {
        // Slack takes ten at most.
        let fields = message.said.parts.iter().take(10).map(|(id, (points, max))| {
            let text = format!("*{}*\n{points:.1} of {max}", mrkdwn(&id.replace('_', " ")));
            json!({ "type": "mrkdwn", "text": text })
        });
        blocks.push(json!({ "type": "section", "fields": fields.collect::<Vec<_>>() }));
    } else {
        blocks.push(json!({
            "type": "section",
            "text": { "type": "mrkdwn", "text": mrkdwn(&message.said.text) },
        }));
    }
    if let Some(application) = message.said.application {
        let mut buttons = Vec::new();
        if let Some(link) = settings.link(application) {
            buttons.push(json!({
                "type": "button", "action_id": "open", "url": link,
                "text": { "type": "plain_text", "text": "Open" },
            }));
        }
        let offered = matches!(rule_of(message), Some(Rule::Scored | Rule::NewApplication));
        if offered && settings.slack.signing_secret.is_some() {
            buttons.push(json!({
                "type": "button", "action_id": "shortlist", "style": "primary",
                "value": application.to_string(),
                "text": { "type": "plain_text", "text": "Shortlist" },
            }));
        }
        if !buttons.is_empty() {
            blocks.push(json!({ "type": "actions", "elements": buttons }));
        }
    }
    if message.uncertain > 0 {
        blocks.push(json!({
            "type": "context", "elements": [{ "type": "mrkdwn", "text": MAY_REPEAT }],
        }));
    }
    let text = match name {
        // What telephones show.
        Some(name) => format!("{title}: {}", mrkdwn(name)),
        None => format!("{title}: {}", mrkdwn(&message.said.text)),
    };
    json!({ "text": text, "blocks": blocks, "unfurl_links": false })
}

/// Text as Slack shows it and takes nothing in it for markup (its "Formatting text for app surfaces").
fn mrkdwn(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A member's notices, in one message.
pub(super) fn to_member(
    told: &[(&Queued, Option<String>)],
    preferences: &Preferences,
    settings: &Settings,
) -> Letter {
    let mut lines = Vec::new();
    for (message, job) in told {
        let title = rule_of(message).map_or("Notice", Rule::title);
        let mut line = format!("{title}: {}", message.said.text);
        if let Some(job) = job {
            let _ = write!(line, " ({job})");
        }
        if let Some(when) = message.said.when {
            let _ = write!(line, ", {}", clock(when, preferences.zone()));
        }
        let link = message.said.application.and_then(|id| settings.link(id));
        lines.push((line, link));
    }
    let subject = match (told, lines.len()) {
        ([(only, _)], _) => rule_of(only).map_or("Notice", Rule::title).to_owned(),
        (_, count) => format!("{count} notices"),
    };
    let (mut plain, mut html) = (String::new(), String::from("<ul>"));
    for (line, link) in &lines {
        let _ = writeln!(plain, "- {line}");
        let _ = write!(html, "<li>{}", escaped(line));
        if let Some(link) = link {
            let _ = writeln!(plain, "  {link}");
            let _ = write!(html, " <a href=\"{}\">Open</a>", escaped(link));
        }
        html.push_str("</li>");
    }
    html.push_str("</ul>");
    finished(subject, plain, html, told.iter().any(|(message, _)| message.uncertain > 0))
}

/// What an applicant is told, in plain words.
pub(super) fn to_applicant(message: &Queued, name: Option<&str>, job: &str) -> Letter {
    let rule = rule_of(message);
    // An applicant's own zone is not known.
    let when = message.said.when.map(|when| clock(when, Tz::UTC)).unwrap_or_default();
    let words = match rule {
        Some(Rule::Received) => "thank you: we have received your application.".to_owned(),
        Some(Rule::Moved) => "your application has moved on to the next step.".to_owned(),
        Some(Rule::Rejected) => {
            "thank you for your interest. We will not go on with your application.".to_owned()
        }
        Some(Rule::RejectionReversed) => "we are considering your application again.".to_owned(),
        Some(Rule::InterviewArranged) => format!("we would like to talk with you: {when}."),
        Some(Rule::InterviewMoved) => format!("our talk is at another time now: {when}."),
        Some(Rule::InterviewTomorrow) => format!("a reminder of our talk: {when}."),
        Some(Rule::InterviewCancelled) => "our talk does not take place.".to_owned(),
        Some(Rule::OfferSent) => {
            format!("we have an offer for you. Please answer it until {when}.")
        }
        Some(Rule::OfferRescinded) => "we have taken our offer back.".to_owned(),
        Some(Rule::Hired) => "welcome: you are hired.".to_owned(),
        _ => "there is news of your application.".to_owned(),
    };
    let greeting = name.map_or("Hello,".to_owned(), |name| format!("Hello {name},"));
    let subject = format!("{}: {job}", rule.map_or("Your application", Rule::title));
    let plain = format!("{greeting}\n\n{words}\n\nPosition: {job}\n");
    let html = format!(
        "<p>{}</p><p>{}</p><p>Position: {}</p>",
        escaped(&greeting),
        escaped(&words),
        escaped(job)
    );
    finished(subject, plain, html, message.uncertain > 0)
}

fn finished(subject: String, mut plain: String, mut html: String, may_repeat: bool) -> Letter {
    if may_repeat {
        let _ = writeln!(plain, "\n{MAY_REPEAT}");
        let _ = write!(html, "<p>{MAY_REPEAT}</p>");
    }
    // A title may have a line break in it; a subject may not.
    let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    let html = format!("<!DOCTYPE html><html><body>{html}</body></html>");
    Letter { subject, plain, html }
}

fn rule_of(message: &Queued) -> Option<Rule> {
    message.of.rule.as_deref()?.parse().ok()
}

fn clock(when: Timestamp, zone: Tz) -> String {
    when.with_timezone(&zone).format("%A, %-d %B %Y, %H:%M %Z").to_string()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
