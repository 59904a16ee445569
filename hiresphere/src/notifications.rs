//! How people and systems are told: the section `notifications` of the settings file; secrets from the environment or a file.

use std::path::{Path, PathBuf};

use notifier::{EmailSettings, Settings, SettingsError, SlackSettings};
use serde::Deserialize;

use crate::cli::PlaceArgs;
use crate::failure::Failure;
use crate::settings::notifications_file;

/// The mail server's URL, with its password.
const SMTP_URL: &str = "HIRESPHERE_SMTP_URL";
/// The URL of Slack's incoming webhook.
const SLACK_HOOK_URL: &str = "HIRESPHERE_SLACK_HOOK_URL";
/// The token of Slack's bot.
const SLACK_BOT_TOKEN: &str = "HIRESPHERE_SLACK_BOT_TOKEN";
/// What Slack signs its requests with.
const SLACK_SIGNING_SECRET: &str = "HIRESPHERE_SLACK_SIGNING_SECRET";

/// The section of the settings file; every entry may be missing.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NotificationsFile {
    /// Where people find the front end, for links.
    public_url: Option<String>,
    /// Whether webhooks may be on this machine or in its private network.
    private_webhooks: bool,
    email: EmailFile,
    slack: SlackFile,
}

/// E-mail.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct EmailFile {
    /// Whom it is from: `HireSphere <hire@example.org>`.
    from: Option<String>,
    /// Whether applicants are written to as well as members.
    applicants: bool,
    /// The file that holds the mail server's URL, when it is not in the environment.
    smtp_url_file: Option<PathBuf>,
}

/// Slack.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SlackFile {
    hook_url_file: Option<PathBuf>,
    bot_token_file: Option<PathBuf>,
    signing_secret_file: Option<PathBuf>,
    /// Where its API is, when it is not Slack's own.
    api_url: Option<String>,
}

/// What was said, all sources together.
pub(crate) fn settings(place: &PlaceArgs) -> Result<Settings, Failure> {
    let file = notifications_file(place)?;
    let NotificationsFile { public_url, private_webhooks, email, slack } = file;
    let smtp = secret(SMTP_URL, email.smtp_url_file.as_deref())?;
    let email = match (smtp, email.from) {
        (Some(url), Some(from)) => {
            let from = Settings::mailbox(&from).map_err(wrong)?;
            Some(EmailSettings { url, from, applicants: email.applicants })
        }
        (None, None) => None,
        (Some(_), None) => {
            let message = "a mail server is there, and nobody that mail is from";
            return Err(Failure::new(
                "SETTINGS",
                message,
                "say notifications.email.from in the settings file",
            ));
        }
        (None, Some(_)) => {
            let message = "there is an address to send mail from, and no mail server";
            let advice = format!("set {SMTP_URL}, or notifications.email.smtp_url_file");
            return Err(Failure::new("SETTINGS", message, advice));
        }
    };
    let slack = SlackSettings {
        hook_url: secret(SLACK_HOOK_URL, slack.hook_url_file.as_deref())?,
        bot_token: secret(SLACK_BOT_TOKEN, slack.bot_token_file.as_deref())?,
        signing_secret: secret(SLACK_SIGNING_SECRET, slack.signing_secret_file.as_deref())?,
        api_url: slack.api_url,
    };
    Ok(Settings { public_url, email, slack, private_webhooks })
}

/// A failure for settings that cannot work.
pub(crate) fn wrong(error: SettingsError) -> Failure {
    Failure::new("SETTINGS", error.to_string(), "see docs/notifications.md for what is needed")
}

/// A secret: of the environment, else of a file.
fn secret(name: &str, file: Option<&Path>) -> Result<Option<String>, Failure> {
    let text = match (std::env::var(name).ok(), file) {
        (Some(text), _) => Some(text),
        (None, Some(file)) => Some(
            std::fs::read_to_string(file)
                .map_err(|e| Failure::io(&format!("read {}", file.display()), &e))?,
        ),
        (None, None) => None,
    };
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}
