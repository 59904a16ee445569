//! The member: somebody who works here, how they can be reached, and what they want to be told.

mod commands;
mod events;
mod quiet;
#[cfg(test)]
mod tests;

pub use commands::*;
pub use events::*;

use serde::{Deserialize, Serialize};

use crate::decide::{Decider, Decision, Issued, Reserve, aggregate, names};
use crate::ids::{CandidateId, MemberId, StreamKind};
use crate::pii::PiiField;
use crate::refusal::{Fields, Refusal};

/// Somebody who works here, folded from their stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Their id, once anything is known of them.
    pub id: Option<MemberId>,
    /// What they want to be told.
    pub preferences: Preferences,
    /// What they were told in the program is read up to there.
    pub read_up_to: u64,
}

aggregate!(Member, MemberEvent, MemberCommand, "member");

impl Member {
    fn evolve(&mut self, event: MemberEvent) {
        match event {
            MemberEvent::ContactChanged { member, .. } => self.id = Some(member),
            MemberEvent::PreferencesChanged { member, preferences } => {
                (self.id, self.preferences) = (Some(member), preferences);
            }
            MemberEvent::InboxRead { member, up_to } => {
                (self.id, self.read_up_to) = (Some(member), up_to);
            }
        }
    }
}

impl Decider for Member {
    const KIND: StreamKind = StreamKind::Member;
    type Order = MemberCommand;

    fn decide(&self, issued: Issued<MemberCommand>) -> Result<Decision<MemberEvent>, Refusal> {
        use MemberCommand as C;
        use MemberEvent as E;
        match issued.command {
            C::ChangeContact { member, contact, slack_index } => {
                let mut fields = Fields::default();
                if let Some(contact) = contact.get() {
                    check(contact, &mut fields);
                }
                fields.done()?;
                let mut decision = Decision::of(E::ContactChanged { member, contact })
                    .reserve(Reserve::ReleaseOwned);
                if let Some(index) = slack_index {
                    let message = "somebody else here has this id in Slack";
                    let taken = Refusal::conflict("SLACK_TAKEN", message).on_field("slack");
                    let name = names::slack_user(&index);
                    decision = decision.reserve(Reserve::Claim { name, taken });
                }
                Ok(decision)
            }
            C::ChangePreferences { member, preferences } => {
                let mut fields = Fields::default();
                let total = preferences.min_score.is_none_or(|score| score <= 100);
                fields.check(total, "min_score", "is above 100");
                let few = preferences.jobs.len() <= 1_000;
                fields.check(few, "jobs", "are more than 1000; leave them out for all");
                let quiet = preferences.quiet.is_none_or(|quiet| quiet.from != quiet.to);
                fields.check(quiet, "quiet.to", "is the same as `from`");
                let zone = preferences.time_zone.parse::<chrono_tz::Tz>().is_ok();
                fields.check(zone, "time_zone", "is no IANA time zone, such as Europe/Berlin");
                fields.done()?;
                if self.id.is_some() && self.preferences == preferences {
                    return Ok(Decision::unchanged());
                }
                Ok(Decision::of(E::PreferencesChanged { member, preferences }))
            }
            C::ReadInbox { member, up_to } => {
                if up_to <= self.read_up_to {
                    return Ok(Decision::unchanged());
                }
                Ok(Decision::of(E::InboxRead { member, up_to }))
            }
        }
    }

    /// Members have keys of their own, beside those of candidates: ids are without a double.
    fn person(&self) -> Option<CandidateId> {
        self.id.map(|member| CandidateId(member.0))
    }

    fn personal(event: &mut MemberEvent) -> Vec<&mut dyn PiiField> {
        match event {
            MemberEvent::ContactChanged { contact, .. } => vec![contact],
            MemberEvent::PreferencesChanged { .. } | MemberEvent::InboxRead { .. } => vec![],
        }
    }
}

fn check(contact: &Contact, fields: &mut Fields) {
    if let Some(email) = &contact.email {
        fields.text(email, "email", 254);
        let parts = email.split_once('@');
        let whole = parts.is_some_and(|(name, host)| {
            !name.is_empty() && !host.is_empty() && !host.contains('@')
        });
        let plain = whole && !email.contains(|c: char| c.is_whitespace() || c.is_control());
        fields.check(plain, "email", "is no e-mail address");
    }
    if let Some(slack) = &contact.slack {
        let plain = !slack.is_empty() && slack.chars().all(|c| c.is_ascii_alphanumeric());
        fields.check(plain && slack.len() <= 32, "slack", "is no id of Slack, such as U0123456789");
    }
}
