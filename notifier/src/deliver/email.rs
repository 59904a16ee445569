//! E-mail, by SMTP: to members, each notice a message or a day's in one; and to applicants, in plain words.
//!
//! A message's id is made of what it tells, so that mail programs show one that may have got through twice once.

use std::time::Duration;

use domain::ids::{ApplicationId, MemberId};
use event_log::LogError;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::content::{Letter, to_applicant, to_member};
use super::{Channels, Sent};
use crate::settings::{EmailSettings, SettingsError};
use crate::store::Queued;

/// How long the server may take over one step.
const ANSWER: Duration = Duration::from_secs(15);

/// Writes to people.
pub(super) struct Email {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Email {
    pub(super) fn new(settings: &EmailSettings) -> Result<Self, SettingsError> {
        let wrong = |_| SettingsError("the mail server's URL is not one of SMTP".into());
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&settings.url)
            .map_err(wrong)?
            .timeout(Some(ANSWER))
            .build();
        Ok(Self { transport, from: settings.from.clone() })
    }

    pub(super) async fn send(
        &self,
        channels: &Channels,
        messages: &[Queued],
    ) -> Result<Sent, LogError> {
        let Some(first) = messages.first() else {
            return Ok(Sent::Nobody { reason: "NOTHING_TO_TELL".into() });
        };
        let recipient = first.of.recipient.as_str();
        let (to, letter) = if let Some(member) = id::<MemberId>(recipient, "member:") {
            // Who said since that they want none gets none.
            let preferences = channels.store.preferences(member).await?;
            if preferences.email == domain::member::EmailWhen::Never {
                return Ok(Sent::Nobody { reason: "NOT_WANTED".into() });
            }
            let contact = channels.known.contact(member).await?;
            let mut told = Vec::new();
            for message in messages {
                let job = match message.said.job {
                    Some(job) => Some(channels.known.job_title(job).await?),
                    None => None,
                };
                told.push((message, job));
            }
            (contact.email, to_member(&told, &preferences, &channels.settings))
        } else if let Some(application) = id::<ApplicationId>(recipient, "applicant:") {
            let Some((candidate, job)) = channels.known.application(application).await? else {
                return Ok(Sent::Nobody { reason: "NO_APPLICATION".into() });
            };
            let Some(person) = channels.known.candidate(candidate).await? else {
                return Ok(Sent::Nobody { reason: "ERASED".into() });
            };
            let job = channels.known.job_title(job).await?;
            let letter = to_applicant(first, person.name.as_deref(), &job);
            (person.email, letter)
        } else {
            return Ok(Sent::Nobody { reason: "NO_RECIPIENT".into() });
        };
        let Some(to) = to else { return Ok(Sent::Nobody { reason: "NO_ADDRESS".into() }) };
        let Ok(to) = to.parse::<Address>() else {
            return Ok(Sent::Refused { reason: "BAD_ADDRESS".into() });
        };
        let Ok(message) = self.message(to, letter, first) else {
            return Ok(Sent::Refused { reason: "BAD_MESSAGE".into() });
        };
        Ok(self.hand_over(message).await)
    }

    fn message(
        &self,
        to: Address,
        letter: Letter,
        first: &Queued,
    ) -> Result<Message, lettre::error::Error> {
        let domain = self.from.email.domain();
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject)
            .message_id(Some(format!("<{}@{domain}>", first.of.notification)))
            // Nobody's holiday is told to a program (RFC 3834).
            .header(AutoSubmitted);
        if first.uncertain > 0 {
            message = message.header(MayRepeat);
        }
        message.multipart(MultiPart::alternative_plain_html(letter.plain, letter.html))
    }

    async fn hand_over(&self, message: Message) -> Sent {
        let Err(error) = self.transport.send(message).await else { return Sent::Yes };
        if let Some(status) = error.status() {
            let reason = format!("SMTP_{status}");
            return match error.is_permanent() {
                true => Sent::Refused { reason },
                false => Sent::Failed { reason, asked: None, uncertain: false },
            };
        }
        if error.is_timeout() || error.is_response() {
            // It broke off behind the message, or before: nobody knows.
            let reason = "BROKEN_OFF".into();
            return Sent::Failed { reason, asked: None, uncertain: true };
        }
        Sent::Failed { reason: "UNREACHABLE".into(), asked: None, uncertain: false }
    }
}

fn id<T: std::str::FromStr>(recipient: &str, kind: &str) -> Option<T> {
    recipient.strip_prefix(kind)?.parse().ok()
}

macro_rules! fixed_header {
    ($(#[$doc:meta])* $name:ident, $header:literal, $value:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        struct $name;

        impl Header for $name {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($header)
            }

            fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self)
            }

            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), $value.into())
            }
        }
    };
}
fixed_header!(
    /// It was written by a program.
    AutoSubmitted, "Auto-Submitted", "auto-generated"
);
fixed_header!(
    /// It may have been sent before.
    MayRepeat, "HireSphere-May-Repeat", "true"
);
