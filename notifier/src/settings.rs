//! What the notifier needs to reach anybody. Without any of it, notices stay in the program.

use lettre::message::Mailbox;

/// The settings.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Where people find the front end, for links: `https://hire.example.org`.
    pub public_url: Option<String>,
    /// E-mail.
    pub email: Option<EmailSettings>,
    /// Slack.
    pub slack: SlackSettings,
    /// Whether webhooks may be on this machine or in its private network. Otherwise whoever makes a subscription could have
    /// this server call what only it can reach.
    pub private_webhooks: bool,
}

/// E-mail.
#[derive(Clone)]
pub struct EmailSettings {
    /// The server: `smtps://user:password@host`, or `smtp://host:port?tls=required`.
    pub url: String,
    /// Whom it is from.
    pub from: Mailbox,
    /// Whether applicants are written to as well as members.
    pub applicants: bool,
}

/// Slack.
#[derive(Clone, Default)]
pub struct SlackSettings {
    /// The URL of an incoming webhook, which is a secret.
    pub hook_url: Option<String>,
    /// A bot's token.
    pub bot_token: Option<String>,
    /// What Slack signs its requests with.
    pub signing_secret: Option<String>,
    /// Where its API is, when it is not Slack's own.
    pub api_url: Option<String>,
}

/// Settings that cannot work.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(pub String);

impl std::fmt::Debug for EmailSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL holds a password.
        f.debug_struct("EmailSettings").field("from", &self.from).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SlackSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SlackSettings").finish_non_exhaustive()
    }
}

impl Settings {
    /// The address that messages are from: `HireSphere <hire@example.org>`.
    ///
    /// # Errors
    /// When it is none.
    pub fn mailbox(text: &str) -> Result<Mailbox, SettingsError> {
        text.parse().map_err(|e| SettingsError(format!("`{text}` is no address to send from: {e}")))
    }

    /// A link to an application, where people have a front end.
    pub(crate) fn link(&self, application: domain::ids::ApplicationId) -> Option<String> {
        let base = self.public_url.as_deref()?.trim_end_matches('/');
        Some(format!("{base}/applications/{application}"))
    }
}
