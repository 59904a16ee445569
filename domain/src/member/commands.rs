//! Commands of the member.

use super::{Contact, Preferences};
use crate::ids::MemberId;
use crate::pii::Pii;

/// What somebody who works here can say of themselves.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "fields are those of the events they lead to")]
pub enum MemberCommand {
    /// How they can be reached. Refused: VALIDATION, SLACK_TAKEN.
    ChangeContact {
        member: MemberId,
        contact: Pii<Contact>,
        /// The keyed blind index of their id in Slack, when they have one.
        slack_index: Option<String>,
    },
    /// What they want to be told. Refused: VALIDATION.
    ChangePreferences { member: MemberId, preferences: Preferences },
    /// What they were told in the program is read up to there.
    ReadInbox { member: MemberId, up_to: u64 },
}

crate::decide::named!(MemberCommand { ChangeContact, ChangePreferences, ReadInbox });
